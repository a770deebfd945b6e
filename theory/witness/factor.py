"""A factor of a step that is promised or stated: a state from which a step does worse, or paths that do.

What is refuted in expectation on a quadratic has a state, and a step as affine maps in the paper's own coordinates, one
for each outcome; the script sums up what they make of V. What paths refute has the paths, and the script bets on them.
With noise V has to stay below a multiple of itself and a constant, and the state is the one that is furthest above.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...problems import Problem
from ..case import Case, NotExact
from ..engines.moments import Form, forms
from ..verdict import Verdict
from . import moments, paths, states
from .arrays import Witness, allowed_of, flat, given

EVIDENCE = ("exact", "rate", "path")

# How far beyond the noise a state is to lead from which a step does worse the further it is.
_BEYOND = 4.0
# Of the promised progress, what is rounding.
_TIGHT = 1e-9


def shown(verdict: Verdict, problems: Sequence[Problem], method: Any) -> Witness:
    """Return the shortest counterexample that there is."""
    if not math.isfinite(verdict.promised):
        raise NotExact(f"this {verdict.evidence} evidence promises no number: its sentence says what is wrong.")
    case = given(verdict, problems, method)
    place = _place(case, verdict)
    if place is not case:
        return of_step(place, verdict)
    ways: list[Callable[[], Witness]] = [lambda: of_step(case, verdict)]
    if verdict.details.get("worst") is not None:
        ways.append(lambda: states.listed(verdict, case, flat(verdict.details["worst"].state)))
    if verdict.details.get("traces"):
        ways.append(lambda: paths.falling(verdict, case))
    reasons: list[NotExact] = []
    for way in ways:
        try:
            return way()
        except NotExact as reason:
            reasons.append(reason)
    raise reasons[-1] if verdict.details.get("traces") else reasons[0]


def _place(case: Case, verdict: Verdict) -> Case:
    """Return the case on the problem that a verdict names: exact evidence may be from a smaller one, or a matrix."""
    if verdict.problem == case.problem.label:
        return case
    others = [other for other in (case.relative(), case.behind_matrix()) if other is not None]
    return next((other for other in others if other.problem.label == verdict.problem), case)


def of_step(case: Case, verdict: Verdict) -> Witness:
    """Return the worst state of all for one step, and what that makes of V."""
    if states.noise_of(verdict) > 0.0:
        return _with_noise(case, verdict)
    try:
        return moments.after(case, verdict, allowed_of(verdict), 1)
    except NotExact as reason:
        try:
            return _worst(verdict, case)
        except NotExact:
            raise reason from None


def _worst(verdict: Verdict, case: Case) -> Witness:
    """Return the worst state of all, whatever its size, and what each outcome of a step, or drawn ones make of it."""
    moments.check_affine(case)
    parts, model = forms(case)
    worst = max(parts, key=lambda part: part.factor)
    numbers = flat(worst.worst(case.start[0]))
    if model is not None:
        return states.listed(verdict, case, numbers)
    return states.drawn(verdict, case, numbers, worst.factor)


def _with_noise(case: Case, verdict: Verdict) -> Witness:
    """Return the state from which a step leaves most above what a promise with noise allows."""
    parts, model = forms(case, noisy=True)
    allowed, noise = allowed_of(verdict), states.noise_of(verdict)
    centre = flat(parts[0].lift(np.zeros(len(parts[0].v))))
    # Parts do not mix, so their errors add up.
    errors = [flat(part.lift(_furthest(part, allowed, noise))) - centre for part in parts]
    numbers = centre + np.sum(errors, axis=0)
    return (
        states.listed(verdict, case, numbers) if model is not None else states.drawn(verdict, case, numbers, math.nan)
    )


def _furthest(part: Form, allowed: float, noise: float) -> np.ndarray:
    """Return the y with the largest y'(M - allowed)y + 2v'y, or one far beyond the noise where there is no largest."""
    room, vectors = np.linalg.eigh(allowed * np.eye(len(part.v)) - part.M)
    along = vectors.T @ part.v
    slack = part.rounding + _TIGHT * (1.0 - allowed)
    best = np.where(room > slack, along / np.where(room > slack, room, 1.0), 0.0)
    if room[0] < -slack:
        best[0] = math.copysign(math.sqrt(_BEYOND * noise / -room[0]), along[0])
    elif room[0] <= slack and abs(along[0]) > part.offset_rounding + _TIGHT * math.sqrt(part.s):
        best[0] = _BEYOND * noise / along[0]
    return vectors @ best

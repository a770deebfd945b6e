"""Whether one step makes the promised progress: from its worst state where that can be computed, or where paths go.

A promise is about every step of every path. So at any state on a drawn path the mean of V over all outcomes of the next
step, which needs no sampling where they are listed, is ρV + σ² at most.
"""

from collections.abc import Iterator

import numpy as np

from ...core.randomness import generator
from ..case import Case, NotExact
from . import exact
from .affine import affine_case, is_affine
from .randomness import Finding
from .shown import flat, shown
from .words import said_of_factor

# Steps that may be probed, numbers in a state, and rounds after which the state of a path is looked at.
_MOST_PROBES, _LARGEST_STATE = 1e4, 40
_MOST_OUTCOMES = 512
_LOOKED_AT = (0, 1, 3, 10)
# Of the promised progress, and of the start's V, what counts as nothing.
_SLACK, _ROUNDING = 1e-6, 1e-11


def findings(case: Case) -> Iterator[Finding]:
    """Hold one step against the promised factor and noise, where they are promised and can be computed."""
    if case.theorem.contraction is None or not all(condition.holds for condition in case.conditions()):
        return
    outcomes = case.outcomes()
    if outcomes is None or len(outcomes) > _MOST_OUTCOMES:
        return
    try:
        if is_affine(case.problem):
            yield from _from_the_worst_state(case)
        yield from _along_a_path(case, outcomes)
    except NotExact:
        return  # of no fixed point, or a rate that is none of a step


def _from_the_worst_state(case: Case) -> Iterator[Finding]:
    try:
        worst = affine_case(case)
        size = sum(field.size for field in case.initial())
        if size > _LARGEST_STATE or len(worst.outcomes() or ()) * size > _MOST_PROBES:
            return
        if case.noise > 0.0:
            found, promised = exact.one_step_noise(case), case.noise
            said = f"In its worst state E V⁺ - ρV is {found:.6g}, where the theorem allows {promised:.6g}"
        else:
            found, promised = exact.one_step_factor(worst), case.rho
            said = (
                f"From its worst state a step multiplies V by {said_of_factor(found)} on average, more than the "
                f"promised {said_of_factor(promised)}"
            )
    except NotExact:
        return
    slack = _SLACK * (promised if case.noise > 0.0 else 1.0 - promised) + _ROUNDING
    yield Finding(max(found - promised - slack, 0.0), "", f"{said}.", shown("progress", case))


def _along_a_path(case: Case, outcomes: list[tuple[float, np.ndarray]]) -> Iterator[Finding]:
    draws = case.draw(generator(case.seed, "progress"), _LOOKED_AT[-1])
    state, done, worst, place = case.initial(), 0, 0.0, 0
    from_where = flat(state)
    first = case.start[0]
    for rounds in _LOOKED_AT:
        if rounds > done:
            state, done = case.advance(state, draws[done:rounds]), rounds
        before = case.lyapunov(state)
        if not np.isfinite(before):
            return  # said by what is conserved
        allowed = case.rho * before + case.noise
        after = 0.0
        for probability, outcome in outcomes:
            after += probability * case.lyapunov(case.step(case.state(*(field.copy() for field in state)), outcome))
        slack = _SLACK * (1.0 - case.rho) * before + _ROUNDING * first
        excess = (after - allowed - slack) / first
        if not excess <= worst:
            worst, place, from_where = excess, rounds, flat(state)
    yield Finding(
        worst,
        "",
        f"After {place} rounds the next step leaves V on average {worst:.2g} of its start above what is promised.",
        shown("progress", case, state=from_where),
    )

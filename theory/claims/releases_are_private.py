"""What clients release is (ε, δ)-private, and so is training.

Measured is what the cloud is told of a client whose data pull as far as they can in one direction, or in the other: how
far the two are apart, in deviations of the noise, gives the smallest δ with which they differ by e^ε. Controls are the
exact δ, and what it would be with half of the noise.

An update with the exact noise keeps its promise. The classic noise √(2 ln 1.25/δ)/ε does for small ε only. Neither is
that the promise of training, in which a client releases an update k2 times a round. The features, logits and labels
that leave a client in every local step are protected by none of it.
"""

import dataclasses
import math

import numpy as np

from ...algorithms.parts import privacy
from ...core.randomness import generator
from ...problems import Quadratic
from ..case import Case, Progress
from ..theorems.hiersfl import DELTA
from ..verdict import Verdict

METHODS = ("hiersfl",)
OF_ITS_OWN = True
_UPDATE, _SMALL, _LARGE, _ALL = "an update", "the classic noise, ε = 0.5", "the classic noise, ε = 16", "training"
REFUTED = {
    _LARGE: "The classic noise is proved for ε below 1, and beyond about 8 it is less than what is needed.",
    _ALL: "Every release tells a little more, and they add up.",
}
# What is estimated, where δ is large enough to be seen.
_EPS, _SEEN, _ROUNDS = 0.5, 1e-2, 20_000
# An interval that a right method leaves once in 10⁴ runs.
_DEVIATIONS = 3.9
#: A path as it is told of: releases of (4, δ), k2 a round.
RELEASED, RELEASES = 4.0, 150


def measure(case: Case, progress: Progress) -> list[Verdict]:
    """Estimate δ of what the cloud is told, and compute what classic noise and many releases promise."""
    audit = _audit(case, progress)
    return [audit, _classic(case, _EPS, _SMALL), _classic(case, 16.0, _LARGE), _composed(case)]


def _audit(case: Case, progress: Progress) -> Verdict:
    """Compare the δ with which the cloud can tell two clients apart with that of the noise of both levels."""
    z = privacy.multiplier(_EPS, _SEEN)
    pull = 100.0
    told = np.empty((2, _ROUNDS))
    for side, sign in enumerate((1.0, -1.0)):
        # One client, whose only coordinate is its own, and whose update is longer than C0.
        problem = Quadratic(np.eye(1)[None], [[sign * pull]])
        letters = {"gamma": 1.0, "k1": 1, "k2": 1, "edges": 1, "q": 0, "C0": 1.0, "z": z}
        one = dataclasses.replace(case, problem=problem, changes=letters)
        draws = one.draw(generator(case.seed, "audit", side), _ROUNDS)
        for t in range(_ROUNDS):
            told[side, t] = one.model(one.advance(one.initial(), draws[t : t + 1]))[0]
        progress(0.5 * (side + 1))
    # Sum of the client's noise and of the edge's, which for one client are alike.
    promised = privacy.profile(_EPS, math.sqrt(2.0) * z)
    apart = float((told[0].mean() - told[1].mean()) / math.sqrt(told.var(axis=1, ddof=1).mean()))
    # That of the difference of two means, and of the deviation by which it is divided.
    error = _DEVIATIONS * math.sqrt((2.0 + apart**2 / 4.0) / _ROUNDS)
    low, measured, high = (privacy.profile(_EPS, 1.0 / max(apart + by, 1e-3)) for by in (-error, 0.0, error))
    sentence = (
        f"What the cloud is told of a client is ({_EPS:g}, {measured:.3g})-private, {low:.2g} to {high:.2g}, by "
        f"{_ROUNDS} rounds of each kind of data; the noise of both levels promises {promised:.3g}, and {_SEEN:g} to "
        f"the edge, which hears of the client's alone. Control: with half of the noise it would be "
        f"{privacy.profile(_EPS, math.sqrt(0.5) * z):.3g}."
    )
    status = "confirmed" if low <= promised else "refuted"
    verdict = case.verdict("claim", status, sentence, measured, promised, (low, high), part=_UPDATE)
    return dataclasses.replace(verdict, problem="one client and two kinds of data")


def _classic(case: Case, eps: float, part: str) -> Verdict:
    z = privacy.classic_multiplier(eps, DELTA)
    delta, least = privacy.profile(eps, z), privacy.multiplier(eps, DELTA)
    sentence = (
        f"With the classic noise {z:.3g} for ε = {eps:g} and δ = {DELTA:g} δ is {delta:.3g}. Control: the exact noise, "
        f"the least with that promise, is {least:.3g}."
    )
    status = "confirmed" if delta <= DELTA else "refuted"
    verdict = case.verdict("claim", status, sentence, delta, DELTA, part=part)
    return dataclasses.replace(verdict, problem="")


def _composed(case: Case) -> Verdict:
    z = privacy.multiplier(RELEASED, DELTA)
    exact, loose = privacy.composed_epsilon(z, RELEASES, DELTA), privacy.concentrated_epsilon(z, RELEASES, DELTA)
    sentence = (
        f"{RELEASES} releases of ({RELEASED:g}, {DELTA:g}) are ({exact:.3g}, {DELTA:g})-private, and ({loose:.3g}, "
        f"{DELTA:g}) by zero-concentrated privacy. Control: one of them is ({RELEASED:g}, {DELTA:g})-private."
    )
    status = "confirmed" if exact <= RELEASED else "refuted"
    verdict = case.verdict("claim", status, sentence, exact, RELEASED, part=_ALL)
    return dataclasses.replace(verdict, problem="")

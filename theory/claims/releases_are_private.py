"""What clients release is (ε, δ)-private, and so is training.

Control: what the cloud is told of a client whose data pull as far as they can in one direction, and in the other; from
many rounds the smallest δ is estimated with which these two differ by e^ε, and the exact one is known.

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
    shift, variance = told[0].mean() - told[1].mean(), told.var(axis=1, ddof=1).mean()
    losses = (told[0] - told.mean()) * shift / variance
    gains = np.maximum(0.0, -np.expm1(_EPS - losses))
    measured, half = float(gains.mean()), _DEVIATIONS * float(gains.std()) / math.sqrt(_ROUNDS)
    keeps = measured - half <= promised
    sentence = (
        f"What the cloud is told of a client is ({_EPS:g}, {measured:.3g})-private, {measured - half:.2g} to "
        f"{measured + half:.2g}, by {_ROUNDS} rounds of each kind of data; the noise of both levels promises "
        f"{promised:.3g}, and {_SEEN:g} to the edge, which hears of the client's alone."
    )
    ends = (measured - half, measured + half)
    status = "confirmed" if keeps else "refuted"
    verdict = case.verdict("claim", status, sentence, measured, promised, ends, part=_UPDATE)
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

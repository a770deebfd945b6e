"""The noise of releases lifts the loss at which training ends by its variance, and so by 1/ε².

Control: the same without noise, clipped alike, from whose end all paths begin.

The first half holds. The second holds of the classic noise √(2 ln 1.25/δ)/ε, which falls like 1/ε and for large ε is
too small to be private at all. The exact noise falls more slowly, for large ε like 1/√(2ε).
"""

import dataclasses
from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import numpy as np

from ...algorithms.parts import privacy
from ...core.randomness import derived_seed, generator
from ...problems import Softmax
from ..case import Case, Progress
from ..theorems.hiersfl import DELTA
from ..verdict import Verdict

METHODS = ("hiersfl",)
OF_ITS_OWN = True
_NOISE, _CLASSIC, _EXACT = "in its deviation", "in ε, classic noise", "in ε, exact noise"
REFUTED = {_EXACT: "From ε = 4 to 64 the exact noise falls more slowly than 1/ε: at large ε it is about 1/√(2ε)."}
EPSILONS = (4.0, 8.0, 16.0, 32.0, 64.0)
_LETTERS: dict[str, Any] = {"k1": 5, "k2": 4, "edges": 4, "q": 3, "C0": 0.1}
_CLIENTS, _SAMPLES, _FEATURES, _CLASSES, _L2 = 20, 20, 6, 3, 0.05
_SETTLING, _AWAY, _ROUNDS, _SEEDS, _BOOTSTRAPS = 80, 6, 24, 8, 2000
_TINY, _SLACK = 1e-4, 0.25


def measure(case: Case, progress: Progress) -> list[Verdict]:
    """Fit the powers of the deviation and of ε in what noise adds to the last loss."""
    exact, classic = ([of(eps, DELTA) for eps in EPSILONS] for of in (privacy.multiplier, privacy.classic_multiplier))
    floor, by_exact, by_classic = added(case, (exact, classic), _SEEDS, progress)
    means = f"{by_exact[:, 0].mean():.2g} more for ε = {EPSILONS[0]:g} and {by_exact[:, -1].mean():.2g} for"
    control = f"it is {means} {EPSILONS[-1]:g}, δ = {DELTA:g}; the control without noise is {floor:.2g} above F*"
    return [
        _verdict(case, _NOISE, power(exact, by_exact, case.seed), 2.0, f"z^{{}}: {control}"),
        _verdict(
            case,
            _CLASSIC,
            power(EPSILONS, by_classic, case.seed),
            -2.0,
            "ε^{} with the classic noise, from the same control without",
        ),
        _verdict(case, _EXACT, power(EPSILONS, by_exact, case.seed), -2.0, f"ε^{{}} with the exact noise: {control}"),
    ]


def _verdict(case: Case, part: str, found: "Power", promised: float, told: str) -> Verdict:
    ends = (found.low, found.high)
    meets = found.low <= promised + _SLACK and found.high >= promised - _SLACK
    size = f"{found.power:.3f} [{found.low:.3f}, {found.high:.3f}]"
    sentence = f"What noise adds to the last loss is like {told.format(size)}; promised {promised:g}."
    # An interval that is wide holds the promise by chance.
    status = "refuted" if not meets else "confirmed" if found.high - found.low <= 2.0 * _SLACK else "inconclusive"
    verdict = case.verdict(
        "claim", status, sentence, found.power, promised, ends, sensitivity=_SLACK / abs(promised), part=part
    )
    return dataclasses.replace(verdict, problem=LABEL)


class Power(NamedTuple):
    """A power that is fitted in logarithms, with its 95 % interval over seeds."""

    power: float
    low: float
    high: float


def power(x: Sequence[float], y: np.ndarray, seed: int) -> Power:
    """Fit the power of x in the means over seeds of y, shape (seeds, len(x)), some of which may be below 0."""
    rows = generator(seed, "bootstrap").integers(len(y), size=(_BOOTSTRAPS, len(y)))
    # A mean that noise has made negative is told as the smallest size: it makes the interval wide, as it should.
    logs = np.log(np.maximum(y[np.vstack([np.arange(len(y)), rows])].mean(axis=1), 1e-300))
    slopes = cast("np.ndarray", np.polyfit(np.log(x), logs.T, 1))[0]
    low, high = np.quantile(slopes[1:], (0.025, 0.975))
    return Power(float(slopes[0]), float(low), float(high))


def added(
    case: Case, noises: Sequence[Sequence[float]], seeds: int, progress: Progress
) -> tuple[float, np.ndarray, np.ndarray]:
    """Return the gap without noise, and what each noise of two lists adds to it, shapes (seeds, len)."""
    problem = uniform(derived_seed(case.seed, "noise of releases", "problem"))
    quiet = _of(case, problem, 0.0)
    state = quiet.advance(quiet.initial(), quiet.draw(generator(case.seed, "quiet"), _SETTLING))
    floor, end = problem.gap(quiet.model(state)), quiet.model(state).copy()
    found = [np.empty((seeds, len(of))) for of in noises]
    for path in range(seeds):
        # With the same normal numbers for each noise what is linear in it is so with one factor, whose mean is 0: it is
        # nothing but scatter, and is taken away.
        slope = (_last_gap(_of(case, problem, _TINY), end, path) - floor) / _TINY
        for row, of in zip(found, noises, strict=True):
            row[path] = [_last_gap(_of(case, problem, z), end, path) - floor - slope * z for z in of]
        progress((path + 1) / seeds)
    return floor, found[0], found[1]


def _last_gap(case: Case, x: np.ndarray, path: int) -> float:
    """Return the mean gap of some rounds, after others that have led away from x."""
    state = case.initial()
    state.x[:] = x
    draws, gaps = case.draw(generator(case.seed, "noise of releases", path), _AWAY + _ROUNDS), np.empty(_ROUNDS)
    state = case.advance(state, draws[:_AWAY])
    for r in range(_ROUNDS):
        state = case.advance(state, draws[_AWAY + r : _AWAY + r + 1])
        gaps[r] = case.problem.gap(case.model(state))
    return float(gaps.mean())


def _of(case: Case, problem: Softmax, z: float) -> Case:
    return dataclasses.replace(case, problem=problem, changes=_LETTERS | {"z": z})


def uniform(seed: int) -> Softmax:
    """Return a problem of clients that are alike: their samples are drawn by one law."""
    rng, count = generator(seed, "alike"), _CLIENTS * _SAMPLES
    features = rng.standard_normal((count, _FEATURES))
    labels = (features @ rng.standard_normal((_FEATURES, _CLASSES)) + rng.gumbel(size=(count, _CLASSES))).argmax(axis=1)
    return Softmax(features, labels, clients=_CLIENTS, l2=_L2)


LABEL = f"softmax regression, n={_CLIENTS}, {_SAMPLES} samples and {_CLASSES} classes a client"

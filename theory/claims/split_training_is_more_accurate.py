"""HierSFL classifies better than standard federated learning.

Control: FedAvg with as many local steps between two averages of the cloud; FedAvg with as many local steps in all that
averages as often as HierSFL's edges; and FedAvg whose clients clip and noise the whole model, with less noise, so that
all of its fewer releases are as private as all of HierSFL's.

Of handwritten digits sorted by their labels, on samples that were held out; lengths of clipping are tuned on other
splits. A cut alone changes nothing, and in convex form all have one optimum. What averages of edges gain is loss at
equal rounds of the cloud. What a cut gains is that the weights at the edge have no noise, and its price is that the
features that these weights are for leave the client as they are.
"""

import dataclasses
import math
from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np

from ...algorithms.parts import privacy
from ...algorithms.parts.split import columns
from ...core.randomness import derived_seed, generator
from ...problems import Softmax, held_out
from ..case import Case, Progress
from ..case import case as hold
from ..engines.paired import ratio
from ..theorems.hiersfl import DELTA
from ..verdict import Verdict

METHODS = ("hiersfl",)
OF_ITS_OWN = True
_LOSS, _OFTEN, _PRIVATE, _NOISED = (
    "its loss, at equal rounds of the cloud",
    "beside as many averages",
    "with noise, beside none",
    "with noise, beside noise on everything",
)
REFUTED = {
    _OFTEN: "Averages of all clients keep them from drifting apart, averages of an edge's less.",
    _PRIVATE: "Noise that hides a client hides what it knows.",
}
#: Each release is (ε, δ)-private with this ε.
PRIVACY = 4.0
CLIENTS, KAPPA, ROUNDS = 20, 300.0, 10
#: The two levels of averages, and the same local steps with one.
_TREE: dict[str, Any] = {"k1": 5, "k2": 4, "edges": 4}
_FLAT: dict[str, Any] = {"k1": 20, "k2": 1, "edges": 1}
_LENGTHS, _TUNING, _SPLITS = (0.01, 0.03, 0.1), 1, 6


class Reached(NamedTuple):
    """Where a way to train ends on one split."""

    accuracy: float
    gap: float


def measure(case: Case, progress: Progress) -> list[Verdict]:
    """Compare what all ways reach on the same splits."""
    z = privacy.multiplier(PRIVACY, DELTA)
    # As private in all: with fewer releases by a factor each may have less noise by its root.
    z_flat = z / math.sqrt(_TREE["k2"])
    tree_length = _tuned(case, _TREE, z, None)
    flat_length = _tuned(case, _FLAT, z_flat, 0)
    progress(0.3)
    table = np.empty((5, _SPLITS, 2))
    for place in range(_SPLITS):
        seed = derived_seed(case.seed, "held out", place)
        table[:, place] = [
            trained(case, seed, **_TREE),
            fedavg(seed, _FLAT["k1"], ROUNDS),
            fedavg(seed, _TREE["k1"], ROUNDS * _TREE["k2"]),
            trained(case, seed, **_TREE, C0=tree_length, z=z),
            trained(case, seed, **_FLAT, q=0, C0=flat_length, z=z_flat),
        ]
        progress(0.3 + 0.7 * (place + 1) / _SPLITS)
    (quiet, rare, often, noised, all_noised), gaps = table[..., 0], table[..., 1]
    found = ratio(gaps[0], gaps[1])
    sentence = (
        f"Without noise and clipping its F - F* is {found} times FedAvg's after {ROUNDS} rounds of the cloud, and its "
        f"accuracy {quiet.mean():.3f}; FedAvg's, the control, is {rare.mean():.3f}."
    )
    loss = case.verdict("claim", found.below_one, sentence, found.mean, 1.0, (found.low, found.high), part=_LOSS)
    releases = ROUNDS * _TREE["k2"]
    told = (
        f"({PRIVACY:g}, {DELTA:g})-private releases, {releases} of which are ({composed(z, releases):.3g}, {DELTA:g})-"
        "private"
    )
    more = f"FedAvg's, averaged {_TREE['k2']} times as often"
    with_noise = f"FedAvg's without noise, in training with {told}"
    on_all = f"FedAvg's with noise on the whole model that is as private in all, in training with {told}"
    return [
        dataclasses.replace(loss, problem=LABEL),
        _verdict(case, _OFTEN, quiet, often, more),
        _verdict(case, _PRIVATE, noised, rare, with_noise),
        _verdict(case, _NOISED, noised, all_noised, on_all),
    ]


def _verdict(case: Case, part: str, own: np.ndarray, other: np.ndarray, control: str) -> Verdict:
    """Say whether the mean of paired differences is above 0, by Student's interval of 95 %."""
    differences = own - other
    # Imported like this SciPy, which has no types, is Any.
    special: Any = import_module("scipy.special")
    quantile = float(special.stdtrit(len(differences) - 1, 0.975))
    mean, half = float(differences.mean()), quantile * float(differences.std(ddof=1)) / math.sqrt(len(differences))
    low, high = mean - half, mean + half
    status = "confirmed" if low > 0.0 else "refuted" if high < 0.0 else "inconclusive"
    sentence = (
        f"Its accuracy on held-out samples is {own.mean():.3f}, {mean:+.3f} [{low:+.3f}, {high:+.3f}] from the "
        f"control, {control}: {other.mean():.3f}."
    )
    verdict = case.verdict("claim", status, sentence, mean, 0.0, (low, high), part=part)
    return dataclasses.replace(verdict, problem=LABEL)


def composed(z: float, releases: int) -> float:
    """Return the ε of all releases of a client together, exactly."""
    return privacy.composed_epsilon(z, releases, DELTA)


@lru_cache(maxsize=2)
def of_digits(seed: int) -> tuple[Softmax, np.ndarray, np.ndarray]:
    """Return the problem with its solution, and the samples that are held out: all ways train on them in turn."""
    return held_out.split("digits", seed, CLIENTS, KAPPA)


def trained(case: Case, seed: int, C0: float = 1e100, z: float = 0.0, **letters: Any) -> Reached:
    """Train by HierSFL on a split, by default without clipping and noise, with half of the features at the edge."""
    problem, features, labels = of_digits(seed)
    letters = {"q": columns(problem) // 2, "C0": C0, "z": z} | letters
    own = dataclasses.replace(case, problem=problem, changes=letters)
    return _reached(own, seed, ROUNDS, features, labels)


def fedavg(seed: int, K: int, rounds: int) -> Reached:
    """Train by FedAvg on a split."""
    problem, features, labels = of_digits(seed)
    return _reached(hold("fedavg", problem, K=K), seed, rounds, features, labels)


def _reached(case: Case, seed: int, rounds: int, features: np.ndarray, labels: np.ndarray) -> Reached:
    state = case.advance(case.initial(), case.draw(generator(seed, "training"), rounds))
    x, problem = case.model(state), case.problem
    # Only a Softmax tells its accuracy.
    accuracy: Any = problem
    return Reached(accuracy.accuracy(x, features, labels), problem.gap(x))


def _tuned(case: Case, way: dict[str, Any], z: float, q: int | None) -> float:
    """Return the length of clipping with the best mean accuracy on splits of its own."""
    cut = {} if q is None else {"q": q}
    seeds: Sequence[int] = [derived_seed(case.seed, "held out", "tuning", place) for place in range(_TUNING)]
    scores = [np.mean([trained(case, seed, **way, **cut, C0=C0, z=z).accuracy for seed in seeds]) for C0 in _LENGTHS]
    return _LENGTHS[int(np.argmax(scores))]


LABEL = f"softmax digits, three quarters of the samples, n={CLIENTS} kappa={KAPPA:g} partition=by_label"

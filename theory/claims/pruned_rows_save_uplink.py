"""Salient rows save SPATL half of SCAFFOLD's traffic and two thirds of FedAvg's, and of what clients send 86 %.

Control: SCAFFOLD and FedAvg on the same shared part, with the same private predictors and step size. Measured are the
bits until F - F* is 0.01, indices included, on softmax regression whose labels follow shared and private features.

The paper's table gives all traffic, up and down, as .50 to .62 of SCAFFOLD's and .26 to .38 of FedAvg's.
"""

import dataclasses
from typing import Any, NamedTuple

import numpy as np

from ...core.randomness import derived_seed, generator
from ...problems import Personal, Softmax
from ..case import Case, Progress
from ..engines.paired import Ratio, ratio
from ..verdict import Verdict

METHODS = ("spatl",)
_LIKE_FEDAVG = "what goes down, beside FedAvg"
REFUTED = {
    _LIKE_FEDAVG: "The server sends all rows, and a control variate that FedAvg does not have.",
    "86 % less up with a fifth of the rows": "A fifth of the rows is a fifth of what SCAFFOLD's clients send.",
}
SCAFFOLD: dict[str, Any] = {"r": 1.0, "s": 1.0}
FEDAVG: dict[str, Any] = {"r": 1.0, "s": 0.0}
TOLERANCE, ROUNDS = 0.01, 80
_SEEDS = 5
_CLIENTS, _SAMPLES, _SHARED, _PRIVATE, _CLASSES, _L2 = 10, 60, 30, 10, 5, 0.01
LABEL = f"softmax, {_CLASSES} classes, {_SHARED} shared and {_PRIVATE} private features, n={_CLIENTS}"
# What a part states: an upper bound of a ratio, of its numbers up or of all of them.
_PARTS = {
    "up, beside SCAFFOLD": ("up", 0.2, SCAFFOLD, 0.5),
    "up, beside FedAvg": ("up", 0.2, FEDAVG, 0.5),
    "86 % less up with a tenth of the rows": ("up", 0.1, SCAFFOLD, 0.1355),
    "86 % less up with a fifth of the rows": ("up", 0.2, SCAFFOLD, 0.1355),
    "up and down, beside SCAFFOLD": ("both", 0.2, SCAFFOLD, 0.62),
    _LIKE_FEDAVG: ("both", 0.2, FEDAVG, 0.38),
}


def measure(case: Case, progress: Progress) -> list[Verdict]:
    """Compare bits to one gap, part by part."""
    ways = ({"r": 0.1}, {"r": 0.2}, SCAFFOLD, FEDAVG)
    spent = np.empty((len(ways), _SEEDS, 2))
    for place in range(_SEEDS):
        seed = derived_seed(case.seed, "private predictors", place)
        spent[:, place] = [bits_to(on_planted(case, seed, **letters)) for letters in ways]
        progress((place + 1) / _SEEDS)
    by_way = {0.1: spent[0], 0.2: spent[1]}
    controls = {id(SCAFFOLD): spent[2], id(FEDAVG): spent[3]}
    verdicts: list[Verdict] = []
    for part, (direction, r, control, most) in _PARTS.items():
        column = {"up": slice(0, 1), "both": slice(0, 2)}[direction]
        own, other = (bits[:, column].sum(axis=1) for bits in (by_way[r], controls[id(control)]))
        verdicts.append(_verdict(case, part, r, own, other, most))
    return verdicts


def _verdict(case: Case, part: str, r: float, own: np.ndarray, other: np.ndarray, most: float) -> Verdict:
    arrived = np.isfinite(own).all() and np.isfinite(other).all()
    found = ratio(own, other) if arrived else Ratio(np.inf, np.inf, np.inf)
    status = "confirmed" if found.high <= most else "refuted" if found.low > most else "inconclusive"
    if not np.isfinite(other).all():
        status = "inconclusive"
    sentence = (
        f"To F - F* = {TOLERANCE:g} it takes {found} times the control's bits with r = {r:g}, claimed {most:g}. "
        f"Control: {other.mean() / 8e3:.3g} kB, on {_SEEDS} problems."
    )
    ends = (found.low, found.high)
    verdict = case.verdict("claim", status, sentence, found.mean, most, ends, part=part)
    return dataclasses.replace(verdict, problem=LABEL)


def planted(seed: int) -> Personal:
    """Return a problem whose labels follow shared weights of the first features, and each client's own of the last.

    Examples
    --------
    >>> problem = planted(0)
    >>> len(problem.shared), len(problem.private)
    (150, 50)
    """
    return drawn(seed, _SAMPLES)[0]


class Truth(NamedTuple):
    """The weights that labels follow."""

    shared: np.ndarray
    """Of the shared features, shape (features, classes)."""
    private: np.ndarray
    """Each client's own of the private features, shape (n, features, classes)."""

    def labelled(self, rng: np.random.Generator, samples: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Draw features, whose they are, and labels, with so many samples of each client."""
        features = rng.standard_normal((_CLIENTS * samples, _SHARED + _PRIVATE))
        owner = np.repeat(np.arange(_CLIENTS), samples)
        of_own = np.einsum("jk,jkc->jc", features[:, _SHARED:], self.private[owner])
        logits = (features[:, :_SHARED] @ self.shared + of_own) / 2.0
        noisy: np.ndarray = logits + rng.gumbel(size=logits.shape)
        return features, owner, noisy.argmax(axis=1)


def drawn(seed: int, samples: int) -> tuple[Personal, Truth]:
    """Return a problem with so many samples of each client, and what its labels follow."""
    rng = generator(seed, "private predictors")
    private = rng.standard_normal((_CLIENTS, _PRIVATE, _CLASSES))
    truth = Truth(rng.standard_normal((_SHARED, _CLASSES)), private)
    features, owner, labels = truth.labelled(rng, samples)
    inner = Softmax(features, labels, clients=_CLIENTS, l2=_L2, partition=owner)
    return Personal(inner, private_features=_PRIVATE), truth


def on_planted(case: Case, seed: int, **letters: Any) -> Case:
    """Return the case on one of these problems."""
    return dataclasses.replace(case, problem=planted(seed), changes=letters, seed=seed)


def bits_to(case: Case, rounds: int = ROUNDS, tolerance: float = TOLERANCE) -> tuple[float, float]:
    """Return the bits up and down until the gap is that small, infinite if it is not in so many rounds."""
    fraction = tolerance / case.problem.gap(case.model(case.initial()))
    trace = case.run(rounds, record=np.arange(rounds + 1), until=("gap", fraction))
    if trace.last("gap") > tolerance:
        return np.inf, np.inf
    return trace.last("bits_up"), trace.last("bits_down")

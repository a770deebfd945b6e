"""Salient rows save SPATL half of SCAFFOLD's traffic and two thirds of FedAvg's, and of what clients send 86 %.

Control: SCAFFOLD and FedAvg on the same shared part, with the same private predictors and step size. Measured are the
bits until F - F* is 0.01, indices included, on softmax regression whose labels follow shared and private features, and
on handwritten digits of unlike clients, where the lowest two rows of pixels are private.

The paper's table gives all traffic, up and down, as .50 to .62 of SCAFFOLD's and .26 to .38 of FedAvg's.
"""

import dataclasses
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple, cast

import numpy as np

from ...core.randomness import derived_seed, generator
from ...problems import Personal, Softmax
from ..case import Case, Progress
from ..engines.paired import Ratio, ratio
from ..verdict import Verdict

METHODS = ("spatl",)
OF_ITS_OWN = True
_LIKE_FEDAVG = "up and down, beside FedAvg"
_TENTH, _FIFTH = "86 % less up with a tenth of the rows", "86 % less up with a fifth of the rows"
REFUTED = {
    _LIKE_FEDAVG: "The server sends all rows, and a control variate that FedAvg does not have.",
    _FIFTH: "A fifth of the rows is a fifth of what SCAFFOLD's clients send.",
}
SCAFFOLD: dict[str, Any] = {"r": 1.0, "s": 1.0}
FEDAVG: dict[str, Any] = {"r": 1.0, "s": 0.0}
TOLERANCE, ROUNDS, _LONG = 0.01, 80, 250
_SEEDS, _PARTITIONS = 5, 3
_CLIENTS, _SAMPLES, _SHARED, _PRIVATE, _CLASSES, _L2 = 10, 60, 30, 10, 5, 0.01
LABEL = f"softmax, {_CLASSES} classes, {_SHARED} shared and {_PRIVATE} private features, n={_CLIENTS}"
_KAPPA, _PIXELS = 200.0, 16
_OF_DIGITS = f"softmax digits, {_PIXELS} of 64 features private, n={_CLIENTS}, partition=dirichlet alpha=0.3"


class Part(NamedTuple):
    """What a part states: that so large a share of the rows takes at most so many times the control's bits."""

    name: str
    r: float
    beside: str
    most: float
    both: bool = False
    """Whether what goes down counts too."""


_ON_PLANTED = (
    Part("up, beside SCAFFOLD", 0.2, "SCAFFOLD", 0.5),
    Part("up, beside FedAvg", 0.2, "FedAvg", 0.5),
    Part(_TENTH, 0.1, "SCAFFOLD", 0.1355),
    Part(_FIFTH, 0.2, "SCAFFOLD", 0.1355),
    Part("up and down, beside SCAFFOLD", 0.2, "SCAFFOLD", 0.62, both=True),
    Part(_LIKE_FEDAVG, 0.2, "FedAvg", 0.38, both=True),
)
_ON_DIGITS = (
    Part("digits: up, beside SCAFFOLD", 0.2, "SCAFFOLD", 0.5),
    Part("digits: up, beside FedAvg", 0.2, "FedAvg", 0.5),
)
_WAYS: dict[Any, dict[str, Any]] = {0.1: {"r": 0.1}, 0.2: {"r": 0.2}, "SCAFFOLD": SCAFFOLD, "FedAvg": FEDAVG}


def measure(case: Case, progress: Progress) -> list[Verdict]:
    """Compare bits to one gap, part by part."""
    first = _judged(case, _ON_PLANTED, planted, _SEEDS, ROUNDS, LABEL, lambda share: progress(share / 2.0))
    return first + _judged(
        case, _ON_DIGITS, digits, _PARTITIONS, _LONG, _OF_DIGITS, lambda share: progress(0.5 + share / 2.0)
    )


def _judged(
    case: Case,
    parts: tuple[Part, ...],
    problem: Callable[[int], Personal],
    seeds: int,
    rounds: int,
    label: str,
    progress: Progress,
) -> list[Verdict]:
    needed = {way for part in parts for way in (part.r, part.beside)}
    spent = {way: np.empty((seeds, 2)) for way in _WAYS if way in needed}
    for place in range(seeds):
        seed = derived_seed(case.seed, "private predictors", place)
        for way, bits in spent.items():
            own = dataclasses.replace(case, problem=problem(seed), changes=_WAYS[way], seed=seed)
            bits[place] = bits_to(own, rounds)
        progress((place + 1) / seeds)
    return [_verdict(case, part, spent[part.r], spent[part.beside], label) for part in parts]


def _verdict(case: Case, part: Part, spent: np.ndarray, of_control: np.ndarray, label: str) -> Verdict:
    own, other = (bits.sum(axis=1) if part.both else bits[:, 0] for bits in (spent, of_control))
    is_known = np.isfinite(other).all()
    found = ratio(own, other) if is_known and np.isfinite(own).all() else Ratio(np.inf, np.inf, np.inf)
    status = "confirmed" if found.high <= part.most else "refuted" if found.low > part.most else "inconclusive"
    sentence = (
        f"To F - F* = {TOLERANCE:g} it takes {found} times the control's bits with r = {part.r:g}, claimed "
        f"{part.most:g}. Control: {other.mean() / 8e3:.3g} kB of {part.beside}, on {len(own)} problems."
    )
    ends = (found.low, found.high)
    told = status if is_known else "inconclusive"
    verdict = case.verdict("claim", told, sentence, found.mean, part.most, ends, part=part.name)
    return dataclasses.replace(verdict, problem=label)


@cache
def digits(seed: int) -> Personal:
    """Return handwritten digits of which each client has some classes much more than others."""
    inner = Softmax.load("digits", clients=_CLIENTS, kappa=_KAPPA, partition="dirichlet", alpha=0.3, seed=seed)
    return Personal(inner, private_features=_PIXELS)


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
        noise = cast("np.ndarray", rng.gumbel(size=logits.shape))
        return features, owner, np.argmax(logits + noise, axis=1)


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

"""Models that lose their smallest singular values in each round keep 95 % of what FedAvg gains in loss.

Control: FedAvg, which is FedDLR with p = 1. Measured is softmax regression, on planted data, where three directions
tell all classes apart, and on digits, whose classes have as many directions as they can. Told beside it is how much
FedAvg's last model keeps if it is truncated once: the same share p of the energy, and as a rule a larger rank.
"""

import dataclasses
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple, cast

import numpy as np

from ...algorithms.driver.trace import Trace
from ...algorithms.parts import truncation
from ...core.randomness import derived_seed, generator
from ...problems import Softmax
from ..case import Case, Progress
from ..verdict import Verdict

METHODS = ("feddlr",)
OF_ITS_OWN = True
_CUT = "what is cut off in each round cannot grow, and few directions are left for the classes."
REFUTED = {"planted, p = 0.7": _CUT, "digits, p = 0.8": _CUT, "digits by label, p = 0.95": _CUT}
_CLIENTS, _SAMPLES, _FEATURES, _CLASSES, _DIRECTIONS, _L2 = 6, 100, 24, 12, 3, 0.01
_KEPT, _SEEDS, ROUNDS = 0.95, 3, 100


@cache
def planted(seed: int) -> Softmax:
    """Return softmax regression whose labels depend on three directions of 24 features."""
    rng = generator(seed, "few directions")
    # As large in the logits as a matrix of full rank of such entries.
    model = rng.standard_normal((_CLASSES, _DIRECTIONS)) @ rng.standard_normal((_DIRECTIONS, _FEATURES))
    features = rng.standard_normal((_CLIENTS * _SAMPLES, _FEATURES))
    logits = features @ model.T / np.sqrt(_DIRECTIONS)
    noise = cast("np.ndarray", rng.gumbel(size=logits.shape))
    labels = np.argmax(logits + noise, axis=1)
    return Softmax(features, labels, clients=_CLIENTS, l2=_L2)


@cache
def digits(seed: int) -> Softmax:
    """Return softmax regression on digits, shuffled to the clients."""
    return Softmax.load(clients=10, l2=_L2, partition="shuffled", seed=seed)


@cache
def digits_by_label(seed: int) -> Softmax:
    """Return softmax regression on digits, of which each client has one or two; nothing is drawn."""
    return Softmax.load(clients=10, l2=_L2, partition="by_label")


class Place(NamedTuple):
    """Problems on which the method is measured."""

    problem: Callable[[int], Softmax]
    seeds: int
    label: str


PLACES = {
    "planted": Place(planted, _SEEDS, f"softmax n={_CLIENTS} d={_CLASSES * _FEATURES} of few directions"),
    "digits": Place(digits, _SEEDS, "softmax digits n=10 partition=shuffled"),
    "digits by label": Place(digits_by_label, 1, "softmax digits n=10 partition=by_label"),
}
_JUDGED = (
    ("planted", 0.995), ("planted", 0.7), ("digits", 0.95), ("digits", 0.8), ("digits by label", 0.95)
)  # fmt: skip


class End(NamedTuple):
    """Where a run has ended."""

    gap: float
    """F - F*."""
    kept: float
    """The decrease of F."""
    rank: int
    """The rank of the model."""
    numbers: float
    """What a client has sent and received, as a share of whole models."""
    accuracy: float
    """The share of samples whose class it knows."""


def measure(case: Case, progress: Progress) -> Iterator[Verdict]:
    """Compare the decreases of the objective."""
    for count, (place, p) in enumerate(_JUDGED):
        own, once, whole = over_seeds(case, place, p)
        share, at_once = (float((ends[:, 1] / whole[:, 1]).mean()) for ends in (own, once))
        progress((count + 1) / len(_JUDGED))
        sentence = (
            f"With p = {p:g} and rank {own[:, 2].mean():.3g} it keeps {share:.3f} of FedAvg's decrease, and knows "
            f"{own[:, 4].mean():.1%} of the samples. Control: FedAvg knows {whole[:, 4].mean():.1%}; truncated once, "
            f"to rank {once[:, 2].mean():.3g}, it keeps {at_once:.3f}."
        )
        status = "confirmed" if share >= _KEPT else "refuted"
        part = f"{place}, p = {p:g}"
        verdict = case.verdict("claim", status, sentence, share, _KEPT, sensitivity=abs(share - _KEPT), part=part)
        yield dataclasses.replace(verdict, problem=PLACES[place].label)


def over_seeds(case: Case, place: str, p: float) -> np.ndarray:
    """Return the ends with p, of FedAvg truncated once, and of FedAvg, shape (3, seeds, fields of End)."""
    found: list[tuple[End, End, End]] = []
    for seed in range(PLACES[place].seeds):
        here = on(case, place, seed)
        whole = run(here, p=1.0, q=1.0)
        x = whole.model.copy()
        rows = here.params.rows
        truncation.truncate(x, rows, p, truncation.space(len(x), rows))
        found.append((end(here, run(here, p=p, q=p)), _of_model(here, x, 1.0), end(here, whole)))
    return np.array(found).transpose(1, 0, 2)


def on(case: Case, place: str, seed: int) -> Case:
    """Return the case on one of the problems, as prescribed there."""
    problem = PLACES[place].problem(derived_seed(case.seed, "truncation", seed))
    return dataclasses.replace(case, problem=problem, changes={})


def run(case: Case, rounds: int = ROUNDS, record: int = 2, **letters: Any) -> Trace:
    """Return a run with some letters."""
    return dataclasses.replace(case, changes=letters).run(rounds, record=record)


def end(case: Case, trace: Trace) -> End:
    """Return where a run has ended."""
    numbers = (trace.last("floats_up") + trace.last("floats_down")) / (2.0 * trace.last("round") * case.problem.d)
    return _of_model(case, trace.model, numbers)


def _of_model(case: Case, x: np.ndarray, numbers: float) -> End:
    problem = case.problem
    assert isinstance(problem, Softmax)
    gap = problem.gap(x)
    rank = int(np.linalg.matrix_rank(problem.blocks.matrix(x), rtol=1e-9))
    return End(gap, problem.gap(np.zeros(problem.d)) - gap, rank, numbers, problem.accuracy(x))

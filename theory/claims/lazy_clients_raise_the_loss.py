"""Lazy clients raise the loss, the more of them the more, and with noise on their copies the more still.

Control: nobody is lazy, on the same problems; a ratio over them. With K = 10 blocks, of softmax regression whose
clients have samples of few classes, so that what the lazy ones do not learn nobody else does.
"""

import dataclasses

import numpy as np

from ...core.randomness import derived_seed
from ..case import Case, Progress
from ..engines.paired import ratio
from ..verdict import Verdict
from .best_number_of_blocks import LABEL, gap, on, uneven

METHODS = ("blade_fl",)
OF_ITS_OWN = True
_FEW, _MANY, _NOISY = "a fifth is lazy", "half are lazy", "half are lazy, with noise"
SIGMA, BLOCKS = 2.0, 10
_PROBLEMS = 16


def measure(case: Case, progress: Progress) -> list[Verdict]:
    """Compare gaps with few and many lazy clients, and with noise, each with those that have less of it."""
    gaps = np.empty((4, _PROBLEMS))
    for place in range(_PROBLEMS):
        seed = derived_seed(case.seed, "lazy clients", place)
        gaps[:, place] = gaps_of(case, seed, ((0, 0.0), (2, 0.0), (5, 0.0), (5, SIGMA)))
        progress((place + 1) / _PROBLEMS)
    nobody, few, many, noisy = gaps
    told = f"after {BLOCKS} blocks"
    return [
        _verdict(case, _FEW, few, nobody, f"With 2 lazy clients of 10 the gap {told} is", "with none, the control"),
        _verdict(case, _MANY, many, few, f"With 5 lazy clients of 10 the gap {told} is", "with 2, the control"),
        _verdict(
            case, _NOISY, noisy, many, f"With noise of σ = {SIGMA:g} the gap {told} is", "without noise, the control"
        ),
    ]


def gaps_of(case: Case, seed: int, ways: tuple[tuple[int, float], ...]) -> list[float]:
    """Return the gap with so many lazy clients and so much noise, for each pair, on one drawn problem."""
    problem = uneven(seed)
    ways_of_case = [on(case, problem, BLOCKS, beta=5.0, M=M, sigma=sigma) for M, sigma in ways]
    return [gap(dataclasses.replace(one, seed=seed)) for one in ways_of_case]


def _verdict(case: Case, part: str, own: np.ndarray, other: np.ndarray, first: str, last: str) -> Verdict:
    found = ratio(own, other)
    status = {"confirmed": "refuted", "refuted": "confirmed"}.get(found.below_one, "inconclusive")
    sentence = f"{first} {found} times that {last}."
    verdict = case.verdict("claim", status, sentence, found.mean, 1.0, (found.low, found.high), part=part)
    return dataclasses.replace(verdict, problem=LABEL)

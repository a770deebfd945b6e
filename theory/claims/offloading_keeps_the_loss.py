"""With helpers models are as good as FedAvg's, and better if helpers with alike labels are preferred.

Measured is the gap around which both come to rest with one step size, over problems in which most of a client's samples
are of few classes. Control: helpers that take over a block of no features, with which the plan is the same and the
model FedAvg's.
"""

import dataclasses

import numpy as np

from ...core.randomness import derived_seed
from ..case import Case, Progress
from ..engines.paired import ratio
from ..verdict import Verdict
from .offloading_saves_time import FEDAVG, LABEL, at, skewed

METHODS = ("aergia",)
OF_ITS_OWN = True
_AS_GOOD, _SIMILAR = "as good as FedAvg", "similarity lowers the floor"
REFUTED = {
    _AS_GOOD: "The features of a slow client are trained on a helper's samples, and its classifier on its own: where "
    "labels differ, both pull the average to another point.",
}
_ROUNDS, _REST, _PROBLEMS = 120, 60, 8


def measure(case: Case, progress: Progress) -> list[Verdict]:
    """Compare mean gaps of the last rounds."""
    floors = np.empty((4, _PROBLEMS))
    for place in range(_PROBLEMS):
        seed = derived_seed(case.seed, "offloading", "loss", place)
        problem = skewed(seed)
        for way, changes in enumerate(({"f": 1.0}, {"f": 0.0}, FEDAVG, {"phi": 0.0})):
            trace = at(case, problem, seed, **changes).run(_ROUNDS, record=np.arange(_ROUNDS - _REST, _ROUNDS))
            floors[way, place] = trace.column("gap")[1:].mean()
            progress((place + (way + 1) / 4) / _PROBLEMS)
    similar, any_helper, fedavg, no_block = floors
    control = f"Control: {ratio(no_block, fedavg)} where the helpers have no features to train."
    return [
        _verdict(case, _AS_GOOD, similar, fedavg, f"FedAvg's. {control}", "confirmed"),
        _verdict(case, _SIMILAR, similar, any_helper, "that with the fastest helpers.", "inconclusive"),
    ]


def _verdict(case: Case, part: str, own: np.ndarray, other: np.ndarray, control: str, between: str) -> Verdict:
    """Return a verdict on whether one floor is below another; ``between`` is what counts where neither is found."""
    found = ratio(own, other)
    status = between if found.below_one == "inconclusive" else found.below_one
    sentence = f"The mean gap of the last {_REST} of {_ROUNDS} rounds is {found} times {control}"
    verdict = case.verdict("claim", status, sentence, found.mean, 1.0, (found.low, found.high), part=part)
    return dataclasses.replace(verdict, problem=LABEL)

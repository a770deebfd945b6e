"""With low rank in both directions a client sends and receives at most half of what FedAvg takes.

Control: FedAvg, and the server sending whole models. How much is saved is a matter of the data: where three directions
tell the classes apart little else is sent after the first rounds. On digits the model needs nearly all of its rank,
and what is sent shrinks only where the loss is no longer that of FedAvg.
"""

import dataclasses
from collections.abc import Iterator

import numpy as np

from ..case import Case, Progress
from ..verdict import Verdict
from .truncated_models_are_as_good import PLACES, end, on, run

METHODS = ("feddlr",)
OF_ITS_OWN = True
REFUTED = {"digits, p = 0.95": "the weights of ten digits have nearly as many directions as there are digits."}
_JUDGED, _HALF = (("planted", 0.9), ("digits", 0.95)), 0.5


def measure(case: Case, progress: Progress) -> Iterator[Verdict]:
    """Compare what is sent in both directions."""
    for count, (place, p) in enumerate(_JUDGED):
        numbers = np.empty((3, PLACES[place].seeds))
        for seed in range(numbers.shape[1]):
            here = on(case, place, seed)
            pairs = ((p, p), (p, 1.0), (1.0, 1.0))
            numbers[:, seed] = [end(here, run(here, p=up, q=down)).numbers for up, down in pairs]
        both, up_only, none = numbers.mean(axis=1)
        progress((count + 1) / len(_JUDGED))
        worst = float(numbers[0].max())
        sentence = (
            f"With p = {p:g} a client sends and receives {both:.3f} of whole models, {worst:.3f} at most of "
            f"{numbers.shape[1]} seeds. Control: {up_only:.3f} if the server sends whole ones, and FedAvg {none:.3f}."
        )
        least = float(numbers[0].min())
        status = "confirmed" if worst <= _HALF else "refuted" if least > _HALF else "inconclusive"
        sensitivity = max(_HALF - worst, least - _HALF, 0.0)
        verdict = case.verdict(
            "claim", status, sentence, float(both), _HALF, (least, worst), sensitivity=sensitivity,
            part=f"{place}, p = {p:g}",
        )  # fmt: skip
        yield dataclasses.replace(verdict, problem=PLACES[place].label)

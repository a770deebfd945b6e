"""A truncation in each round costs no more in loss than one of FedAvg's last model.

Control: FedAvg's last model, truncated once to the same share p of its energy. A direction enters the model in a round
by a small part of what is there; if that is less than 1 - p of the energy it is cut off, however far it would get. So
the rank stays where the first rounds have brought it. Where nearly all directions are that large, training within the
rank does better than to cut at the end.
"""

import dataclasses
from collections.abc import Iterator

from ..case import Case, Progress
from ..engines.paired import ratio
from ..verdict import Verdict
from .truncated_models_are_as_good import PLACES, over_seeds

METHODS = ("feddlr",)
OF_ITS_OWN = True
_LOCKED = "directions that grow slowly are cut off before they are large enough to stay."
REFUTED = {"planted, p = 0.99": _LOCKED, "digits, p = 0.9": _LOCKED}
_JUDGED = (("planted", 0.99), ("digits", 0.9), ("digits", 0.95))


def measure(case: Case, progress: Progress) -> Iterator[Verdict]:
    """Compare the gaps, beside the ranks."""
    for count, (place, p) in enumerate(_JUDGED):
        own, once, whole = over_seeds(case, place, p)
        found = ratio(own[:, 0], once[:, 0])
        progress((count + 1) / len(_JUDGED))
        sentence = (
            f"With p = {p:g} the gap is {found} times that of FedAvg's last model truncated once, the control: "
            f"{own[:, 0].mean():.3g} at rank {own[:, 2].mean():.3g} beside {once[:, 0].mean():.3g} at rank "
            f"{once[:, 2].mean():.3g}, and {whole[:, 0].mean():.2g} without truncation."
        )
        ends, part = (found.low, found.high), f"{place}, p = {p:g}"
        verdict = case.verdict("claim", found.below_one, sentence, found.mean, 1.0, ends, part=part)
        yield dataclasses.replace(verdict, problem=PLACES[place].label)

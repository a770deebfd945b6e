"""Masks that move are more accurate than the masks of the start, at the same density.

Control: masks that stay, from the same first draws, with the same graphs and a step size that is tuned like the
method's on other problems. Measured are the errors of models as trained on samples that nobody has seen, as a ratio
over problems, where a mask grows at random and where it grows by gradients; a fifth of the coordinates is kept.
"""

import dataclasses
from typing import Any

from ..case import Case, Progress
from ..engines.paired import ratio
from ..verdict import Verdict
from .sparse_private_models_are_more_accurate import ALIKE, DIGITS, UNLIKE, label, told

METHODS = ("dispfl",)
OF_ITS_OWN = True
DENSITY = 0.2
STATIC: dict[str, Any] = {"alpha": 0.0}
MOVING: dict[str, dict[str, Any]] = {"at random": {"regrow": "random"}, "by gradients": {"regrow": "gradient"}}


def measure(case: Case, progress: Progress) -> list[Verdict]:
    """Compare errors with those of static masks, in each regime."""
    verdicts: list[Verdict] = []
    regimes = (UNLIKE, ALIKE, DIGITS)
    for position, regime in enumerate(regimes):
        static = told(case, regime, STATIC | {"density": DENSITY}, 1)[:, -1, 1]
        for place, (words, changes) in enumerate(MOVING.items()):
            own = told(case, regime, changes | {"density": DENSITY}, 1)[:, -1, 1]
            found = ratio(own, static)
            sentence = (
                f"With density {DENSITY:g} the error is {own.mean():.3f}, and {static.mean():.3f} where masks stay, "
                f"the control: {found} times as large."
            )
            part, ends = f"{regime.words}, grown {words}", (found.low, found.high)
            verdict = case.verdict(
                "claim",
                found.below_one,
                sentence,
                found.mean,
                1.0,
                ends,
                part=part,
                sensitivity=max(1 - found.high, 0.0),
            )
            verdicts.append(dataclasses.replace(verdict, problem=label(regime)))
            progress((position + (place + 1) / len(MOVING)) / len(regimes))
    return verdicts

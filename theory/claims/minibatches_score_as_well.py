"""Scores of minibatches find as good a mask as scores of as many samples at once.

Control: one minibatch of the same size, and a random mask. What is averaged is |g W₀|, whose sign is lost: the noise of
a minibatch makes every score larger, and no mean over minibatches takes that away. So the number of samples in each
decides, and that of the minibatches does little. Told beside it is the mask by the logits of the samples' own classes,
which the authors' code has in the place of the cross-entropy.
"""

import dataclasses
from typing import Any

import numpy as np

from ..case import Case, Progress
from ..engines.paired import ratio
from ..verdict import Verdict
from .salient_masks_beat_random import LABEL, SEEDS, of_mask, planted_case

METHODS = ("salientgrads",)
OF_ITS_OWN = True
REFUTED = "the mean of sizes keeps the noise of every minibatch, and small ones are mostly noise."
_DENSITY, _R, _b = 0.2, 10, 4
_WAYS: tuple[dict[str, Any], ...] = ({}, {"R": _R, "b": _b}, {"R": 1, "b": _b}, {"score": "nll_logits"})
# A smaller loss is none.
_LOSS = 1.0 / 0.85


def measure(case: Case, progress: Progress) -> Verdict:
    """Compare the excess of the objective over its minimum at the end of all."""
    gaps = np.empty((len(_WAYS) + 1, SEEDS))
    for path in range(SEEDS):
        here = planted_case(case, path, _DENSITY)
        for way, letters in enumerate(_WAYS):
            gaps[way, path] = of_mask(dataclasses.replace(here, changes=here.changes | letters), "salient")[0]
        gaps[-1, path] = of_mask(here, "random")[0]
        progress((path + 1) / SEEDS)
    whole, several, one, of_logits, by_chance = gaps
    found = ratio(several, whole)
    status = "confirmed" if found.high < _LOSS else "refuted" if found.low > _LOSS else "inconclusive"
    sentence = (
        f"By {_R} minibatches of {_b} samples the excess is {found} times that by all {_R * _b} samples at once. "
        f"Control: by one such minibatch it is {ratio(one, whole)} times, and with a random mask "
        f"{ratio(by_chance, whole)} times that. By the logits of own classes it is {ratio(of_logits, whole)} times."
    )
    verdict = case.verdict("claim", status, sentence, found.mean, _LOSS, (found.low, found.high))
    return dataclasses.replace(verdict, problem=LABEL)

"""With gradient control SPATL ends at the personal solution as SCAFFOLD does, whichever rows are sent.

Control: without it, s = 0, the same rows end at a floor. Measured is F - F* after so many rounds, as a multiple of
SCAFFOLD's, on the same problems.

In parts: with the mean over senders and the rows that change most, and with each of three choices of the authors' code
in their place: the mean of all clients' rows with 0 for those not sent, the rows of the largest weights, and control
that is damped by 1/100.
"""

import dataclasses

import numpy as np

from ...core.randomness import derived_seed
from ..case import Case, Progress
from ..engines.paired import ratio
from ..verdict import Verdict
from .pruned_rows_save_uplink import LABEL, SCAFFOLD, on_planted

METHODS = ("spatl",)
OF_ITS_OWN = True
_OURS, _ZEROS, _WEIGHTS, _DAMPED = "senders", "zeros averaged in", "rows of large weights", "control damped by 1/100"
REFUTED = {
    _ZEROS: "A row that a client does not send pulls the server's to 0.",
    _WEIGHTS: "Rows that are small are never sent, so that the server never learns of them.",
    _DAMPED: "A client's control variate settles in about 1/s rounds, so that it takes a hundred times as many.",
}
CHOICES = {
    _OURS: {},
    _ZEROS: {"mean": "zeros"},
    _WEIGHTS: {"salience": "weights"},
    _DAMPED: {"s": 0.01},
}
_R, _ROUNDS, _SEEDS = 0.2, 120, 3
# As good as SCAFFOLD is what ends at no more than so many times its gap.
_TIMES = 10.0


def measure(case: Case, progress: Progress) -> list[Verdict]:
    """Compare the last gaps."""
    ways = (SCAFFOLD, {"r": _R, "s": 0.0}, *({"r": _R} | choice for choice in CHOICES.values()))
    gaps = np.empty((len(ways), _SEEDS))
    for place in range(_SEEDS):
        seed = derived_seed(case.seed, "floors", place)
        gaps[:, place] = [on_planted(case, seed, **way).run(_ROUNDS, record=1).last("gap") for way in ways]
        progress((place + 1) / _SEEDS)
    # What has diverged is as far as can be.
    scaffold, floor, *others = np.where(np.isfinite(gaps), gaps, 1e300)
    return [_verdict(case, part, own, scaffold, floor) for part, own in zip(CHOICES, others, strict=True)]


def _verdict(case: Case, part: str, own: np.ndarray, scaffold: np.ndarray, floor: np.ndarray) -> Verdict:
    found, without = ratio(own, scaffold), ratio(floor, scaffold)
    status = "confirmed" if found.high <= _TIMES else "refuted" if found.low > _TIMES else "inconclusive"
    if without.low <= _TIMES:
        status = "inconclusive"
    sentence = (
        f"After {_ROUNDS} rounds with r = {_R:g} F - F* is {own.mean():.2g}, {found} times SCAFFOLD's "
        f"{scaffold.mean():.2g}. Control: without gradient control {floor.mean():.2g}."
    )
    ends = (found.low, found.high)
    verdict = case.verdict("claim", status, sentence, found.mean, _TIMES, ends, part=part)
    return dataclasses.replace(verdict, problem=LABEL)

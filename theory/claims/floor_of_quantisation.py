"""With quantised messages the error has a floor, which falls about 256-fold for four more bits.

Control: without compression there is no floor.

The variance of QSGD with 2^r levels is at most d/4^(r+1), and what it is multiplied with settles: so does the floor.
"""

import math
from dataclasses import replace

import numpy as np

from ..case import Case, Progress
from ..verdict import Verdict

METHODS = ("fedcomloc_com", "fedcomloc_local")
_BITS = (8, 12)
# In units of √κ: enough to forget the start at 1e-20, then as many rounds to average the floor over.
_SETTLING = 30
_RATIO, _FACTOR = 256.0, 2.0


def measure(case: Case, progress: Progress) -> Verdict:
    """Compare the mean of V after settling for 2^8 and 2^12 levels, and without compression."""
    settled = math.ceil(_SETTLING * math.sqrt(case.problem.kappa))
    record = np.arange(settled, 2 * settled)
    floors: list[float] = []
    for C in (*(f"QSGD({r})" for r in _BITS), "Identity()"):
        trace = replace(case, changes=case.changes | {"C": C}).run(2 * settled, record=record)
        floors.append(float(trace.column("lyapunov")[1:].mean()) / case.start[0])
        progress(len(floors) / 3)
    coarse, fine, none = floors
    ratio = coarse / fine
    status = "confirmed" if _RATIO / _FACTOR <= ratio <= _RATIO * _FACTOR else "refuted"
    if none > 1e-3 * fine:
        status = "inconclusive"
    sentence = (
        f"V stays at {coarse:.1g} of its start with {_BITS[0]} bits and at {fine:.1g} with {_BITS[1]}: "
        f"{ratio:.0f} times less. Control: without compression it falls to {none:.0g}."
    )
    return case.verdict(
        "claim", status, sentence, ratio, _RATIO, (ratio, ratio), sensitivity=max(_FACTOR * ratio / _RATIO - 1.0, 0.0)
    )

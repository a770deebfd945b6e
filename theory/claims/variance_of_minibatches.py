"""The variance of a minibatch of k proxes is known exactly, and allows a dual step size that does not depend on k.

Control: what holds for every unbiased R with the same ω is larger by far.

With K a stack of b identities and R = k of b blocks times b/k, for every r
E‖K'(R(r) - r)‖² = ω_ran ‖r‖² - ζ ‖K'r‖² with ω_ran = b(b-k)/(k(b-1)) and ζ = (b-k)/(k(b-1)).
"""

import dataclasses

import numpy as np

from ...algorithms.compressors import get
from ...core.randomness import generator
from ..case import Case, Progress
from ..verdict import Verdict

METHODS = ("randprox",)
ON_QUADRATICS = True
_BLOCKS, _SIZE = 5, 3
_ROUNDING = 1e-12


def measure(case: Case, progress: Progress) -> Verdict:
    """Compare both sides for a random r, the left one summed over all minibatches of every size."""
    r = generator(case.seed, "variance of minibatches").standard_normal(_BLOCKS * _SIZE)
    dual = r.reshape(_BLOCKS, _SIZE).sum(axis=0)
    worst, slack = 0.0, np.inf
    for k in range(1, _BLOCKS):
        R = get(f"RandBlocks({k}, size={_SIZE})")
        listed = R.randomness(len(r)) or []
        variance = sum(q * np.sum((R(r, w) - r).reshape(_BLOCKS, _SIZE).sum(axis=0) ** 2) for q, w in listed)
        zeta = (_BLOCKS - k) / (k * (_BLOCKS - 1))
        told = _BLOCKS * zeta * (r @ r) - zeta * (dual @ dual)
        worst = max(worst, abs(variance / told - 1.0))
        # Any R has omega ||K||^2 ||r||^2, and ||K||^2 = b.
        slack = min(slack, R.omega(len(r)) * _BLOCKS * (r @ r) / variance)
        progress(k / (_BLOCKS - 1))
    status = "confirmed" if worst <= _ROUNDING < slack - 1.0 else "refuted"
    sentence = (
        f"Summed over all minibatches of 1 to {_BLOCKS - 1} of {_BLOCKS} functions the variance is as told to "
        f"{max(worst, 1e-16):.0e}. Control: for any R of that ω only {slack:.2g} times as much is known."
    )
    return dataclasses.replace(
        case.verdict("claim", status, sentence, worst, 0.0, sensitivity=_ROUNDING), problem=f"{_BLOCKS} functions"
    )

"""FedCLG-C comes to rest at the minimiser of the server's data, whichever clients take part.

So what is left of F(x) - F* is the bias of the server's sample. Control: without the correction, CLG-SGD with the same
cohorts, the model never rests.
"""

import numpy as np

from ..case import Case, Progress
from ..verdict import Verdict

METHODS = ("fedclg_c",)
_SMALL, _CLOSE = 1e-14, 1e-6
# Rounds over which a model may still move.
_LAST = 100


def measure(case: Case, progress: Progress) -> Verdict:
    """Compare the last gaps with F(x_s) - F*, and with each other."""
    bias = case.problem.gap(case.target.x)
    own = _last_gaps(case)
    progress(0.6)
    control = _last_gaps(case.other("clg_sgd"))
    off, spread = float(np.abs(own / (bias or 1.0) - 1.0).max()), float(np.ptp(control) / control.mean())
    status = "confirmed" if off <= _CLOSE else "refuted"
    # All clients alike, or all of them in each round, rest in any case; and without a bias there is nothing to compare.
    if spread <= _CLOSE or bias == 0.0:
        status = "inconclusive"
    sentence = (
        f"It comes to rest at F(x) - F* = {own[-1]:.6g}, which is F(x_s) - F* of the server's data to {off:.0e}. "
        f"Control: in its last {_LAST} rounds CLG-SGD's gap varies by {spread:.2g} of its mean {control.mean():.3g}."
    )
    return case.verdict("claim", status, sentence, float(own[-1]), bias, sensitivity=_CLOSE)


def _last_gaps(case: Case) -> np.ndarray:
    """Return F(x) - F* in the last rounds of a path that is long enough for FedCLG-C."""
    rounds = case.other("fedclg_c").horizon(_SMALL) + _LAST
    return case.run(rounds, record=np.arange(rounds - _LAST, rounds + 1)).column("gap")[-_LAST:]

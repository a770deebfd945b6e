"""Soft thresholding of the server's average drives the model to 0, whatever the solution is.

Control: ProxSkip, which thresholds the average of x̂_i - (γ/p) h_i, reaches the solution with the same λ ‖x‖₁.
"""

import math

import numpy as np

from ...problems.functions.l1 import L1
from ..case import Case, NotExact, Progress
from ..verdict import Verdict

METHODS = ("sparse_proxskip_server_soft",)
# In units of √κ: the model that has settled would otherwise have fallen to 1e-8 of its error.
_ROUNDS = 20
_GONE = 1e-3


def measure(case: Case, progress: Progress) -> Verdict:
    """Compare the size of the last model with that of the solution with λ ‖x‖₁."""
    if case.params.lam == 0.0:
        raise NotExact("with λ = 0 nothing is thresholded: give a larger λ.")
    rounds = math.ceil(_ROUNDS * math.sqrt(case.problem.kappa))
    control = case.other("proxskip", case.problem.with_psi(L1(case.params.lam)))
    size = float(np.linalg.norm(control.target.x))
    left = float(np.linalg.norm(case.model(case.run(rounds, record=1).state)))
    progress(0.5)
    error = control.run(rounds, record=1).last("distance") / (size or 1.0)
    status = "confirmed" if left <= _GONE * size else "refuted"
    # All thresholds together that do not reach from the solution to 0 cannot be expected to have taken the model there.
    weak = rounds * case.params.gamma / case.params.p * case.params.lam < np.abs(control.target.x).max()
    if size == 0.0 or error > _GONE or (status == "refuted" and weak):
        status = "inconclusive"
    sentence = (
        f"After {rounds} rounds its model has the norm {left:.1g}, where the solution with the same λ ‖x‖₁ has "
        f"{size:.3g}. Control: ProxSkip is there to a relative {error:.1g}."
    )
    return case.verdict("claim", status, sentence, left, 0.0, sensitivity=_GONE)

"""Pruned naively at the server the control variates lose their sum; all other ways to prune keep it, at the server too.

The naive server prunes the average and lets the control variates follow it: their sum drifts away from 0, and the
method freezes at a model where ∇F need not vanish anywhere. Among those that keep the sum is one that prunes at the
server as well: so the cause is the lost sum and not the place of pruning. Each is the other's control; the sentence
also tells the objective, which is worse for the naive server on some problems and not on others.
"""

import math
from typing import Any

import numpy as np

from ..case import Case, NotExact, Progress
from ..verdict import Verdict

_NAIVE, _KEPT = "sparse_proxskip_server", "sparse_proxskip_server_kept"
METHODS = (_NAIVE, _KEPT, "sparse_proxskip", "sparse_proxskip_local", "sparse_proxskip_ste")
_ROUNDS = 1000
# Far above what rounding does to a sum in so many rounds, far below what a lost sum is.
_NOTHING, _LOST = 1e-10, 1e-3


def measure(case: Case, progress: Progress) -> Verdict:
    """Compare |Σ h_i|, relative to the largest |h_i| or first gradient, and the objective at the pruned model."""
    if case.params.k >= case.problem.d:
        raise NotExact(f"with k = d = {case.problem.d} nothing is pruned: give a smaller k.")
    control = case.other(_KEPT if case.method.name == _NAIVE else _NAIVE)
    (own_sum, own_gap), (other_sum, other_gap) = _outcome(case), _outcome(control)
    progress(1.0)
    holds, control_holds = (_is_lost, _is_kept) if case.method.name == _NAIVE else (_is_kept, _is_lost)
    status = "confirmed" if control_holds(other_sum) else "inconclusive"
    if not holds(own_sum):
        status = "refuted"
    sentence = (
        f"After {_ROUNDS} rounds |Σ h_i| is {own_sum:.1g} of the largest |h_i| or |∇f_i(0)|, and the objective at the "
        f"pruned model {own_gap:.4g} above that of the dense solution. "
        f"Control: {control.method.name} has {other_sum:.1g} and {other_gap:.4g}."
    )
    # Of a sum that is lost no number is promised.
    promised, sensitivity = (math.nan, math.nan) if case.method.name == _NAIVE else (0.0, _NOTHING)
    return case.verdict("claim", status, sentence, own_sum, promised, sensitivity=sensitivity)


def _is_kept(size: float) -> bool:
    return size <= _NOTHING


def _is_lost(size: float) -> bool:
    return size >= _LOST


def pruned(x: np.ndarray, k: int) -> np.ndarray:
    """Return x with all but its k largest entries set to 0.

    Examples
    --------
    >>> pruned(np.array([3.0, -5.0, 1.0]), 2)
    array([ 3., -5.,  0.])
    """
    sparse = np.zeros_like(x)
    largest = np.argsort(-np.abs(x), kind="stable")[:k]
    sparse[largest] = x[largest]
    return sparse


def sum_of(state: Any) -> float:
    """Return |Σ h_i|."""
    return float(np.linalg.norm(state.H.sum(axis=0)))


def _outcome(case: Case) -> tuple[float, float]:
    """Return the relative sum at the end and the mean objective gap of the second half of the rounds."""

    def gap(state: Any) -> float:
        return case.problem.gap(pruned(case.model(state), case.params.k))

    late = np.arange(_ROUNDS // 2, _ROUNDS + 1, 10)
    trace = case.run(_ROUNDS, record=late, observe={"pruned gap": gap})
    # Equal clients have h_i = 0: their rounding is none of the control variates, but of the gradients.
    gradients = case.problem.gradients(np.zeros(case.problem.d))
    size = max(float(np.linalg.norm(field, axis=1).max()) for field in (trace.state.H, gradients))
    return sum_of(trace.state) / (size or 1.0), float(trace.column("pruned gap")[1:].mean())

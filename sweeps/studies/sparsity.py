"""What each way to prune does to the objective and to the sum of the control variates."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ...algorithms.driver.method import get as get_method
from ...problems import Problem
from ...problems.functions.l1 import L1
from ...theory.case import Case
from ...theory.case import case as hold
from ...theory.claims.sum_of_control_variates import pruned, sum_of

if TYPE_CHECKING:
    import pandas as pd

# Each method with the words for where and how it prunes.
_TOP_K = {
    "sparse_proxskip_server": "at the server, naive",
    "sparse_proxskip_server_kept": "at the server, sum kept",
    "sparse_proxskip": "at communication",
    "sparse_proxskip_local": "at every local step",
    "sparse_proxskip_ste": "straight-through",
}
_CONVEX = {
    "sparse_proxskip_server_soft": "soft threshold at the server, naive",
    "proxskip": "prox at the server (ProxSkip)",
    "sparse_proxskip_l1": "prox at the clients (RandProx)",
}
_WORDS = _TOP_K | _CONVEX
METHODS = tuple(_WORDS)
# In units of √κ.
_ROUNDS = 30


def trace(method: str, problem: Problem, seed: int = 0) -> "tuple[dict[str, Any], pd.DataFrame]":
    """Return what one way to prune is called, and its path; with one seed all ways flip the same coins.

    Parameters
    ----------
    method : str
        One of ``METHODS``.
    problem : Problem
        Without a nonsmooth term.
    seed : int
        Of the path.

    Returns
    -------
    dict
        ``label`` of the problem; ``kind``, "top-k" or "convex"; ``pruning``, its words; and ``expected``, what |Σ h_i|
        is at the solution.
    pandas.DataFrame
        The trace, with ``objective``, the excess of the objective over its minimum, of F at the pruned model or of
        F + λ‖x‖₁, relative to that of the start; and ``sum``, |Σ h_i|.

    Examples
    --------
    >>> from rootkappa.problems import Quadratic
    >>> known, frame = trace("proxskip", Quadratic.random(clients=3, dim=5, kappa=5.0))
    >>> known["kind"], float(frame["objective"].iloc[0])
    ('convex', 1.0)
    """
    with_l1 = problem.with_psi(L1(hold("sparse_proxskip_server_soft", problem).params.lam))
    case = hold(method, with_l1 if get_method(method).handles_psi else problem, seed=seed)
    gap = _gap_of_sum(with_l1, case) if method in _CONVEX else _gap_of_pruned(problem, case)
    rounds = math.ceil(_ROUNDS * math.sqrt(problem.kappa))
    frame = case.run(rounds, record=300, observe={"objective": gap, "sum": sum_of}).frame()
    # ProxSkip's control variates tend to the gradients at the solution, whose sum the prox of the server needs.
    expected = float(np.linalg.norm(case.target.gradients.sum(axis=0))) if method == "proxskip" else 0.0
    known = {
        "label": case.problem.label,
        "kind": "convex" if method in _CONVEX else "top-k",
        "pruning": _WORDS[method],
        "expected": expected,
    }
    return known, frame.assign(objective=frame["objective"] / frame["objective"].iloc[0])


def _gap_of_pruned(problem: Problem, case: Case) -> Callable[[Any], float]:
    return lambda state: problem.gap(pruned(case.model(state), case.params.k))


def _gap_of_sum(problem: Problem, case: Case) -> Callable[[Any], float]:
    return lambda state: problem.gap(case.model(state))

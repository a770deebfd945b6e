"""All ways to prune on one problem, traced side by side."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ...algorithms.driver.method import get as get_method
from ...problems import Problem
from ...problems.functions.l1 import L1
from ...theory.case import Case
from ...theory.claims.sum_of_control_variates import pruned, sum_of
from ...theory.theorem import get as get_theorem

if TYPE_CHECKING:
    import pandas as pd

#: What is compared: each method with the words for where and how it prunes.
TOP_K = {
    "sparse_proxskip_server": "at the server, naive",
    "sparse_proxskip_server_kept": "at the server, sum kept",
    "sparse_proxskip": "at communication",
    "sparse_proxskip_local": "at every local step",
    "sparse_proxskip_ste": "straight-through",
}
CONVEX = {
    "sparse_proxskip_server_soft": "soft threshold at the server, naive",
    "proxskip": "prox at the server (ProxSkip)",
    "sparse_proxskip_l1": "prox at the clients (RandProx)",
}
# In units of √κ.
_ROUNDS = 30


def pruning_traces(problem: Problem, seed: int = 0, progress: Callable[[float], None] | None = None) -> "pd.DataFrame":
    """Return the objective and the sum of the control variates along one path of every variant.

    Parameters
    ----------
    problem : Problem
        Without a nonsmooth term.
    seed : int
        Of the paths: all variants flip the same coins.
    progress : callable, optional
        Called with the finished share.

    Returns
    -------
    pandas.DataFrame
        One row a recorded round: ``kind`` ("top-k" or "convex"), ``method``, ``label``, ``round``; ``gap``, the excess
        of the objective over its minimum, of F at the pruned model or of F + λ‖x‖₁, relative to that of the start;
        ``sum``, |Σ h_i|; and ``expected``, what |Σ h_i| is at the solution.

    Examples
    --------
    >>> from rootkappa.problems import Quadratic
    >>> sorted(set(pruning_traces(Quadratic.random(clients=3, dim=5, kappa=5.0))["kind"]))
    ['convex', 'top-k']
    """
    import pandas as pd

    soft = get_method("sparse_proxskip_server_soft")
    with_l1 = problem.with_psi(L1(get_theorem(soft.promise).parameters(problem).lam))
    parts: list[pd.DataFrame] = []
    for name, label in (TOP_K | CONVEX).items():
        method = get_method(name)
        is_convex = name in CONVEX
        case = Case(method, get_theorem(method.promise), with_l1 if method.handles_psi else problem, {}, seed)
        gap = _gap_of_sum(with_l1, case) if is_convex else _gap_of_pruned(problem, case)
        trace = case.run(
            math.ceil(_ROUNDS * math.sqrt(problem.kappa)), record=300, observe={"objective": gap, "sum": sum_of}
        )
        # ProxSkip's control variates tend to the gradients at the solution, whose sum the prox of the server needs.
        expected = float(np.linalg.norm(case.target.gradients.sum(axis=0))) if name == "proxskip" else 0.0
        objective = trace.column("objective")
        parts.append(
            pd.DataFrame({"round": trace.column("round"), "gap": objective / objective[0], "sum": trace.column("sum")})
            .assign(kind="convex" if is_convex else "top-k", method=name, label=label, expected=expected)
        )  # fmt: skip
        if progress:
            progress(len(parts) / len(TOP_K | CONVEX))
    return pd.concat(parts, ignore_index=True)


def _gap_of_pruned(problem: Problem, case: Case) -> Callable[[Any], float]:
    return lambda state: problem.gap(pruned(case.method.estimate(state), case.params.k))


def _gap_of_sum(problem: Problem, case: Case) -> Callable[[Any], float]:
    return lambda state: problem.gap(case.method.estimate(state))

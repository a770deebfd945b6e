"""Nothing is proved of the rate of top-k pruning, at the clients or at the server: only parameters are prescribed.

T_k is no prox of a convex function and no unbiased compressor, so no theorem of ProxSkip or RandProx covers it, and
most variants have no fixed point. What is said of them are claims, each measured beside its control. The parameters are
Scaffnew's, γ = 1/L and p = 1/√κ, with a fifth of the coordinates kept. V is Scaffnew's, towards the dense solution.

Source: Meinhardt, Yi, Condat and Richtárik, "Prune at the Clients, Not the Server: Accelerated Sparse Training in
Federated Learning" (2024).
"""

import math

from ...algorithms.parts.pruning import Params
from ...problems import Problem
from ..theorem import Condition, step_size_condition
from .proxskip import lyapunov  # pyright: ignore[reportUnusedImport]

_KEPT = 0.2


def prescribed(problem: Problem) -> Params:
    """γ = 1/L, p = 1/√κ, k = ⌈d/5⌉."""
    return Params(gamma=1.0 / problem.L, p=1.0 / math.sqrt(problem.kappa), k=math.ceil(_KEPT * problem.d))


def admissible(problem: Problem, params: Params) -> tuple[Condition, ...]:
    """0 < γ < 2/L, 0 < p <= 1, 1 <= k <= d."""
    return (
        step_size_condition("γ", params.gamma, 2.0 / problem.L, "2/L"),
        Condition("0 < p <= 1", 0 < params.p <= 1, f"p = {params.p:g}"),
        Condition("1 <= k <= d", 1 <= params.k <= problem.d, f"k = {params.k}, d = {problem.d}"),
    )

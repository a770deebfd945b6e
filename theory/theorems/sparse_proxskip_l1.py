"""The prox of ψ at every local step: proved to be linear for ψ = 0 only, where it is Scaffnew.

In the terms of RandProx ψ is g and consensus is h. The linear rate of RandProx asks for a strongly convex conjugate of
h, or g = 0; the conjugate of consensus is not strongly convex. So with ψ = 0 the promise is Scaffnew's factor
max{(1 - γμ)², (1 - γL)², 1 - p²}, and with another ψ what is proved is O(1/T) in the mean of the Bregman distances.
That it converges like Scaffnew once the support is found is a claim, and measured as one.

Source: Condat and Richtárik, "RandProx: Primal-Dual Optimization Algorithms with Randomized Proximal Updates" (2023);
Meinhardt, Yi, Condat and Richtárik, "Prune at the Clients, Not the Server: Accelerated Sparse Training in Federated
Learning" (2024).
"""

from ...algorithms.parts.skipped_rounds import State
from ...algorithms.sparse_proxskip_l1 import Params, fixed_point  # pyright: ignore[reportUnknownVariableType]
from ...problems import Problem, Solution
from ..theorem import Condition, squared_norm
from . import proxskip
from .proxskip import EXPONENTS, TIGHT, contraction, prescribed  # pyright: ignore[reportUnusedImport]


def admissible(problem: Problem, params: Params) -> tuple[Condition, ...]:
    """0 < γ < 2/L, 0 < p <= 1, ψ = 0."""
    return (
        *proxskip.admissible(problem, proxskip.Params(*params)),
        Condition("ψ = 0 for a linear rate", problem.is_smooth, f"ψ = {problem.psi!r}"),
    )


def lyapunov(problem: Problem, params: Params, state: State, target: Solution) -> float:
    """V = Σ_i ‖x_i - x*‖² + (γ/p)² Σ_i ‖h_i - h_i*‖² with h_i* = ∇f_i(x*) - ∇F(x*)."""
    X, H = fixed_point(problem, params, target)
    return float(squared_norm(state.X - X) + (params.gamma / params.p) ** 2 * squared_norm(state.H - H))

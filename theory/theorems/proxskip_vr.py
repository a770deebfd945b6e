"""ProxSkip-VR contracts its Lyapunov function by max{1 - γμ, 1 - p², 1 - q/2} for γ <= 1/(6 L).

Class: every f_i is μ-strongly convex and the mean of components that are convex and L-smooth; this L is theirs, which
may be m_i times that of f_i. V is
Σ_i ‖x_i - x*‖² + (γ/p)² Σ_i ‖h_i - ∇f_i(x*)‖² + (4γ²/q) Σ_i (1/m_i) Σ_j ‖∇f_ij(y_i) - ∇f_ij(x*)‖². Tight where
p² is the smallest of the three. With γ = 1/(6 L), p = √(γμ) and q = 2γμ all three are equal, and the promise is
O(L/μ log 1/ε) iterations and O(√(L/μ) log 1/ε) rounds.

Source: Malinovsky, Yi and Richtárik, "Variance Reduced ProxSkip: Algorithm, Theory and Application to Federated
Learning" (2022), main theorem for the L-SVRG estimator.
"""

import math

from ...algorithms.parts import skipped_rounds
from ...algorithms.proxskip_vr import Params, State
from ...problems import Problem, Solution
from ...problems.oracles import spread_of_components
from ..theorem import Condition
from . import proxskip

EXPONENTS = {"rounds": 0.5, "iterations": 1.0}
TIGHT = True


def prescribed(problem: Problem) -> Params:
    """γ = 1/(6 L), p = √(γμ), q = 2γμ."""
    gamma = 1.0 / (6.0 * problem.component_L)
    return Params(gamma=gamma, p=math.sqrt(gamma * problem.mu), q=2.0 * gamma * problem.mu)


def admissible(problem: Problem, params: Params) -> tuple[Condition, ...]:
    """0 < γ <= 1/(6 L), 0 < p <= 1, 0 < q <= 1."""
    largest = 1.0 / (6.0 * problem.component_L)
    return (
        Condition("0 < γ <= 1/(6 L)", 0 < params.gamma <= largest, f"γ = {params.gamma:g}, 1/(6 L) = {largest:g}"),
        Condition("0 < p <= 1", 0 < params.p <= 1, f"p = {params.p:g}"),
        Condition("0 < q <= 1", 0 < params.q <= 1, f"q = {params.q:g}"),
    )


def contraction(problem: Problem, params: Params) -> float:
    """ρ = max{1 - γμ, 1 - p², 1 - q/2}."""
    return max(1.0 - params.gamma * problem.mu, 1.0 - params.p**2, 1.0 - params.q / 2.0)


def lyapunov(problem: Problem, params: Params, state: State, target: Solution) -> float:
    """V of Scaffnew plus (4γ²/q) Σ_i (1/m_i) Σ_j ‖∇f_ij(y_i) - ∇f_ij(x*)‖²."""
    own, models = proxskip.Params(params.gamma, params.p), skipped_rounds.State(state.X, state.H)
    spread = spread_of_components(problem.kernel, state.Y, target.x)
    return proxskip.lyapunov(problem, own, models, target) + 4.0 * params.gamma**2 / params.q * spread

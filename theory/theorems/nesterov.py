"""Nesterov's method contracts F(x) - F* + (μ/2)‖z - x*‖² by 1 - √(γμ) for γ ≤ 1/L.

Class: F is L-smooth and μ-strongly convex. The momentum is β = (1 - √(γμ))/(1 + √(γμ)), and
z = x_prev + (x - x_prev)(1 + β)/(1 - β). An upper bound: on quadratics the squared error falls like (1 - √(γμ))^2t at
last. With γ = 1/L the promise is 1 - 1/√κ a step, O(√κ log 1/ε) rounds.

Source: Nesterov, "Lectures on Convex Optimization" (2018), section 2.2.
"""

import math

from ...algorithms.nesterov import Params, State
from ...problems import Problem, Solution
from ..theorem import Condition, squared_norm

EXPONENTS = {"rounds": 0.5, "iterations": 0.5}


def prescribed(problem: Problem) -> Params:
    """γ = 1/L, β = (√κ - 1)/(√κ + 1)."""
    gamma = 1.0 / problem.L
    return Params(gamma=gamma, beta=_momentum(problem, gamma))


def _momentum(problem: Problem, gamma: float) -> float:
    root = math.sqrt(gamma * problem.mu)
    return (1.0 - root) / (1.0 + root)


def admissible(problem: Problem, params: Params) -> tuple[Condition, ...]:
    """0 < γ <= 1/L and β = (1 - √(γμ))/(1 + √(γμ)), both up to rounding."""
    gamma, beta, bound = params.gamma, params.beta, 1.0 / problem.L
    if not 0 < gamma <= bound * (1 + 1e-12):
        return (Condition("0 < γ <= 1/L", False, f"γ = {gamma:g}, 1/L = {bound:g}"),)
    momentum = _momentum(problem, gamma)
    return (
        Condition("0 < γ <= 1/L", True, f"γ = {gamma:g}, 1/L = {bound:g}"),
        Condition(
            "β = (1 - √(γμ))/(1 + √(γμ))",
            abs(beta - momentum) <= 1e-12,
            f"β = {beta:g} instead of {momentum:g}",
        ),
    )


def contraction(problem: Problem, params: Params) -> float:
    """ρ = 1 - √(γμ)."""
    return 1.0 - math.sqrt(params.gamma * problem.mu)


def lyapunov(problem: Problem, params: Params, state: State, target: Solution) -> float:
    """V = F(x) - F* + (μ/2) ‖z - x*‖² with z = x_prev + (x - x_prev)(1 + β)/(1 - β)."""
    z = state.x_prev + (state.x - state.x_prev) * (1.0 + params.beta) / (1.0 - params.beta)
    return problem.gap(state.x) + problem.mu / 2 * float(squared_norm(z - target.x))

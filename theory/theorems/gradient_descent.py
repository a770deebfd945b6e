"""Gradient descent contracts the squared distance by max{(1 - γμ)², (1 - γL)²} for 0 < γ < 2/L.

Class: F is L-smooth and μ-strongly convex. V = ‖x - x*‖². Tight where the Hessian of F has both eigenvalues μ and L;
the mean of different clients' Hessians may be better conditioned. With γ = 1/L the promise is (1 - 1/κ)² a step,
O(κ log 1/ε) rounds.

Source: Nesterov, "Lectures on Convex Optimization" (2018), section 2.1.5.
"""

from ...algorithms.gradient_descent import Params
from ...algorithms.parts.nothing_drawn import State
from ...problems import Problem, Solution
from ..theorem import Condition, gradient_step_factor, squared_norm, step_size_condition

EXPONENTS = {"rounds": 1.0, "iterations": 1.0}


def prescribed(problem: Problem) -> Params:
    """γ = 1/L."""
    return Params(gamma=1.0 / problem.L)


def admissible(problem: Problem, params: Params) -> tuple[Condition, ...]:
    """0 < γ < 2/L."""
    return (step_size_condition("γ", params.gamma, 2.0 / problem.L, "2/L"),)


def contraction(problem: Problem, params: Params) -> float:
    """ρ = max{(1 - γμ)², (1 - γL)²}."""
    return gradient_step_factor(problem, params.gamma)


def lyapunov(problem: Problem, params: Params, state: State, target: Solution) -> float:
    """V = ‖x - x*‖²."""
    return float(squared_norm(state.x - target.x))

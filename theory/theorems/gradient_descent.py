"""Gradient descent contracts the squared distance by max{(1 - γμ)², (1 - γL)²} for 0 < γ < 2/L.

Class: F is L-smooth and μ-strongly convex. V = ‖x - x*‖². Tight where the Hessian of F has both eigenvalues μ and L;
the mean of different clients' Hessians may be better conditioned. With γ = 1/L the promise is (1 - 1/κ)² a step,
O(κ log 1/ε) rounds.

Source: Nesterov, "Lectures on Convex Optimization" (2018), section 2.1.5.
"""

from ...algorithms.gradient_descent import Params, lyapunov
from ..theorem import gradient_step_factor, step_size_condition

__all__ = ["EXPONENTS", "TIGHT", "admissible", "contraction", "lyapunov", "prescribed"]

EXPONENTS = {"rounds": 1.0, "iterations": 1.0}
TIGHT = False


def prescribed(problem):
    """γ = 1/L."""
    return Params(gamma=1.0 / problem.L)


def admissible(problem, params):
    """0 < γ < 2/L."""
    return (step_size_condition("γ", params.gamma, 2.0 / problem.L, "2/L"),)


def contraction(problem, params):
    """ρ = max{(1 - γμ)², (1 - γL)²}."""
    return gradient_step_factor(problem, params.gamma)

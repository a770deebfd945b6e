"""SAEF with an average in every step contracts ‖x̃ - x*‖² by max{(1 - ημ)², (1 - ηL)²}, whatever the compressor.

Class: the mean F is L-smooth and μ-strongly convex, 0 < η < 2/L; gradients have independent errors of variance σ². With
p = 1, and a server that sends all, every client computes its gradient at x̃ = x - (1/n) Σ_k e_k, so that
x̃⁺ = x̃ - η (1/n) Σ_k g_k(x̃) is SGD: any contractive C, however few numbers it sends, with V = ‖x̃ - x*‖² and the noise
η²σ²/n. The model x that is handed out is (1/n) Σ_k e_k away from it. Tight without noise, where all clients share one
Hessian.

With rarer averages, p > 1, what is promised is what the theorem of error feedback promises with averages as without.

Source: Xu, Huo and Huang, "Step-Ahead Error Feedback for Distributed Training with Compressed Gradient" (2020), for the
virtual model; the factor is that of gradient descent.
"""

from typing import Any

from ...algorithms.parts.error_feedback import State, virtual
from ...algorithms.saef import Params
from ...problems import Problem, Solution
from ..theorem import Condition, gradient_step_factor, squared_norm, step_size_condition
from . import error_feedback


def prescribed(problem: Problem, p: int = 1, C: str | None = None) -> Params:
    """η = 1/L with p = 1, else the largest of error feedback; top-k with k = ⌈d/10⌉, no momentum, exact gradients."""
    usual = C or error_feedback.usual_compressor(problem)
    params = Params(eta=1.0 / problem.L, p=p, C=usual, C_s="Identity()", beta=0.0, sigma=0.0)
    return params if p == 1 else params._replace(eta=error_feedback.largest_step(problem, params))


def admissible(problem: Problem, params: Any) -> tuple[Condition, ...]:
    """0 < η < 2/L with p = 1, else what error feedback needs; no momentum, and a server that sends all."""
    if params.p > 1:
        return error_feedback.admissible(problem, params)
    return (*error_feedback.without_more(params), step_size_condition("η", params.eta, 2.0 / problem.L, "2/L"))


def contraction(problem: Problem, params: Any) -> float:
    """ρ = max{(1 - ημ)², (1 - ηL)²} with p = 1, else max{1 - ημ/2, 1 - δ/4}."""
    if params.p > 1:
        return error_feedback.contraction(problem, params)
    return gradient_step_factor(problem, params.eta)


def noise(problem: Problem, params: Any) -> float:
    """η²σ²/n with p = 1, else that of error feedback."""
    if params.p > 1:
        return error_feedback.noise(problem, params)
    return (params.eta * params.sigma) ** 2 / problem.n


def lyapunov(problem: Problem, params: Params, state: State, target: Solution) -> float:
    """V = ‖x̃ - x*‖² with p = 1, else that of error feedback."""
    if params.p > 1:
        return error_feedback.lyapunov(problem, params, state, target)
    return float(squared_norm(virtual(state) - target.x))

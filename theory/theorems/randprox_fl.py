"""RandProx-FL contracts its Lyapunov function by max{(1 - γμ)², (1 - γL)², 1 - 1/(1+ω)²} if ψ = 0.

Class: every f_i is L-smooth and μ-strongly convex, 0 < γ < 2/L, and R is unbiased with variance ω, linear and diagonal,
with randomness that all clients share. V is Σ_i ‖x_i - x*‖² + γ²(1+ω)² Σ_i ‖h_i - ∇f_i(x*)‖². Tight: the expectation
sees each coordinate by itself, which is communicated with probability 1/(1+ω) as in Scaffnew. For another ψ the
promise is O(1/T) in the mean of Bregman distances, as the conjugate of "all copies are equal" is not strongly convex.

With γ = 1/L and R = Bernoulli(1/√κ) the promise is O(κ log 1/ε) iterations and O(√κ log 1/ε) rounds of d numbers. With
rand-k and k = d/√κ the same factor costs a message in each of O(κ log 1/ε) iterations, but of k numbers only: in all
O(d√κ log 1/ε), as many.

Source: Condat and Richtárik, "RandProx: Primal-Dual Optimization Algorithms with Randomized Proximal Updates" (2023),
its theorem on federated learning.
"""

import math

from ...algorithms.parts.messages import compressor
from ...algorithms.parts.skipped_rounds import State
from ...algorithms.randprox_fl import Params, fixed_point  # pyright: ignore[reportUnknownVariableType]
from ...problems import Problem, Solution
from ..theorem import Condition, gradient_step_factor, squared_norm, step_size_condition

EXPONENTS = {"rounds": 0.5, "iterations": 1.0}
TIGHT = True


def prescribed(problem: Problem) -> Params:
    """γ = 1/L, R = Bernoulli(1/√κ)."""
    return Params(gamma=1.0 / problem.L, R=f"Bernoulli({1.0 / math.sqrt(problem.kappa)!r})")


def admissible(problem: Problem, params: Params) -> tuple[Condition, ...]:
    """0 < γ < 2/L, ψ = 0."""
    return (
        step_size_condition("γ", params.gamma, 2.0 / problem.L, "2/L"),
        Condition("ψ = 0 for a linear rate", problem.is_smooth, f"ψ = {problem.psi!r}"),
    )


def contraction(problem: Problem, params: Params) -> float:
    """ρ = max{(1 - γμ)², (1 - γL)², 1 - 1/(1+ω)²}."""
    omega = compressor(params, "R").omega(problem.d)
    return max(gradient_step_factor(problem, params.gamma), 1.0 - 1.0 / (1.0 + omega) ** 2)


def lyapunov(problem: Problem, params: Params, state: State, target: Solution) -> float:
    """V = Σ_i ‖x_i - x*‖² + γ² (1+ω)² Σ_i ‖h_i - h_i*‖² with h_i* = ∇f_i(x*) - ∇F(x*)."""
    X, H = fixed_point(problem, params, target)
    weight = (params.gamma * (1.0 + compressor(params, "R").omega(problem.d))) ** 2
    return float(squared_norm(state.X - X) + weight * squared_norm(state.H - H))

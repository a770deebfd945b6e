"""ProxSkip contracts its Lyapunov function by max{(1 - γμ)², (1 - γL)², 1 - p²} for 0 < γ < 2/L.

Class: every f_i is L-smooth and μ-strongly convex, ψ is proper, closed and convex. V is
Σ_i ‖x_i - x*‖² + (γ/p)² Σ_i ‖h_i - ∇f_i(x*)‖². Tight: some quadratic and some state attain the factor, whatever γ and
p are. With γ = 1/L and p = 1/√κ the promise is O(κ log 1/ε) iterations but only O(√κ log 1/ε) evaluations of the prox.

Source: Mishchenko, Malinovsky, Stich and Richtárik, "ProxSkip: Yes! Local Gradient Steps Provably Lead to
Communication Acceleration! Finally!" (2022), main theorem, in the sharper form of Condat and Richtárik, "RandProx:
Primal-Dual Optimization Algorithms with Randomized Proximal Updates" (2023).
"""

import math

from ...algorithms.parts.skipped_rounds import State
from ...algorithms.proxskip import Params
from ...problems import Problem, Solution
from ..theorem import Condition, gradient_step_factor, squared_norm, step_size_condition

EXPONENTS = {"rounds": 0.5, "iterations": 1.0}
TIGHT = True


def prescribed(problem: Problem) -> Params:
    """γ = 1/L, p = 1/√κ."""
    return Params(gamma=1.0 / problem.L, p=1.0 / math.sqrt(problem.kappa))


def admissible(problem: Problem, params: Params) -> tuple[Condition, ...]:
    """0 < γ < 2/L and 0 < p <= 1."""
    return (
        step_size_condition("γ", params.gamma, 2.0 / problem.L, "2/L"),
        Condition("0 < p <= 1", 0 < params.p <= 1, f"p = {params.p:g}"),
    )


def contraction(problem: Problem, params: Params) -> float:
    """ρ = max{(1 - γμ)², (1 - γL)², 1 - p²}."""
    return max(gradient_step_factor(problem, params.gamma), 1.0 - params.p**2)


def lyapunov(problem: Problem, params: Params, state: State, target: Solution) -> float:
    """V = Σ_i ‖x_i - x*‖² + (γ/p)² Σ_i ‖h_i - ∇f_i(x*)‖²."""
    drift = squared_norm(state.H - target.gradients)
    return float(squared_norm(state.X - target.x) + (params.gamma / params.p) ** 2 * drift)

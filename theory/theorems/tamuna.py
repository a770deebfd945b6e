"""TAMUNA contracts its Lyapunov function by max{(1 - γμ)², (1 - γL)², 1 - p²χ(s-1)/(n-1)}, whatever the cohort's size.

Class: every f_i is L-smooth and μ-strongly convex, 0 < γ < 2/L and 0 < χ <= χ_max = n(s-1)/(s(n-1)), where
1 - χ_max = (n-s)/(s(n-1)) is the variance of the masked average. V is
Σ_i ‖x_i - x*‖² + (γ²/(p²χ)) ((n-1)/(s-1)) Σ_i ‖h_i - ∇f_i(x*)‖². Tight at χ_max. With γ = 1/L and
p = √((n-1)/(χ(s-1)κ)), at most 1, the promise is O(√(nκ/s) log 1/ε) rounds, in which a client sends ⌈sd/c⌉ numbers.

Source: Condat, Agarský, Malinovsky and Richtárik, "TAMUNA: Doubly Accelerated Distributed Optimization with Local
Training, Compression, and Partial Participation" (2023), main theorem without stochastic gradients.
"""

import math

from ...algorithms.parts.cohorts import check_senders
from ...algorithms.parts.skipped_rounds import State
from ...algorithms.tamuna import Params
from ...problems import Problem, Solution
from ..theorem import Condition, gradient_step_factor, squared_norm, step_size_condition

EXPONENTS = {"rounds": 0.5, "iterations": 1.0}
TIGHT = True


def prescribed(problem: Problem, s: int | None = None, c: int | None = None) -> Params:
    """γ = 1/L, χ = χ_max, p that balances the two factors; by default c is n/2, at least s, and s = max{2, ⌊c/d⌋}."""
    c = c or max(s or 2, problem.n // 2)
    s = s or max(2, c // problem.d)
    check_senders(problem, s, c)
    chi = chi_max(problem.n, s)
    return Params(gamma=1.0 / problem.L, p=balanced_p(problem, s, chi), chi=chi, s=s, c=c)


def chi_max(n: int, s: int) -> float:
    """χ_max = n(s-1)/(s(n-1)), in (1/2, 1]."""
    return n * (s - 1) / (s * (n - 1))


def balanced_p(problem: Problem, s: int, chi: float) -> float:
    """p = √((n-1)/(χ(s-1)κ)), at most 1."""
    return min(1.0, math.sqrt((problem.n - 1) / (chi * (s - 1) * problem.kappa)))


def admissible(problem: Problem, params: Params) -> tuple[Condition, ...]:
    """0 < γ < 2/L, 0 < p <= 1, 2 <= s <= c <= n, 0 < χ <= χ_max."""
    return (
        *conditions_of_masks(problem, params),
        Condition("s <= c <= n", params.s <= params.c <= problem.n, f"s = {params.s}, c = {params.c}, n = {problem.n}"),
    )


def conditions_of_masks(problem: Problem, params: Params) -> tuple[Condition, ...]:
    """0 < γ < 2/L, 0 < p <= 1, 2 <= s <= n, 0 < χ <= χ_max."""
    n, s, chi = problem.n, params.s, params.chi
    # Rounding in the formula for χ_max must not refuse χ_max itself.
    largest = chi_max(n, s) * (1.0 + 1e-12)
    return (
        step_size_condition("γ", params.gamma, 2.0 / problem.L, "2/L"),
        Condition("0 < p <= 1", 0 < params.p <= 1, f"p = {params.p:g}"),
        Condition("2 <= s <= n", 2 <= s <= n, f"s = {s}, n = {n}"),
        Condition("0 < χ <= n(s-1)/(s(n-1))", 0 < chi <= largest, f"χ = {chi:g}, n(s-1)/(s(n-1)) = {largest:g}"),
    )


def contraction(problem: Problem, params: Params) -> float:
    """ρ = max{(1 - γμ)², (1 - γL)², 1 - p²χ(s-1)/(n-1)}."""
    agreement = 1.0 - params.p**2 * params.chi * (params.s - 1) / (problem.n - 1)
    return max(gradient_step_factor(problem, params.gamma), agreement)


def lyapunov(problem: Problem, params: Params, state: State, target: Solution) -> float:
    """V = Σ_i ‖x_i - x*‖² + (γ²/(p² χ)) ((n-1)/(s-1)) Σ_i ‖h_i - ∇f_i(x*)‖²."""
    gamma, p, chi, s = params.gamma, params.p, params.chi, params.s
    weight = gamma**2 / (p**2 * chi) * (problem.n - 1) / (s - 1)
    return float(squared_norm(state.X - target.x) + weight * squared_norm(state.H - target.gradients))

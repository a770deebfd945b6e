"""DIANA contracts its Lyapunov function by max{1 - γμ, 1 - α/2} for γ <= 1/(L(1 + 6ω/n)) and α <= 1/(1 + ω).

Class: every f_i is convex and L-smooth, their mean μ-strongly convex; the compressors are unbiased with variance ω > 0
and independent. V is ‖x - x*‖² + (4ωγ²/(αn)) (1/n) Σ_i ‖h_i - ∇f_i(x*)‖². With the largest γ and α the promise is
O((κ(1 + ω/n) + ω) log 1/ε) rounds: compression alone saves numbers, but no rounds.

Source: Gorbunov, Hanzely and Richtárik, "A Unified Theory of SGD: Variance Reduction, Sampling, Quantization and
Coordinate Descent" (2020), its corollary for DIANA.
"""

import math

from ...algorithms.diana import Params, State
from ...algorithms.parts.messages import compressor
from ...problems import Problem, Solution
from ..theorem import Condition, squared_norm

EXPONENTS = {"rounds": 1.0, "iterations": 1.0}


def prescribed(problem: Problem, C: str | None = None) -> Params:
    """γ = 1/(L(1 + 6ω/n)) and α = 1/(1 + ω); by default C = rand-k with k = ⌈d/n⌉, below d."""
    params = Params(gamma=1.0, alpha=1.0, C=C or prescribed_compressor(problem))
    omega = compressor(params).omega(problem.d)
    return params._replace(gamma=largest_step(problem, omega), alpha=1.0 / (1.0 + omega))


def prescribed_compressor(problem: Problem) -> str:
    """Rand-k with k = ⌈d/n⌉, below d."""
    return f"RandK({min(-(-problem.d // problem.n), max(1, problem.d - 1))})"


def largest_step(problem: Problem, omega: float) -> float:
    """1/(L(1 + 6ω/n))."""
    return 1.0 / (problem.L * (1.0 + 6.0 * omega / problem.n))


def admissible(problem: Problem, params: Params) -> tuple[Condition, ...]:
    """0 < γ <= 1/(L(1 + 6ω/n)), 0 < α <= 1/(1 + ω), an unbiased C with ω > 0."""
    omega = compressor(params).omega(problem.d)
    gamma, alpha = largest_step(problem, omega), 1.0 / (1.0 + omega)
    # Rounding must not refuse the largest values themselves.
    slack = 1.0 + 1e-12
    return (
        Condition("E C(x) = x with ω > 0", 0 < omega < math.inf, f"C = {params.C}, ω = {omega:g}"),
        Condition(
            "0 < γ <= 1/(L(1 + 6ω/n))", 0 < params.gamma <= gamma * slack, f"γ = {params.gamma:g}, 1/(...) = {gamma:g}"
        ),
        Condition(
            "0 < α <= 1/(1 + ω)", 0 < params.alpha <= alpha * slack, f"α = {params.alpha:g}, 1/(1+ω) = {alpha:g}"
        ),
    )


def contraction(problem: Problem, params: Params) -> float:
    """ρ = max{1 - γμ, 1 - α/2}."""
    return max(1.0 - params.gamma * problem.mu, 1.0 - params.alpha / 2.0)


def lyapunov(problem: Problem, params: Params, state: State, target: Solution) -> float:
    """V = ‖x - x*‖² + (4ωγ²/(αn)) (1/n) Σ_i ‖h_i - ∇f_i(x*)‖²."""
    weight = 4.0 * compressor(params).omega(problem.d) * params.gamma**2 / (params.alpha * problem.n**2)
    return float(squared_norm(state.x - target.x) + weight * squared_norm(state.H - target.gradients))

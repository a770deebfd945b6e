"""RandProx contracts its Lyapunov function if h* is strongly convex, or if g = 0 and the rows of K are independent.

Class: F is L-smooth and μ-strongly convex, g and h are proper, closed and convex. R is unbiased with variance ω, and
E‖K'(R(r) - r)‖² <= ω_ran ‖r‖² - ζ ‖K'r‖² for all r. With 0 < γ < 2/L and γτ((1-ζ)‖K‖² + ω_ran) <= 1,
V = (1/γ)‖x - x*‖² + (1+ω)(1/τ + 2μ_h*)‖u - u*‖² falls in expectation by the larger of

    max{(1 - γμ)², (1 - γL)²}/(1 + γμ_g)  and  1 - 2τμ_h*/((1+ω)(1 + 2τμ_h*)),

where, if g = 0, 2τμ_h* + γτλ_min(KK') stands in the place of the numerator 2τμ_h*. Here μ_h* is one over the
smoothness of h. If both numerators are 0 the only promise is O(1/T) in the mean of Bregman distances.

Any R has ω_ran = ω‖K‖² and ζ = 0. For k of b blocks of rows K_i, which is rand-k where a block is one row, there is a
sharper pair: ζ = (b-k)/(k(b-1)) and ω_ran = bζ max_i ‖K_i‖², with equality for every r if K_i K_i' is the same multiple
of I for all i. So for a minibatch of b functions h_i(x), where K is a stack of identities, τ = 1/(γb) whatever k is.

With γ = 1/L, R = Bernoulli(p), τ = p/(γ‖K‖²) and the p that balances the two factors the promise is O(κ log 1/ε)
iterations, but only O(√κ log 1/ε) calls of the prox of h, for fixed L, g, h and K.

Source: Condat and Richtárik, "RandProx: Primal-Dual Optimization Algorithms with Randomized Proximal Updates" (2023),
its theorems on linear convergence.
"""

import math

from ...algorithms.compressors.rand_blocks import RandBlocks
from ...algorithms.compressors.rand_k import RandK
from ...algorithms.parts.messages import compressor
from ...algorithms.randprox import Params, State, fixed_point  # pyright: ignore[reportUnknownVariableType]
from ...problems import Problem, Solution
from ...problems.composite import block_norm, coupling
from ..theorem import Condition, gradient_step_factor, squared_norm, step_size_condition

EXPONENTS = {"rounds": 0.5, "iterations": 1.0}


def prescribed(problem: Problem, R: str | None = None) -> Params:
    """γ = 1/L and the largest τ; by default R = Bernoulli(p), τ = p/(γ‖K‖²), and p makes the dual factor 1 - 1/κ."""
    part = coupling(problem)
    a = problem.L * part.mu_h_star / part.norm**2
    b = 2.0 * a + (part.lam_min / part.norm**2 if part.g_is_zero else 0.0)
    # The dual factor is 1 - b p²/(1 + 2 a p); where b = 0 no p makes it contract.
    p = (a + math.sqrt(a**2 + b * problem.kappa)) / (b * problem.kappa) if b else 1.0 / math.sqrt(problem.kappa)
    params = Params(gamma=1.0 / problem.L, tau=1.0, R=R or f"Bernoulli({min(1.0, p)!r})")
    return params._replace(tau=largest_tau(problem, params))


def largest_tau(problem: Problem, params: Params) -> float:
    """1/(γ((1-ζ)‖K‖² + ω_ran))."""
    _, omega_ran, zeta = variance(problem, params)
    return float(1.0 / (params.gamma * ((1.0 - zeta) * coupling(problem).norm ** 2 + omega_ran)))


def variance(problem: Problem, params: Params) -> tuple[float, float, float]:
    """Return ω, ω_ran and ζ."""
    part, R = coupling(problem), compressor(params, "R")
    omega = R.omega(part.m)
    if isinstance(R, RandK | RandBlocks):
        size = R.size if isinstance(R, RandBlocks) else 1
        b = part.m // size
        zeta = (b - R.k) / (R.k * (b - 1)) if b > 1 else 0.0
        return omega, b * zeta * block_norm(problem, size) ** 2, zeta
    return omega, omega * part.norm**2, 0.0


def admissible(problem: Problem, params: Params) -> tuple[Condition, ...]:
    """0 < γ < 2/L, γτ((1-ζ)‖K‖² + ω_ran) <= 1, and what makes the dual variable contract."""
    part, (_, omega_ran, zeta) = coupling(problem), variance(problem, params)
    product = params.gamma * params.tau * ((1.0 - zeta) * part.norm**2 + omega_ran)
    return (
        step_size_condition("γ", params.gamma, 2.0 / problem.L, "2/L"),
        # The largest τ makes the left side 1, but for rounding.
        Condition("γτ((1-ζ)‖K‖² + ω_ran) <= 1", product <= 1.0 + 1e-12, f"the left side = {product:g}"),
        Condition(
            "μ_h* > 0 or (g = 0 and λ_min(KK') > 0) for a linear rate",
            part.mu_h_star > 0 or (part.g_is_zero and part.lam_min > 0),
            f"μ_h* = {part.mu_h_star:g}, g is {'' if part.g_is_zero else 'not '}0, λ_min(KK') = {part.lam_min:g}",
        ),
    )


def contraction(problem: Problem, params: Params) -> float:
    """ρ = max{max{(1 - γμ)², (1 - γL)²}/(1 + γμ_g), 1 - (2τμ_h* + [g = 0] γτλ_min(KK'))/((1+ω)(1 + 2τμ_h*))}."""
    part, (omega, _, _) = coupling(problem), variance(problem, params)
    gain = 2.0 * params.tau * part.mu_h_star
    used = gain + (params.gamma * params.tau * part.lam_min if part.g_is_zero else 0.0)
    primal = gradient_step_factor(problem, params.gamma) / (1.0 + params.gamma * part.mu_g)
    return max(primal, 1.0 - used / ((1.0 + omega) * (1.0 + gain)))


def lyapunov(problem: Problem, params: Params, state: State, target: Solution) -> float:
    """V = (1/γ) ‖x - x*‖² + (1+ω) (1/τ + 2 μ_h*) ‖u - u*‖²."""
    part = coupling(problem)
    weight = (1.0 + compressor(params, "R").omega(part.m)) * (1.0 / params.tau + 2.0 * part.mu_h_star)
    x, u = fixed_point(problem, params, target)
    return float(squared_norm(state.x - x) / params.gamma + weight * squared_norm(state.u - u))

"""LoCoDL contracts its Lyapunov function by max{(1 - γμ')², (1 - γL')², 1 - p²χ/(1+2ω)}.

Class: every f_i is L-smooth and μ-strongly convex, g = (μ_g/2)‖x‖² with 0 < μ_g < μ is split off from them, so the
f_i - g and g are L'-smooth and μ'-strongly convex with L' = max{L - μ_g, μ_g} and μ' = min{μ - μ_g, μ_g}. The
compressors are unbiased with variance ω, independent, so that the mean of n of them has ω_av = ω/n; 0 < γ < 2/L' and
2ρ - ρ²(1 + ω_av) - χ >= 0. V is
Σ_i ‖x_i - x*‖² + n ‖y - x*‖² + (γ²(1+2ω)/(p²χ)) (Σ_i ‖u_i - u_i*‖² + n ‖v - v*‖²). Attained without compression; with
it the factor stays a little below. With γ = 1/L, χ = ρ = 1/(1 + ω_av) and p = √((1+2ω)(1+ω_av)/κ), at most 1, the
promise is O(√((1+ω)(1+ω_av)κ) log 1/ε) rounds; with rand-k and k = ⌈d/n⌉ a client sends
O((d√κ/√n + √(dκ) + d) log 1/ε) numbers.

Source: Condat, Maranjyan and Richtárik, "LoCoDL: Communication-Efficient Distributed Learning with Local Training and
Compression" (2024), main theorem.
"""

import math

from ...algorithms.locodl import Params, State, fixed_point  # pyright: ignore[reportUnknownVariableType]
from ...algorithms.parts.messages import compressor
from ...problems import Problem, Solution
from ..theorem import Condition, squared_norm, step_size_condition

EXPONENTS = {"rounds": 0.5, "iterations": 1.0}


def prescribed(problem: Problem, C: str | None = None) -> Params:
    """γ = 1/L, μ_g = μ/2, χ = ρ = 1/(1 + ω_av), p that balances the factors; by default C = rand-k with k = ⌈d/n⌉."""
    C = C or f"RandK({-(-problem.d // problem.n)})"  # pyright: ignore[reportConstantRedefinition]
    params = Params(gamma=1.0 / problem.L, p=1.0, chi=1.0, rho=1.0, mu_g=problem.mu / 2.0, C=C)
    omega, mean = variances(problem, params)
    p = min(1.0, math.sqrt((1.0 + 2.0 * omega) * (1.0 + mean) / problem.kappa))
    return params._replace(p=p, chi=1.0 / (1.0 + mean), rho=1.0 / (1.0 + mean))


def variances(problem: Problem, params: Params) -> tuple[float, float]:
    """Return ω and ω_av = ω/n, since the compressors are independent."""
    omega = compressor(params).omega(problem.d)
    return omega, omega / problem.n


def constants(problem: Problem, params: Params) -> tuple[float, float]:
    """Return L' and μ', those of the f_i - g and of g."""
    return max(problem.L - params.mu_g, params.mu_g), min(problem.mu - params.mu_g, params.mu_g)


def admissible(problem: Problem, params: Params) -> tuple[Condition, ...]:
    """0 < γ < 2/L', 0 < p <= 1, 0 < μ_g < μ, an unbiased C, 2ρ - ρ²(1 + ω_av) - χ >= 0."""
    L, _ = constants(problem, params)
    omega, mean = variances(problem, params)
    room = 2.0 * params.rho - params.rho**2 * (1.0 + mean) - params.chi
    return (
        step_size_condition("γ", params.gamma, 2.0 / L, "2/L'"),
        Condition("0 < p <= 1", 0 < params.p <= 1, f"p = {params.p:g}"),
        Condition("0 < μ_g < μ", 0 < params.mu_g < problem.mu, f"μ_g = {params.mu_g:g}, μ = {problem.mu:g}"),
        Condition("E C(x) = x", math.isfinite(omega), f"C = {params.C}"),
        # With the largest χ the left side is 0, but for rounding.
        Condition("2ρ - ρ²(1 + ω_av) - χ >= 0", room >= -1e-12, f"the left side = {room:g}"),
    )


def contraction(problem: Problem, params: Params) -> float:
    """ρ = max{(1 - γμ')², (1 - γL')², 1 - p²χ/(1+2ω)}."""
    L, mu = constants(problem, params)
    omega, _ = variances(problem, params)
    agreement = 1.0 - params.p**2 * params.chi / (1.0 + 2.0 * omega)
    return max((1.0 - params.gamma * mu) ** 2, (1.0 - params.gamma * L) ** 2, agreement)


def lyapunov(problem: Problem, params: Params, state: State, target: Solution) -> float:
    """V = Σ_i ‖x_i - x*‖² + n ‖y - x*‖² + (γ² (1 + 2ω)/(p² χ)) (Σ_i ‖u_i - u_i*‖² + n ‖v - v*‖²)."""
    fixed = fixed_point(problem, params, target)
    X, y, U, v = (squared_norm(now - there) for now, there in zip(state, fixed, strict=True))
    weight = params.gamma**2 * (1.0 + 2.0 * compressor(params).omega(problem.d)) / (params.p**2 * params.chi)
    return float(X + problem.n * y + weight * (U + problem.n * v))

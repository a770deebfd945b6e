"""SProxSkip contracts its Lyapunov function by 1 - min{γμ, p²} up to the noise γ²C, for γ <= 1/(2 L).

Class: every f_i is μ-strongly convex and the mean of components that are convex and L-smooth; this L is theirs. With
uniform sampling the gradients have E ‖g_i - ∇f_i(x*)‖² <= 4 L D_i(x, x*) + C_i for the Bregman distance D_i, and
C = Σ_i C_i = 2 Σ_i (1/m_i) Σ_j ‖∇f_ij(x*) - ∇f_i(x*)‖². V is Scaffnew's. So V settles at γ²C/min{γμ, p²} at most:
for an accuracy γ has to be chosen, which is why no exponent is promised. Prescribed are γ = 1/(2 L) and p = √(γμ).

Source: Mishchenko, Malinovsky, Stich and Richtárik, "ProxSkip: Yes! Local Gradient Steps Provably Lead to
Communication Acceleration! Finally!" (2022), theorem of its stochastic variant.
"""

import math

from ...algorithms.sproxskip import Params
from ...problems import Problem
from ...problems.oracles import variance_of_components
from ..theorem import Condition
from .proxskip import lyapunov  # pyright: ignore[reportUnusedImport]


def prescribed(problem: Problem) -> Params:
    """γ = 1/(2 L), p = √(γμ)."""
    gamma = 1.0 / (2.0 * problem.component_L)
    return Params(gamma=gamma, p=math.sqrt(gamma * problem.mu))


def admissible(problem: Problem, params: Params) -> tuple[Condition, ...]:
    """0 < γ <= 1/(2 L), 0 < p <= 1."""
    largest = 1.0 / (2.0 * problem.component_L)
    return (
        Condition("0 < γ <= 1/(2 L)", 0 < params.gamma <= largest, f"γ = {params.gamma:g}, 1/(2 L) = {largest:g}"),
        Condition("0 < p <= 1", 0 < params.p <= 1, f"p = {params.p:g}"),
    )


def contraction(problem: Problem, params: Params) -> float:
    """ρ = 1 - min{γμ, p²}."""
    return 1.0 - min(params.gamma * problem.mu, params.p**2)


def noise(problem: Problem, params: Params) -> float:
    """σ² = γ²C."""
    return 2.0 * params.gamma**2 * variance_of_components(problem.kernel, problem.solution().x)

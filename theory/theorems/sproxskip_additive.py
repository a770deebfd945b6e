"""SProxSkip with gradients of variance σ² contracts by max{(1 - γμ)², (1 - γL)², 1 - p²} up to the noise γ²nσ².

Class: every f_i is L-smooth and μ-strongly convex, and 0 < γ < 2/L. V is Scaffnew's, which settles at γ²nσ²/(1 - ρ) at
most. No smaller noise would do. As for sampled components γ has to be chosen by the accuracy, so no exponent is
promised. Prescribed are γ = 1/L, p = 1/√κ and σ = 1.

Source: Mishchenko, Malinovsky, Stich and Richtárik, "ProxSkip: Yes! Local Gradient Steps Provably Lead to
Communication Acceleration! Finally!" (2022), theorem of its stochastic variant, with Scaffnew's sharper factor.
"""

import math

from ...algorithms.sproxskip_additive import Params
from ...problems import Problem
from .proxskip import admissible, contraction, lyapunov  # pyright: ignore[reportUnusedImport]


def prescribed(problem: Problem) -> Params:
    """γ = 1/L, p = 1/√κ, σ = 1."""
    return Params(gamma=1.0 / problem.L, p=1.0 / math.sqrt(problem.kappa), sigma=1.0)


def noise(problem: Problem, params: Params) -> float:
    """γ²nσ²."""
    return params.gamma**2 * problem.n * params.sigma**2

"""Scaffnew contracts its Lyapunov function by max{(1 - γμ)², (1 - γL)², 1 - p²} for 0 < γ < 2/L.

It is ProxSkip with the prox of consensus, so the promise is ProxSkip's. It needs Σ_i h_i = 0 at the start, which every
step keeps. With γ = 1/L and p = 1/√κ the promise is O(κ log 1/ε) local steps but only O(√κ log 1/ε) rounds.

Source: Mishchenko, Malinovsky, Stich and Richtárik, "ProxSkip: Yes! Local Gradient Steps Provably Lead to
Communication Acceleration! Finally!" (2022), main theorem and its corollary for Scaffnew.
"""

from ...algorithms.scaffnew import Params
from ...problems import Problem
from . import proxskip
from .proxskip import EXPONENTS, TIGHT, admissible, contraction, lyapunov  # pyright: ignore[reportUnusedImport]


def prescribed(problem: Problem) -> Params:
    """γ = 1/L, p = 1/√κ."""
    return Params(*proxskip.prescribed(problem))

"""Soft thresholding of the server's average promises nothing: its only fixed point is x = 0.

The prox of consensus and λ ‖x‖₁ thresholds the mean of x̂_j - (γ/p) h_j, not of x̂_j; without that term the theorem of
ProxSkip does not hold. The parameters are ProxSkip's, γ = 1/L and p = 1/√κ, with λ a tenth of the largest coordinate of
∇F(0), the λ from which on the solution would be 0.

Source: Meinhardt, Yi, Condat and Richtárik, "Prune at the Clients, Not the Server: Accelerated Sparse Training in
Federated Learning" (2024).
"""

import math

import numpy as np

from ...algorithms.sparse_proxskip_server_soft import Params
from ...problems import Problem
from .proxskip import admissible, lyapunov  # pyright: ignore[reportUnusedImport]


def prescribed(problem: Problem) -> Params:
    """γ = 1/L, p = 1/√κ, λ = ‖∇F(0)‖_∞/10."""
    return Params(gamma=1.0 / problem.L, p=1.0 / math.sqrt(problem.kappa), lam=tenth_of_largest(problem))


def tenth_of_largest(problem: Problem) -> float:
    """Return ‖∇F(0)‖_∞/10: from ten times that on the solution with λ ‖x‖₁ is 0."""
    return float(np.abs(problem.gradient(np.zeros(problem.d))).max()) / 10.0

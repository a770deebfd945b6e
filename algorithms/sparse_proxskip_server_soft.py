r"""ProxSkip with the server's prox naively replaced by soft thresholding of the average.

The recursion, with Σ_i h_i = 0 at the start and S_τ the soft thresholding at τ = γ λ/p::

    x̂_i = x_i - γ (∇f_i(x_i) - h_i)
    with probability p:   x_i⁺ = S_τ((1/n) Σ_j x̂_j)
    otherwise:            x_i⁺ = x̂_i
    h_i⁺ = h_i + (p/γ) (x_i⁺ - x̂_i)

It looks like ProxSkip for λ ‖x‖₁, which thresholds the mean of x̂_j - (γ/p) h_j instead. At a fixed point h_i = ∇f_i(x)
and x = S_τ(x), so for λ > 0 the only one is x = 0.

Source: Meinhardt, Yi, Condat and Richtárik, "Prune at the Clients, Not the Server: Accelerated Sparse Training in
Federated Learning" (2024), its negative example with a convex regulariser.
"""

from typing import NamedTuple

import numpy as np

from ..core.compiled import njit
from ..core.vectors import mean_rows
from ..problems.functions.l1 import L1Kernel
from ..problems.oracles import prox, workspace
from .parts.local_steps import local_gradient_steps, local_phase
from .parts.skipped_rounds import (
    State,
    cost,
    draw,
    estimate,
    initial,
    lyapunov,
    outcomes,
    pace,
    unroll,
)

#: What is known of its rate.
PROMISE = "sparse_proxskip_server_soft"


class Params(NamedTuple):
    """The step size, the probability of communication and the regularisation."""

    gamma: float
    """Step size γ, positive."""
    p: float
    """Probability of communication in an iteration, in (0, 1]."""
    lam: float
    """Weight λ of ‖x‖₁, at least 0; with 0 this is Scaffnew."""


@njit
def step(kernel, params, state, coin):
    """One iteration: a local step, then the thresholded average if the coin says so."""
    X, H = state
    g, mean, x, work = np.empty(X.shape[1]), np.empty(X.shape[1]), np.empty(X.shape[1]), workspace(kernel)
    local_gradient_steps(kernel, X, H, params.gamma, 1, g, work)
    if coin == 1:
        _communicate(params, X, H, mean, x)


@njit
def advance(kernel, params, state, lengths):
    """All local steps of a round at once, then the thresholded average."""
    X, H = state
    mean, x, work = np.empty(X.shape[1]), np.empty(X.shape[1]), workspace(kernel)
    for steps in lengths:
        local_phase(kernel, X, H, params.gamma, steps, work)
        _communicate(params, X, H, mean, x)


@njit
def _communicate(params, X, H, mean, x):
    """x_i⁺ = S_τ((1/n) Σ_j x̂_j) with τ = γ λ/p, and h_i⁺ = h_i + (p/γ)(x_i⁺ - x̂_i)."""
    mean_rows(X, mean)
    prox(L1Kernel(params.lam), mean, params.gamma / params.p, x, mean[:0])
    for i in range(X.shape[0]):
        for j in range(X.shape[1]):
            H[i, j] += params.p / params.gamma * (x[j] - X[i, j])
            X[i, j] = x[j]

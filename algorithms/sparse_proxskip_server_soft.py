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

from math import copysign
from typing import NamedTuple

from . import scaffnew
from .parts import average, communicate, implements, letters, take

RANDOM = scaffnew.RANDOM
SENDS = scaffnew.SENDS
PROMISE = "sparse_proxskip_server_soft"
NAME = "Soft thresholding at the server"
GROUP = "sparse models"
fixed_point = None
invariants = None  # Σ_i h_i moves with what the threshold takes


class Params(NamedTuple):
    """The step size γ, the probability p of communication and the weight λ of ‖x‖₁; with 0 this is Scaffnew."""

    gamma: letters.StepSize
    p: letters.Probability
    lam: letters.Regularisation


@implements(communicate, Params)
def _thresholded_average(params, kernel, state, w, scratch):
    """x_i⁺ = S_τ((1/n) Σ_j x̂_j) with τ = γ λ/p, and h_i⁺ = h_i + (p/γ)(x_i⁺ - x̂_i)."""
    X, H = state
    x, tau = scratch.v, params.gamma / params.p * params.lam
    average(X, scratch.mean)
    for j in range(X.shape[1]):
        x[j] = copysign(max(abs(scratch.mean[j]) - tau, 0.0), scratch.mean[j])
    take(x, params.p / params.gamma, X, H)

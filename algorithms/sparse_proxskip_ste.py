r"""Sparse-ProxSkip with the straight-through estimator: dense local models, gradients taken at the pruned ones.

The recursion, with Σ_i h_i = 0 at the start and T_k the pruning to the k coordinates that are largest in size::

    x̂_i = x_i - γ (∇f_i(T_k(x_i)) - h_i)
    with probability p:
        x̂_i ← T_k(x̂_i)
        x_i⁺ = (1/n) Σ_j x̂_j
        h_i⁺ = h_i + (p/γ) (x_i⁺ - x̂_i)
    otherwise:
        x_i⁺ = x̂_i,  h_i⁺ = h_i

Source: Meinhardt, Yi, Condat and Richtárik, "Prune at the Clients, Not the Server: Accelerated Sparse Training in
Federated Learning" (2024), its variant with the straight-through estimator.
"""

from ..problems.oracles import gradient
from .parts import Coin, client_steps, communicate, implements, pruning
from .sparse_proxskip import average_of_pruned

RANDOM = Coin("p")
SENDS = pruning.UP
PROMISE = "sparse_proxskip"
NAME = "Sparse-ProxSkip, straight-through"
GROUP = "sparse models"
FAMILY = pruning
fixed_point = None


class Params(pruning.Params):
    """The step size γ, the probability p of communication, and the number k of coordinates that are kept."""


@implements(client_steps, Params)
def _straight_through_steps(params, kernel, i, state, k, xi, scratch):
    """x_i ← x_i - γ (∇f_i(T_k(x_i)) - h_i), so many times."""
    X, H, g = state.X, state.H, scratch.g
    kept, work = scratch.own
    for _ in range(k):
        pruning.largest(params.k, X[i], kept, work)
        gradient(kernel, i, kept, g, scratch.work)
        for j in range(X.shape[1]):
            X[i, j] -= params.gamma * (g[j] - H[i, j])


implements(communicate, Params)(average_of_pruned)

r"""Sparse-ProxSkip: every client prunes what it sends, so the control variates still sum up to 0.

The recursion, with Σ_i h_i = 0 at the start and T_k the pruning to the k coordinates that are largest in size::

    x̂_i = x_i - γ (∇f_i(x_i) - h_i)
    with probability p:
        x̂_i ← T_k(x̂_i)
        x_i⁺ = (1/n) Σ_j x̂_j
        h_i⁺ = h_i + (p/γ) (x_i⁺ - x̂_i)
    otherwise:
        x_i⁺ = x̂_i,  h_i⁺ = h_i

The control variates are corrected by what was sent, pruned as it is: that keeps their sum at 0. FedComLoc-Com is the
same with any compressor in the place of T_k.

Source: Meinhardt, Yi, Condat and Richtárik, "Prune at the Clients, Not the Server: Accelerated Sparse Training in
Federated Learning" (2024).
"""

from .parts import Coin, average, communicate, implements, pruning, take

RANDOM = Coin("p")
SENDS = pruning.UP
PROMISE = "sparse_proxskip"
GROUP = "sparse models"
FAMILY = pruning
fixed_point = None


class Params(pruning.Params):
    """The step size γ, the probability p of communication, and the number k of coordinates that are kept."""


@implements(communicate, Params)
def average_of_pruned(params, kernel, state, w, scratch):
    """x̂_i ← T_k(x̂_i), x_i⁺ = (1/n) Σ_j x̂_j and h_i⁺ = h_i + (p/γ) (x_i⁺ - x̂_i)."""
    X, H = state
    for i in range(X.shape[0]):
        pruning.prune(params.k, X[i], *scratch.own)
    average(X, scratch.mean)
    take(scratch.mean, params.p / params.gamma, X, H)

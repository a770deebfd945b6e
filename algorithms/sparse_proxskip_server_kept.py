r"""Pruning at the server that keeps the sum of the control variates: the control of the naive one.

The recursion, with Σ_i h_i = 0 at the start and T_k the pruning to the k coordinates that are largest in size::

    x̂_i = x_i - γ (∇f_i(x_i) - h_i)
    with probability p:
        m = (1/n) Σ_j x̂_j
        x_i⁺ = T_k(m)
        h_i⁺ = h_i + (p/γ) (m - x̂_i)
    otherwise:
        x_i⁺ = x̂_i,  h_i⁺ = h_i

It differs from the naive one in a single place: the control variates follow the mean before it is pruned. So the whole
mean has to come down, where each client can prune it by itself.

Source: Meinhardt, Yi, Condat and Richtárik, "Prune at the Clients, Not the Server: Accelerated Sparse Training in
Federated Learning" (2024), as a control for its negative example.
"""

from .parts import Coin, Dense, average, broadcast, communicate, implements, pruning, take

RANDOM = Coin("p")
SENDS = Dense(up=1, down=1)
PROMISE = "sparse_proxskip"
NAME = "Pruning at the server, sum kept"
GROUP = "sparse models"
FAMILY = pruning
fixed_point = None


class Params(pruning.Params):
    """The step size γ, the probability p of communication, and the number k of coordinates that are kept."""


@implements(communicate, Params)
def _pruned_average(params, kernel, state, w, scratch):
    """h_i⁺ = h_i + (p/γ)(m - x̂_i) with m = (1/n) Σ_j x̂_j, and x_i⁺ = T_k(m)."""
    X, H = state
    average(X, scratch.mean)
    take(scratch.mean, params.p / params.gamma, X, H)
    pruning.prune(params.k, scratch.mean, *scratch.own)
    broadcast(scratch.mean, X)

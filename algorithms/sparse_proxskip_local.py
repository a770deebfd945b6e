r"""Sparse-ProxSkip that prunes after every local step, so a client never holds more than k nonzero coordinates.

The recursion, with Σ_i h_i = 0 at the start and T_k the pruning to the k coordinates that are largest in size::

    x̂_i = T_k(x_i - γ (∇f_i(x_i) - h_i))
    with probability p:   x_i⁺ = (1/n) Σ_j x̂_j
    otherwise:            x_i⁺ = x̂_i
    h_i⁺ = h_i + (p/γ) (x_i⁺ - x̂_i)

Source: Meinhardt, Yi, Condat and Richtárik, "Prune at the Clients, Not the Server: Accelerated Sparse Training in
Federated Learning" (2024), its variant with pruned local models.
"""

from ..problems.oracles import gradient
from .parts import Coin, client_steps, communicate, implements, pruning
from .scaffnew import average_models

RANDOM = Coin("p")
SENDS = pruning.UP
PROMISE = "sparse_proxskip"
NAME = "Sparse-ProxSkip, local"
GROUP = "sparse models"
FAMILY = pruning
fixed_point = None


class Params(pruning.Params):
    """The step size γ, the probability p of communication, and the number k of coordinates that are kept."""


@implements(client_steps, Params)
def _pruned_steps(params, kernel, i, state, k, xi, scratch):
    """x_i ← T_k(x_i - γ (∇f_i(x_i) - h_i)), so many times."""
    X, H, g = state.X, state.H, scratch.g
    for _ in range(k):
        gradient(kernel, i, X[i], g, scratch.work)
        for j in range(X.shape[1]):
            X[i, j] -= params.gamma * (g[j] - H[i, j])
        pruning.prune(params.k, X[i], *scratch.own)


implements(communicate, Params)(average_models)

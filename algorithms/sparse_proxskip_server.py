r"""ProxSkip with the server's prox naively replaced by pruning: the counterexample of "prune at the clients".

The recursion, with Σ_i h_i = 0 at the start and T_k the pruning to the k coordinates that are largest in size::

    x̂_i = x_i - γ (∇f_i(x_i) - h_i)
    with probability p:   x_i⁺ = T_k((1/n) Σ_j x̂_j)
    otherwise:            x_i⁺ = x̂_i
    h_i⁺ = h_i + (p/γ) (x_i⁺ - x̂_i)

The sum of the control variates moves by n (p/γ)(T_k(m) - m) in a communication, m being the mean of the x̂_i; so any
vector with k nonzero coordinates and h_i = ∇f_i there is a fixed point, optimal or not.

Source: Meinhardt, Yi, Condat and Richtárik, "Prune at the Clients, Not the Server: Accelerated Sparse Training in
Federated Learning" (2024), its negative example.
"""

from .parts import Coin, average, communicate, implements, pruning, take

RANDOM = Coin("p")
SENDS = pruning.DOWN
PROMISE = "sparse_proxskip"
NAME = "Pruning at the server"
GROUP = "sparse models"
FAMILY = pruning
fixed_point = None
invariants = None  # Σ_i h_i moves with what the server prunes


class Params(pruning.Params):
    """The step size γ, the probability p of communication, and the number k of coordinates that are kept."""


@implements(communicate, Params)
def _pruned_average(params, kernel, state, w, scratch):
    """x_i⁺ = T_k((1/n) Σ_j x̂_j) and h_i⁺ = h_i + (p/γ)(x_i⁺ - x̂_i)."""
    X, H = state
    average(X, scratch.mean)
    pruning.prune(params.k, scratch.mean, *scratch.own)
    take(scratch.mean, params.p / params.gamma, X, H)

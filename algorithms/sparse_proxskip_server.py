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

import numpy as np

from ..core.compiled import njit
from ..core.vectors import mean_rows
from ..problems.oracles import workspace
from .parts.local_steps import local_gradient_steps, local_phase
from .parts.pruning import Params, State, initial, prune
from .parts.pruning import cost_of_pruned_download as cost
from .parts.skipped_rounds import (
    draw,
    estimate,
    lyapunov,
    outcomes,
    pace,
    unroll,
)

#: What is known of its rate.
PROMISE = "sparse_proxskip"


@njit
def step(kernel, params, state, coin):
    """One iteration: a local step, then the pruned average if the coin says so."""
    X, H = state
    d = X.shape[1]
    g, mean, kept, prune_work, work = np.empty(d), np.empty(d), np.empty(d), np.empty(d), workspace(kernel)
    local_gradient_steps(kernel, X, H, params.gamma, 1, g, work)
    if coin == 1:
        _communicate(params, X, H, mean, kept, prune_work)


@njit
def advance(kernel, params, state, lengths):
    """All local steps of a round at once, then the pruned average."""
    X, H = state
    d = X.shape[1]
    mean, kept, prune_work, work = np.empty(d), np.empty(d), np.empty(d), workspace(kernel)
    for steps in lengths:
        local_phase(kernel, X, H, params.gamma, steps, work)
        _communicate(params, X, H, mean, kept, prune_work)


@njit
def _communicate(params, X, H, mean, kept, prune_work):
    """x_i⁺ = T_k((1/n) Σ_j x̂_j) and h_i⁺ = h_i + (p/γ)(x_i⁺ - x̂_i)."""
    mean_rows(X, mean)
    prune(params.k, mean, kept, prune_work)
    for i in range(X.shape[0]):
        for j in range(X.shape[1]):
            H[i, j] += params.p / params.gamma * (mean[j] - X[i, j])
            X[i, j] = mean[j]

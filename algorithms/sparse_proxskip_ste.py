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

import numpy as np

from ..core.compiled import njit
from ..problems.oracles import gradient, workspace
from .compressors import compress
from .compressors.top_k import TopKKernel
from .parts.pruning import Params, State, initial, prune_rows
from .parts.pruning import cost_of_pruned_upload as cost
from .parts.skipped_rounds import (
    draw,
    estimate,
    lyapunov,
    outcomes,
    pace,
    unroll,
)
from .scaffnew import communicate, invariants

#: What is known of its rate.
PROMISE = "sparse_proxskip"


@njit
def step(kernel, params, state, coin):
    """One iteration: a straight-through step, then the average of what is left after pruning if the coin says so."""
    X, H = state
    d = X.shape[1]
    mean, g, kept, prune_work, work = np.empty(d), np.empty(d), np.empty(d), np.empty(d), workspace(kernel)
    _straight_through_steps(kernel, params, X, H, 1, g, kept, prune_work, work)
    if coin == 1:
        prune_rows(params.k, X, kept, prune_work)
        communicate(params.p / params.gamma, X, H, mean)


@njit
def advance(kernel, params, state, lengths):
    """All local steps of a round client by client, then the average of what is left after pruning."""
    X, H = state
    d = X.shape[1]
    mean, g, kept, prune_work, work = np.empty(d), np.empty(d), np.empty(d), np.empty(d), workspace(kernel)
    for steps in lengths:
        _straight_through_steps(kernel, params, X, H, steps, g, kept, prune_work, work)
        prune_rows(params.k, X, kept, prune_work)
        communicate(params.p / params.gamma, X, H, mean)


@njit
def _straight_through_steps(kernel, params, X, H, steps, g, kept, prune_work, work):
    """x_i ← x_i - γ (∇f_i(T_k(x_i)) - h_i), so many times."""
    for i in range(X.shape[0]):
        for _ in range(steps):
            compress(TopKKernel(params.k), X[i], X[i, :0], kept, prune_work)
            gradient(kernel, i, kept, g, work)
            for j in range(X.shape[1]):
                X[i, j] -= params.gamma * (g[j] - H[i, j])

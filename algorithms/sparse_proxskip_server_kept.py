r"""Pruning at the server that keeps the sum of the control variates: the control of the naive one.

The recursion, with Σ_i h_i = 0 at the start and T_k the pruning to the k coordinates that are largest in size::

    x̂_i = x_i - γ (∇f_i(x_i) - h_i)
    with probability p:
        m = (1/n) Σ_j x̂_j
        x_i⁺ = T_k(m)
        h_i⁺ = h_i + (p/γ) (m - x̂_i)
    otherwise:
        x_i⁺ = x̂_i,  h_i⁺ = h_i

It differs from the naive one in a single place: the control variates follow the mean before it is pruned.

Source: Meinhardt, Yi, Condat and Richtárik, "Prune at the Clients, Not the Server: Accelerated Sparse Training in
Federated Learning" (2024), as a control for its negative example.
"""

import numpy as np

from ..core.compiled import njit
from ..problems.oracles import workspace
from .parts.local_steps import broadcast, local_gradient_steps, local_phase
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
from .scaffnew import communicate, invariants

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
    """h_i⁺ = h_i + (p/γ)(m - x̂_i) with m = (1/n) Σ_j x̂_j, and x_i⁺ = T_k(m)."""
    communicate(params.p / params.gamma, X, H, mean)
    prune(params.k, mean, kept, prune_work)
    broadcast(mean, X)

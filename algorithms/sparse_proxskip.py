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

import numpy as np

from ..core.compiled import njit
from ..problems.oracles import workspace
from .parts.local_steps import local_gradient_steps, local_phase
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

__all__ = [
    "Params",
    "State",
    "cost",
    "draw",
    "estimate",
    "initial",
    "invariants",
    "lyapunov",
    "outcomes",
    "pace",
    "unroll",
]

#: What is known of its rate.
PROMISE = "sparse_proxskip"


@njit
def step(kernel, params, state, coin):
    """One iteration: a local step, then the average of what is left after pruning if the coin says so."""
    X, H = state
    d = X.shape[1]
    g, mean, kept, prune_work, work = np.empty(d), np.empty(d), np.empty(d), np.empty(d), workspace(kernel)
    local_gradient_steps(kernel, X, H, params.gamma, 1, g, work)
    if coin == 1:
        prune_rows(params.k, X, kept, prune_work)
        communicate(params.p / params.gamma, X, H, mean)


@njit
def advance(kernel, params, state, lengths):
    """All local steps of a round at once, then the average of what is left after pruning."""
    X, H = state
    d = X.shape[1]
    mean, kept, prune_work, work = np.empty(d), np.empty(d), np.empty(d), workspace(kernel)
    for steps in lengths:
        local_phase(kernel, X, H, params.gamma, steps, work)
        prune_rows(params.k, X, kept, prune_work)
        communicate(params.p / params.gamma, X, H, mean)

r"""Scaffnew: ProxSkip for federated learning, local steps with control variates between rare averages.

The recursion, with Σ_i h_i = 0 at the start::

    x̂_i = x_i - γ (∇f_i(x_i) - h_i)
    with probability p:   x_i⁺ = (1/n) Σ_j x̂_j
    otherwise:            x_i⁺ = x̂_i
    h_i⁺ = h_i + (p/γ) (x_i⁺ - x̂_i)

Source: Mishchenko, Malinovsky, Stich and Richtárik, "ProxSkip: Yes! Local Gradient Steps Provably Lead to
Communication Acceleration! Finally!" (2022), algorithm 2.
"""

import numpy as np

from ..core.compiled import njit
from ..core.vectors import mean_rows
from ..problems.oracles import workspace
from .parts.local_steps import local_gradient_steps, local_phase
from .parts.skipped_rounds import (
    Params,
    State,
    cost,
    draw,
    estimate,
    fixed_point,
    initial,
    lyapunov,
    outcomes,
    pace,
    unroll,
)

#: The theorem that promises its rate.
PROMISE = "scaffnew"


@njit
def step(kernel, params, state, coin):
    """One iteration: x̂_i = x_i - γ (∇f_i(x_i) - h_i), then the average if the coin says so."""
    X, H = state
    d = X.shape[1]
    g, mean, work = np.empty(d), np.empty(d), workspace(kernel)
    local_gradient_steps(kernel, X, H, params.gamma, 1, g, work)
    if coin == 1:
        communicate(params.p / params.gamma, X, H, mean)


@njit
def advance(kernel, params, state, lengths):
    """All local steps of a round at once, then the average."""
    X, H = state
    mean, work = np.empty(X.shape[1]), workspace(kernel)
    for k in lengths:
        local_phase(kernel, X, H, params.gamma, k, work)
        communicate(params.p / params.gamma, X, H, mean)


@njit
def communicate(p_over_gamma, X, H, mean):
    """x_i⁺ = (1/n) Σ_j x̂_j and h_i⁺ = h_i + (p/γ)(x_i⁺ - x̂_i); ``mean`` is scratch space, shape (d,)."""
    mean_rows(X, mean)
    for i in range(X.shape[0]):
        for j in range(X.shape[1]):
            H[i, j] += p_over_gamma * (mean[j] - X[i, j])
            X[i, j] = mean[j]


def invariants(problem, params, state):
    """Return what stays 0: Σ_i h_i."""
    return {"sum of control variates": state.H.sum(axis=0)}

r"""ProxSkip: gradient steps that skip the prox most of the time, corrected by control variates.

The problem is min_x F(x) + ψ(x) with F = (1/n) Σ_i f_i. It is lifted to one copy of the model for each client,
where the expensive prox is that of "all copies are equal, and n ψ of the copy": an average, then the prox of ψ. So
ψ = 0 gives the consensus prox, and n = 1 plain ProxSkip for F + ψ. The recursion::

    x̂_i = x_i - γ (∇f_i(x_i) - h_i)
    with probability p:   x_i⁺ = prox_{(γ/p) ψ}( (1/n) Σ_j (x̂_j - (γ/p) h_j) )
    otherwise:            x_i⁺ = x̂_i
    h_i⁺ = h_i + (p/γ) (x_i⁺ - x̂_i)

Source: Mishchenko, Malinovsky, Stich and Richtárik, "ProxSkip: Yes! Local Gradient Steps Provably Lead to
Communication Acceleration! Finally!" (2022), algorithm 1, on the consensus problem of its federated section.
"""

import numpy as np

from ..core.compiled import njit
from ..problems.oracles import prox, prox_workspace, workspace
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
PROMISE = "proxskip"
#: The nonsmooth term ψ may be anything with a prox.
HANDLES_PSI = True


@njit
def step(kernel, params, state, coin):
    """One iteration: x̂_i = x_i - γ (∇f_i(x_i) - h_i), then the prox if the coin says so."""
    X, H = state
    d = X.shape[1]
    g, m, x, work, prox_work = np.empty(d), np.empty(d), np.empty(d), workspace(kernel), prox_workspace(kernel.psi, d)
    local_gradient_steps(kernel, X, H, params.gamma, 1, g, work)
    if coin == 1:
        _communicate(kernel, params, X, H, m, x, prox_work)


@njit
def advance(kernel, params, state, lengths):
    """All local steps of a round at once, then the prox."""
    X, H = state
    d = X.shape[1]
    m, x, work, prox_work = np.empty(d), np.empty(d), workspace(kernel), prox_workspace(kernel.psi, d)
    for k in lengths:
        local_phase(kernel, X, H, params.gamma, k, work)
        _communicate(kernel, params, X, H, m, x, prox_work)


@njit
def _communicate(kernel, params, X, H, m, x, prox_work):
    """x_i⁺ = prox of the mean of x̂_j - (γ/p) h_j, and h_i⁺ = h_i + (p/γ)(x_i⁺ - x̂_i)."""
    gamma, p = params.gamma, params.p
    n, d = X.shape
    m[:] = 0.0
    for i in range(n):
        for j in range(d):
            m[j] += (X[i, j] - gamma / p * H[i, j]) / n
    prox(kernel.psi, m, gamma / p, x, prox_work)
    for i in range(n):
        for j in range(d):
            H[i, j] += p / gamma * (x[j] - X[i, j])
            X[i, j] = x[j]

r"""Sparse-ProxSkip with a convex regulariser: every local step of every client ends with the prox of ψ.

The problem is min_x F(x) + ψ(x), for example with ψ = λ ‖x‖₁. The recursion, with Σ_i h_i = 0 at the start::

    x̂_i = prox_{γψ}(x_i - γ (∇f_i(x_i) - h_i))
    with probability p:   x_i⁺ = (1/n) Σ_j x̂_j
    otherwise:            x_i⁺ = x̂_i
    h_i⁺ = h_i + (p/γ) (x_i⁺ - x̂_i)

It is RandProx with the regulariser as g and consensus as h. With ψ = 0 it is Scaffnew.

Source: Meinhardt, Yi, Condat and Richtárik, "Prune at the Clients, Not the Server: Accelerated Sparse Training in
Federated Learning" (2024), its convex variant.
"""

import numpy as np

from ..core.compiled import njit
from ..problems.oracles import gradient, prox, prox_workspace, workspace
from .parts.skipped_rounds import (
    Params,
    State,
    cost,
    draw,
    estimate,
    initial,
    outcomes,
    pace,
    unroll,
)
from .scaffnew import communicate, invariants

#: The theorem that promises its rate.
PROMISE = "sparse_proxskip_l1"
#: The nonsmooth term ψ may be anything with a prox.
HANDLES_PSI = True


@njit
def step(kernel, params, state, coin):
    """One iteration: a proximal local step, then the average if the coin says so."""
    X, H = state
    d = X.shape[1]
    mean, g, v, work, prox_work = (
        np.empty(d),
        np.empty(d),
        np.empty(d),
        workspace(kernel),
        prox_workspace(kernel.psi, d),
    )
    proximal_steps(kernel, params.gamma, X, H, 1, g, v, work, prox_work)
    if coin == 1:
        communicate(params.p / params.gamma, X, H, mean)


@njit
def advance(kernel, params, state, lengths):
    """All local steps of a round client by client, then the average."""
    X, H = state
    d = X.shape[1]
    mean, g, v, work, prox_work = (
        np.empty(d),
        np.empty(d),
        np.empty(d),
        workspace(kernel),
        prox_workspace(kernel.psi, d),
    )
    for steps in lengths:
        proximal_steps(kernel, params.gamma, X, H, steps, g, v, work, prox_work)
        communicate(params.p / params.gamma, X, H, mean)


@njit
def proximal_steps(kernel, gamma, X, H, steps, g, v, work, prox_work):
    """x_i ← prox_{γψ}(x_i - γ (∇f_i(x_i) - h_i)), so many times."""
    for i in range(X.shape[0]):
        for _ in range(steps):
            gradient(kernel, i, X[i], g, work)
            for j in range(X.shape[1]):
                v[j] = X[i, j] - gamma * (g[j] - H[i, j])
            prox(kernel.psi, v, gamma, X[i], prox_work)


def fixed_point(problem, params, target):
    """x_i = x*, h_i = ∇f_i(x*) - ∇F(x*)."""
    return State(np.tile(target.x, (problem.n, 1)), target.gradients - target.gradients.mean(axis=0))


def lyapunov(problem, params, state, target):
    """V = Σ_i ‖x_i - x*‖² + (γ/p)² Σ_i ‖h_i - h_i*‖² with h_i* = ∇f_i(x*) - ∇F(x*)."""
    X, H = fixed_point(problem, params, target)
    return float(np.sum((state.X - X) ** 2) + (params.gamma / params.p) ** 2 * np.sum((state.H - H) ** 2))

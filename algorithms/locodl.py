r"""LoCoDL: local steps, and compressed differences to a model that the server and all clients share.

The problem is min_x (1/n) Σ_i f_i(x) + g(x); here g(x) = (μ_g/2) ‖x‖² is split off from every f_i, which leaves
f_i - g. With unbiased compressors C_i, independent of each other, of variance ω, and (1/n) Σ_i u_i + v = 0 at the
start::

    x̂_i = x_i - γ (∇(f_i - g)(x_i) - u_i)
    ŷ   = y - γ (∇g(y) - v)
    with probability p:
        d_i = C_i(x̂_i - ŷ),   d̄ = (1/(2n)) Σ_j d_j
        x_i⁺ = (1 - ρ) x̂_i + ρ (ŷ + d̄)
        y⁺   = ŷ + ρ d̄
        u_i⁺ = u_i + (p χ/(γ (1 + 2ω))) (d̄ - d_i)
        v⁺   = v + (p χ/(γ (1 + 2ω))) d̄
    otherwise:
        x_i⁺ = x̂_i,  y⁺ = ŷ,  u_i⁺ = u_i,  v⁺ = v

A client sends d_i and receives d̄; it follows y by itself. Without compression, and χ = ρ = 1, this is Scaffnew on 2n
clients, of which n have the function g.

Source: Condat, Maranjyan and Richtárik, "LoCoDL: Communication-Efficient Distributed Learning with Local Training and
Compression" (2024), algorithm 1.
"""

from typing import NamedTuple

import numpy as np

from ..core.compiled import njit
from ..problems.oracles import without_ridge, workspace
from .compressors import compress, compress_workspace
from .parts.cost import Pace
from .parts.local_steps import local_gradient_steps, local_phase
from .parts.messages import (
    compressor,
    cost,
    draw,
    outcomes,
    unbiased,
)
from .parts.rounds import fields, unroll

__all__ = ["cost", "draw", "outcomes", "unroll"]

#: The theorem that promises its rate.
PROMISE = "locodl"


class Params(NamedTuple):
    """The step size, the probability of communication, and how differences are sent and used."""

    gamma: float
    """Step size γ, positive."""
    p: float
    """Probability of communication in an iteration, in (0, 1]."""
    chi: float
    """Factor χ of the control variates' update, positive."""
    rho: float
    """Factor ρ of the models' update, positive."""
    mu_g: float
    """Strong convexity μ_g of the function g that is split off, positive."""
    C: str
    """The compressor, unbiased, for example "RandK(2)"."""


class State(NamedTuple):
    """The clients' models and control variates, and those of the shared model."""

    X: np.ndarray
    """Models x_i, shape (n, d)."""
    y: np.ndarray
    """The shared model, shape (d,)."""
    U: np.ndarray
    """Control variates u_i, shape (n, d)."""
    v: np.ndarray
    """Control variate of the shared model, shape (d,)."""


def initial(problem, params):
    """Return the start x_i = y = u_i = v = 0."""
    unbiased(params, "LoCoDL")
    n, d = problem.n, problem.d
    return State(np.zeros((n, d)), np.zeros(d), np.zeros((n, d)), np.zeros(d))


def step(kernel, params, state, outcome):
    """One iteration."""
    ends = outcome["coin"] == 1
    _iteration(without_ridge(kernel, params.mu_g), *_constants(params, state), *state, outcome["w"], ends)


def advance(kernel, params, state, draws):
    """All rounds, in each of them all local steps at once."""
    _rounds(without_ridge(kernel, params.mu_g), *_constants(params, state), *state, *fields(draws))


def _constants(params, state):
    """Return the compressor's kernel, γ, ρ, μ_g and p χ/(γ (1 + 2ω))."""
    C = compressor(params)
    factor = params.p * params.chi / (params.gamma * (1.0 + 2.0 * C.omega(state.y.shape[0])))
    return C.kernel, params.gamma, params.rho, params.mu_g, factor


@njit
def _iteration(kernel, C, gamma, rho, mu_g, factor, X, y, U, v, w, ends):
    """One local step with the kernel of the f_i - g, then the communication if ``ends``."""
    n, d = X.shape
    local_gradient_steps(kernel, X, U, gamma, 1, np.empty(d), workspace(kernel))
    _shared_steps(gamma, mu_g, 1, y, v)
    if ends:
        D, mean, difference = np.empty((n, d)), np.empty(d), np.empty(d)
        _send_differences(C, X, y, w, D, mean, difference, compress_workspace(C, d))
        _use_differences(rho, factor, X, y, U, v, D, mean)


@njit
def _rounds(kernel, C, gamma, rho, mu_g, factor, X, y, U, v, lengths, w):
    """All local steps of a round at once with the kernel of the f_i - g, then the communication."""
    n, d = X.shape
    work, message_work = workspace(kernel), compress_workspace(C, d)
    D, mean, difference = np.empty((n, d)), np.empty(d), np.empty(d)
    for r in range(lengths.shape[0]):
        local_phase(kernel, X, U, gamma, lengths[r], work)
        _shared_steps(gamma, mu_g, lengths[r], y, v)
        _send_differences(C, X, y, w[r], D, mean, difference, message_work)
        _use_differences(rho, factor, X, y, U, v, D, mean)


@njit
def _shared_steps(gamma, mu_g, k, y, v):
    """y ← y - γ (μ_g y - v), k times."""
    for _ in range(k):
        for j in range(y.shape[0]):
            y[j] -= gamma * (mu_g * y[j] - v[j])


@njit
def _send_differences(C, X, y, w, D, mean, difference, work):
    """d_i = C_i(x̂_i - ŷ) and d̄ = (1/(2n)) Σ_j d_j."""
    n, d = X.shape
    mean[:] = 0.0
    for i in range(n):
        for j in range(d):
            difference[j] = X[i, j] - y[j]
        compress(C, difference, w[i], D[i], work)
        for j in range(d):
            mean[j] += D[i, j] / (2 * n)


@njit
def _use_differences(rho, factor, X, y, U, v, D, mean):
    """Move the models by ρ and the control variates by p χ/(γ (1 + 2ω))."""
    n, d = X.shape
    for i in range(n):
        for j in range(d):
            X[i, j] = (1.0 - rho) * X[i, j] + rho * (y[j] + mean[j])
            U[i, j] += factor * (mean[j] - D[i, j])
    for j in range(d):
        y[j] += rho * mean[j]
        v[j] += factor * mean[j]


def pace(params) -> Pace:
    """A step is an iteration, which ends a round with probability p."""
    return Pace(params.p, 1.0)


def estimate(state):
    """Return the shared model."""
    return state.y.copy()


def fixed_point(problem, params, target):
    """x_i = y = x*, u_i = ∇f_i(x*) - μ_g x*, v = μ_g x*."""
    U = target.gradients - params.mu_g * target.x
    return State(np.tile(target.x, (problem.n, 1)), target.x.copy(), U, params.mu_g * target.x)


def lyapunov(problem, params, state, target):
    """V = Σ_i ‖x_i - x*‖² + n ‖y - x*‖² + (γ² (1 + 2ω)/(p² χ)) (Σ_i ‖u_i - u_i*‖² + n ‖v - v*‖²)."""
    fixed = fixed_point(problem, params, target)
    X, y, U, v = (np.sum((now - there) ** 2) for now, there in zip(state, fixed, strict=True))
    weight = params.gamma**2 * (1.0 + 2.0 * compressor(params).omega(problem.d)) / (params.p**2 * params.chi)
    return float(X + problem.n * y + weight * (U + problem.n * v))


def invariants(problem, params, state):
    """Return what stays 0: (1/n) Σ_i u_i + v."""
    return {"mean of the clients' control variates plus the shared one": state.U.mean(axis=0) + state.v}

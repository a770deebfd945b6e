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
    otherwise:  x_i⁺ = x̂_i,  y⁺ = ŷ,  u_i⁺ = u_i,  v⁺ = v

A client sends d_i, receives d̄ and follows y by itself. Uncompressed with χ = ρ = 1 it is Scaffnew on 2n clients.

Source: Condat, Maranjyan and Richtárik, "LoCoDL: Communication-Efficient Distributed Learning with Local Training and
Compression" (2024), algorithm 1.
"""

from typing import NamedTuple

import numpy as np

from ..problems import oracles
from .parts import letters, local_steps, messages, njit, rounds

RANDOM = rounds.Coin("p") & messages.EachClient("C")
SENDS = messages.Compressed(up="C")
PROMISE = "locodl"
GROUP = "compression and cohorts"


class Params(NamedTuple):
    """Step size γ, probability p, factors χ and ρ of control variates and models, convexity μ_g of g, compressor C."""

    gamma: letters.StepSize
    p: letters.Probability
    chi: letters.Factor
    rho: letters.Factor
    mu_g: letters.Convexity
    C: letters.Unbiased


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


def start(problem, params):
    """Return the start x_i = y = u_i = v = 0."""
    return State(*(np.zeros(shape) for shape in 2 * [(problem.n, problem.d), problem.d]))


def step(kernel, params, state, outcome):
    """One iteration."""
    seen = oracles.without_ridge(kernel, params.mu_g), local_steps.with_senders(params, state)
    _rounds(*seen, *state, np.ones(1, np.int64), outcome["w"][None], outcome["coin"] == 1)


def advance(kernel, params, state, draws):
    """All rounds, in each of them all local steps at once."""
    seen = oracles.without_ridge(kernel, params.mu_g), local_steps.with_senders(params, state)
    _rounds(*seen, *state, draws.lengths, np.ascontiguousarray(draws.ends["w"]), True)


@njit
def _rounds(kernel, params, X, y, U, v, lengths, w, ends):
    """Take the local steps of every round with the f_i - g, and communicate at its end if ``ends``."""
    gamma, p, chi, rho, mu_g, C = params
    factor = p * chi / (gamma * (1.0 + 2.0 * C.omega))
    n, d = X.shape
    D, mean, difference = np.empty((n, d)), np.empty(d), np.empty(d)
    work, sending = oracles.workspace(kernel), messages.sending_space(C, d)
    for r in range(lengths.shape[0]):
        oracles.local_phase(kernel, X, U, gamma, lengths[r], work)
        for _ in range(lengths[r]):
            for j in range(d):
                y[j] -= gamma * (mu_g * y[j] - v[j])
        if ends:
            # d_i = C_i(x̂_i - ŷ) and d̄ = (1/(2n)) Σ_j d_j
            mean[:] = 0.0
            for i in range(n):
                for j in range(d):
                    difference[j] = X[i, j] - y[j]
                messages.send(C, difference, w[r, i], D[i], sending)
                for j in range(d):
                    mean[j] += D[i, j] / (2 * n)
            for j in range(d):
                for i in range(n):
                    X[i, j] = (1.0 - rho) * X[i, j] + rho * (y[j] + mean[j])
                    U[i, j] += factor * (mean[j] - D[i, j])
                y[j] += rho * mean[j]
                v[j] += factor * mean[j]


def model(state):
    """Return the shared model."""
    return state.y.copy()


def fixed_point(problem, params, target):
    """x_i = y = x*, u_i = ∇f_i(x*) - μ_g x*, v = μ_g x*."""
    U = target.gradients - params.mu_g * target.x
    return State(np.tile(target.x, (problem.n, 1)), target.x.copy(), U, params.mu_g * target.x)


def invariants(problem, params, state):
    """Return what stays 0: (1/n) Σ_i u_i + v."""
    return {"mean of the clients' control variates plus the shared one": state.U.mean(axis=0) + state.v}

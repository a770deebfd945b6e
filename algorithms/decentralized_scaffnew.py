r"""Decentralised Scaffnew: clients average with their neighbours in a graph, and there is no server.

The recursion, with a gossip matrix W of the graph and Σ_i h_i = 0 at the start::

    x̂_i = x_i - γ (∇f_i(x_i) - h_i)
    with probability p:   x_i⁺ = (1 - t) x̂_i + t Σ_j w_ij x̂_j
    otherwise:            x_i⁺ = x̂_i
    h_i⁺ = h_i + (p/γ) (x_i⁺ - x̂_i)

On the complete graph, where W averages, t = 1 gives Scaffnew.

Source: Mishchenko, Malinovsky, Stich and Richtárik, "ProxSkip: Yes! Local Gradient Steps Provably Lead to
Communication Acceleration! Finally!" (2022), its decentralised section, with the mixing t as the dual step size.
"""

from typing import NamedTuple

import numpy as np

from ..core.compiled import njit
from ..problems.oracles import workspace
from .parts.cost import Cost
from .parts.graphs import gossip
from .parts.local_steps import local_gradient_steps, local_phase
from .parts.skipped_rounds import (
    State,
    draw,
    estimate,
    fixed_point,
    initial,
    outcomes,
    pace,
    unroll,
)
from .scaffnew import invariants

__all__ = ["State", "draw", "estimate", "fixed_point", "initial", "invariants", "outcomes", "pace", "unroll"]

#: The theorem that promises its rate.
PROMISE = "decentralized_scaffnew"


class Params(NamedTuple):
    """The step size, the probability of communication, and with whom and how much clients average."""

    gamma: float
    """Step size γ, positive."""
    p: float
    """Probability of communication in an iteration, in (0, 1]."""
    t: float
    """Mixing t, positive: the share of the neighbours' average."""
    graph: str
    """The graph, a name from :func:`rootkappa.algorithms.parts.graphs.names`."""
    weights: str
    """The weights of its edges, "metropolis" or "lazy"."""


def check(problem):
    """Raise an InputError for a single client, which has no neighbour."""
    gossip("complete", problem.n)


def step(kernel, params, state, coin):
    """One iteration: a local step, then the gossip if the coin says so."""
    _step(kernel, _matrix(params, state), params.gamma, params.p, params.t, *state, coin)


def advance(kernel, params, state, lengths):
    """All local steps of a round at once, then the gossip."""
    _advance(kernel, _matrix(params, state), params.gamma, params.p, params.t, *state, lengths)


def _matrix(params, state):
    return gossip(params.graph, len(state.X), params.weights).W


@njit
def _step(kernel, W, gamma, p, t, X, H, coin):
    n, d = X.shape
    local_gradient_steps(kernel, X, H, gamma, 1, np.empty(d), workspace(kernel))
    if coin == 1:
        _gossip(W, t, p / gamma, X, H, np.empty((n, d)))


@njit
def _advance(kernel, W, gamma, p, t, X, H, lengths):
    work, mixed = workspace(kernel), np.empty(X.shape)
    for k in lengths:
        local_phase(kernel, X, H, gamma, k, work)
        _gossip(W, t, p / gamma, X, H, mixed)


@njit
def _gossip(W, t, p_over_gamma, X, H, mixed):
    """x_i⁺ = (1 - t) x̂_i + t Σ_j w_ij x̂_j and h_i⁺ = h_i + (p/γ)(x_i⁺ - x̂_i); scratch ``mixed`` like X."""
    n, d = X.shape
    for i in range(n):
        for j in range(d):
            mixed[i, j] = (1.0 - t) * X[i, j]
        for k in range(n):
            if W[i, k] != 0.0:
                for j in range(d):
                    mixed[i, j] += t * W[i, k] * X[k, j]
    for i in range(n):
        for j in range(d):
            H[i, j] += p_over_gamma * (mixed[i, j] - X[i, j])
            X[i, j] = mixed[i, j]


def cost(problem, params, lengths) -> Cost:
    """One vector to and from every neighbour a round, for the client that has most neighbours."""
    iterations = int(lengths.sum())
    floats = gossip(params.graph, problem.n, params.weights).degree * problem.d * len(lengths)
    return Cost(iterations, floats, floats, 64 * floats, 64 * floats, iterations)


def lyapunov(problem, params, state, target):
    """V = Σ_i ‖x_i - x*‖² + (γ²/(p² t)) ⟨H - H*, (I - W)⁺ (H - H*)⟩ with h_i* = ∇f_i(x*)."""
    X, H = fixed_point(problem, params, target)
    dual = state.H - H
    inverse = gossip(params.graph, problem.n, params.weights).inverse
    weight = params.gamma**2 / (params.p**2 * params.t)
    return float(np.sum((state.X - X) ** 2) + weight * np.sum(dual * (inverse @ dual)))

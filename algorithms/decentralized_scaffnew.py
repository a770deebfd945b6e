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

from . import scaffnew
from .parts import communicate, graphs, implements, letters, own_scratch

RANDOM = scaffnew.RANDOM
SENDS = graphs.NEIGHBOURS
PROMISE = "decentralized_scaffnew"


class Params(NamedTuple):
    """The step size, the probability of communication, and with whom and how much clients average."""

    gamma: letters.StepSize
    """Step size γ."""
    p: letters.Probability
    """Probability of communication in an iteration."""
    t: letters.Mixing
    """Mixing t: the share of the neighbours' average."""
    graph: letters.Graph
    """The graph."""
    weights: letters.Weights
    """The weights of its edges, "metropolis" or "lazy"."""


def check(problem):
    """Raise an InputError for a single client, which has no neighbour."""
    graphs.gossip("complete", problem.n)


def compiled(params, state):
    """Return the letters with the gossip matrix W in the place of the graph."""
    return params._replace(graph=graphs.gossip(params.graph, len(state.X), params.weights).W, weights=())


@implements(communicate, Params)
def _gossip(params, kernel, state, w, scratch):
    """x_i⁺ = (1 - t) x̂_i + t Σ_j w_ij x̂_j and h_i⁺ = h_i + (p/γ) (x_i⁺ - x̂_i)."""
    X, H = state
    mixed = scratch.own
    graphs.mix(params.graph, params.t, X, mixed)
    for i in range(X.shape[0]):
        for j in range(X.shape[1]):
            H[i, j] += params.p / params.gamma * (mixed[i, j] - X[i, j])
            X[i, j] = mixed[i, j]


@implements(own_scratch, Params)
def _scratch(params, kernel, d):
    return np.empty((params.graph.shape[0], d))

r"""Decentralised Scaffnew: clients average with their neighbours in a graph, and there is no server.

With Σ_i h_i = 0 at the start and a gossip matrix W of the graph; where W averages t = 1 gives Scaffnew::

    x̂_i = x_i - γ (∇f_i(x_i) - h_i)
    with probability p:   x_i⁺ = (1 - t) x̂_i + t Σ_j w_ij x̂_j
    otherwise:            x_i⁺ = x̂_i
    h_i⁺ = h_i + (p/γ) (x_i⁺ - x̂_i)

Source: Mishchenko, Malinovsky, Stich and Richtárik, "ProxSkip: Yes! Local Gradient Steps Provably Lead to
Communication Acceleration! Finally!" (2022), its decentralised section, with the mixing t as the dual step size.
"""

from typing import NamedTuple

from . import scaffnew
from .parts import communicate, graphs, implements, letters, own_scratch, take

RANDOM = scaffnew.RANDOM
SENDS = graphs.NEIGHBOURS
PROMISE = "decentralized_scaffnew"
GROUP = "skipped communication"
FAMILY = graphs


class Params(NamedTuple):
    """Step size γ, probability p of communication, mixing t, the graph, and its weights, metropolis or lazy."""

    gamma: letters.StepSize
    p: letters.Probability
    t: letters.Mixing
    graph: letters.Graph
    weights: letters.Weights


def compiled(params, state):
    """Return the letters with the gossip matrix W in the place of the graph."""
    return params._replace(graph=graphs.gossip(params.graph, len(state.X), params.weights).W, weights=())


@implements(communicate, Params)
def _gossip(params, kernel, state, w, scratch):
    """x_i⁺ = (1 - t) x̂_i + t Σ_j w_ij x̂_j and h_i⁺ = h_i + (p/γ) (x_i⁺ - x̂_i)."""
    X, H = state
    graphs.mix(params.graph, params.t, X, scratch.own)
    for i in range(X.shape[0]):
        take(scratch.own[i], params.p / params.gamma, X[i : i + 1], H[i : i + 1])


implements(own_scratch, Params)(graphs.space_for_mixing)

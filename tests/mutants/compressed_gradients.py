"""EF21 whose clients compress their gradients and not the differences: top-k never sends what is small at the end."""

import numpy as np

from ..problems import oracles
from . import ef21
from .ef21 import PROMISE, RANDOM, SENDS, State, affine, fixed_point, start
from .parts import messages, njit


class Params(ef21.Params):
    """The step size γ and the compressor C, contractive, for example "TopK(2)"."""


def step(kernel, params, state, outcome):
    C = messages.sender(params.C, len(state.x))
    _rounds(kernel, params._replace(C=C), *state, outcome["w"][None])


def advance(kernel, params, state, draws):
    C = messages.sender(params.C, len(state.x))
    _rounds(kernel, params._replace(C=C), *state, np.ascontiguousarray(draws.ends["w"]))


@njit
def _rounds(kernel, params, x, G, w):
    gamma, C = params
    n, d = G.shape
    v, mean = np.empty(d), np.empty(d)
    work, sending = oracles.workspace(kernel), messages.sending_space(C, d)
    for t in range(w.shape[0]):
        messages.average(G, mean)
        x -= gamma * mean
        for i in range(n):
            oracles.gradient(kernel, i, x, v, work)
            messages.send(C, v, w[t, i], G[i], sending)

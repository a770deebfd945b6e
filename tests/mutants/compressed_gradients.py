"""EF21 whose clients compress their gradients and not the differences: top-k never sends what is small at the end."""

import numpy as np

from ..problems import oracles
from .ef21 import PROMISE, RANDOM, SENDS, Params, State, affine, fixed_point, start
from .parts import messages, njit


def step(kernel, params, state, outcome):
    C = messages.sender(params.C, len(state.x))
    _round(kernel, params._replace(C=C), *state, outcome["w"])


@njit
def _round(kernel, params, x, G, w):
    v, work, sending = np.empty_like(x), oracles.workspace(kernel), messages.sending_space(params.C, x.shape[0])
    x -= params.gamma * G.sum(axis=0) / G.shape[0]
    for i in range(G.shape[0]):
        oracles.gradient(kernel, i, x, v, work)
        messages.send(params.C, v, w[i], G[i], sending)

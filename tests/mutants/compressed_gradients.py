"""EF21 whose clients compress their gradients and not the differences: top-k never sends what is small at the end."""

import numpy as np

from ..core.compiled import njit
from ..core.vectors import mean_rows
from ..problems.oracles import gradient, workspace
from .compressors import compress, compress_workspace
from .ef21 import (
    PROMISE,
    Params,
    State,
    affine,
    cost,
    draw,
    estimate,
    fixed_point,
    initial,
    lyapunov,
    outcomes,
    pace,
)
from .parts.messages import compressor


def step(kernel, params, state, w):
    _rounds(kernel, compressor(params).kernel, params.gamma, *state, w[None])


def advance(kernel, params, state, w):
    _rounds(kernel, compressor(params).kernel, params.gamma, *state, np.ascontiguousarray(w))


@njit
def _rounds(kernel, C, gamma, x, G, w):
    n, d = G.shape
    v, mean = np.empty(d), np.empty(d)
    work, message_work = workspace(kernel), compress_workspace(C, d)
    for t in range(w.shape[0]):
        mean_rows(G, mean)
        for j in range(d):
            x[j] -= gamma * mean[j]
        for i in range(n):
            gradient(kernel, i, x, v, work)
            compress(C, v, w[t, i], G[i], message_work)

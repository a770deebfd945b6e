"""LoCoDL whose mean of differences divides by n, as if the shared model were no client."""

import numpy as np

from ..core.compiled import njit
from ..problems.oracles import gradient, workspace
from .compressors import compress, compress_workspace
from .locodl import (
    PROMISE,
    Params,
    State,
    cost,
    draw,
    estimate,
    fixed_point,
    initial,
    invariants,
    lyapunov,
    outcomes,
    pace,
    unroll,
)
from .parts.messages import compressor


def step(kernel, params, state, outcome):
    C = compressor(params)
    factor = params.p * params.chi / (params.gamma * (1.0 + 2.0 * C.omega(state.y.shape[0])))
    _step(kernel, C.kernel, params.gamma, params.rho, params.mu_g, factor, *state, outcome["coin"], outcome["w"])


@njit
def _step(kernel, C, gamma, rho, mu_g, factor, X, y, U, v, coin, w):
    n, d = X.shape
    g, D, work, message_work = np.empty(d), np.zeros((n, d)), workspace(kernel), compress_workspace(C, d)
    for i in range(n):
        gradient(kernel, i, X[i], g, work)
        X[i] -= gamma * (g - mu_g * X[i] - U[i])
    y -= gamma * (mu_g * y - v)
    if coin == 1:
        for i in range(n):
            compress(C, X[i] - y, w[i], D[i], message_work)
        mean = D.sum(axis=0) / n
        for i in range(n):
            X[i] = (1.0 - rho) * X[i] + rho * (y + mean)
            U[i] += factor * (mean - D[i])
        y += rho * mean
        v += factor * mean

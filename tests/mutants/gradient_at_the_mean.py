"""Scaffnew whose clients take their gradients at the mean of all models instead of their own."""

import numpy as np

from ..core.compiled import njit
from ..core.vectors import mean_rows
from ..problems.oracles import gradient, workspace
from .scaffnew import (
    PROMISE,
    Params,
    State,
    communicate,
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


@njit
def step(kernel, params, state, coin):
    X, H = state
    g, mean, work = np.empty(X.shape[1]), np.empty(X.shape[1]), workspace(kernel)
    mean_rows(X, mean)
    for i in range(X.shape[0]):
        gradient(kernel, i, mean, g, work)
        X[i] -= params.gamma * (g - H[i])
    if coin == 1:
        communicate(params.p / params.gamma, X, H, mean)

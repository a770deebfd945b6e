"""Scaffnew whose control variates compare the mean with the models before the local step, not after it."""

import numpy as np

from ..core.compiled import njit
from ..core.vectors import mean_rows
from ..problems.oracles import workspace
from .parts.local_steps import local_gradient_steps
from .scaffnew import (
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


@njit
def step(kernel, params, state, coin):
    X, H = state
    gamma, p = params.gamma, params.p
    g, mean, work = np.empty(X.shape[1]), np.empty(X.shape[1]), workspace(kernel)
    before = X.copy()
    local_gradient_steps(kernel, X, H, gamma, 1, g, work)
    if coin == 1:
        mean_rows(X, mean)
        for i in range(X.shape[0]):
            H[i] += p / gamma * (mean - before[i])
            X[i] = mean

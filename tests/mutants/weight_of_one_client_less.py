"""Scaffnew whose average divides by n - 1."""

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
    local_gradient_steps(kernel, X, H, gamma, 1, g, work)
    if coin == 1:
        mean_rows(X, mean)
        mean *= X.shape[0] / (X.shape[0] - 1)
        for i in range(X.shape[0]):
            H[i] += p / gamma * (mean - X[i])
            X[i] = mean

"""ProxSkip-VR that corrects a sampled gradient by that at the reference, and forgets the full one there."""

import numpy as np

from ..core.compiled import njit
from ..problems.oracles import component_gradient, workspace
from .proxskip_vr import (
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
from .scaffnew import communicate


def step(kernel, params, state, outcome):
    _step(kernel, params.gamma, params.p, *state, outcome["coin"], outcome["refresh"], outcome["j"])


@njit
def _step(kernel, gamma, p, X, H, Y, coin, refresh, sample):
    n, d = X.shape
    at_x, at_y, mean, work = np.empty(d), np.empty(d), np.empty(d), workspace(kernel)
    for i in range(n):
        component_gradient(kernel, i, sample[i], X[i], at_x, work)
        component_gradient(kernel, i, sample[i], Y[i], at_y, work)
        if refresh == 1:
            Y[i] = X[i]
        for j in range(d):
            X[i, j] -= gamma * (at_x[j] - at_y[j] - H[i, j])
    if coin == 1:
        communicate(p / gamma, X, H, mean)

"""TAMUNA whose average divides by the number of clients instead of by the number of senders."""

import numpy as np

from ..core.compiled import njit
from ..problems.oracles import workspace
from .parts.local_steps import broadcast, local_gradient_steps
from .tamuna import (
    PROMISE,
    Params,
    State,
    check,
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


def step(kernel, params, state, outcome):
    _step(kernel, params.gamma, params.p * params.chi, params.s, *state, outcome["coin"], outcome["w"])


@njit
def _step(kernel, gamma, p_chi, s, X, H, coin, omega):
    n, d = X.shape
    c = omega.shape[0]
    g, mean, work = np.empty(d), np.zeros(d), workspace(kernel)
    local_gradient_steps(kernel, X, H, gamma, 1, g, work)
    if coin == 1:
        for j in range(d):
            for t in range(s * j, s * j + s):
                mean[j] += X[omega[t % c], j] / n
            for t in range(s * j, s * j + s):
                H[omega[t % c], j] += p_chi / gamma * (mean[j] - X[omega[t % c], j])
        broadcast(mean, X)

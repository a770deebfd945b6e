"""ProxSkip-VR that corrects a sampled gradient by that at the reference, and forgets the full one there."""

import numpy as np

from ..problems.oracles import component_gradient, workspace
from .parts import average, njit, take
from .proxskip_vr import FAMILY, PROMISE, RANDOM, SENDS, Params, State, fixed_point, start


def step(kernel, params, state, outcome):
    _step(kernel, params, *state, outcome["coin"], outcome["refresh"], outcome["j"])


@njit
def _step(kernel, params, X, H, Y, coin, refresh, sample):
    at_x, at_y, work = np.empty(X.shape[1]), np.empty(X.shape[1]), workspace(kernel)
    for i in range(X.shape[0]):
        component_gradient(kernel, i, sample[i], X[i], at_x, work)
        component_gradient(kernel, i, sample[i], Y[i], at_y, work)
        if refresh == 1:
            Y[i] = X[i]
        X[i] -= params.gamma * (at_x - at_y - H[i])
    if coin == 1:
        average(X, at_x)
        take(at_x, params.p / params.gamma, X, H)

"""ProxSkip-VR that corrects a sampled gradient by that at the reference, and forgets the full one there."""

import numpy as np

from ..problems.oracles import component_gradient, workspace
from . import proxskip_vr
from .parts import average, njit, take
from .proxskip_vr import FAMILY, PROMISE, RANDOM, SENDS, State, fixed_point, gradients, start


class Params(proxskip_vr.Params):
    """The step size γ, and the probabilities p of communication and q of new reference points."""


def step(kernel, params, state, outcome):
    _step(kernel, params, *state, outcome["coin"], outcome["refresh"], outcome["j"])


@njit
def _step(kernel, params, X, H, Y, coin, refresh, sample):
    n, d = X.shape
    at_x, at_y, mean, work = np.empty(d), np.empty(d), np.empty(d), workspace(kernel)
    for i in range(n):
        component_gradient(kernel, i, sample[i], X[i], at_x, work)
        component_gradient(kernel, i, sample[i], Y[i], at_y, work)
        if refresh == 1:
            Y[i] = X[i]
        for j in range(d):
            X[i, j] -= params.gamma * (at_x[j] - at_y[j] - H[i, j])
    if coin == 1:
        average(X, mean)
        take(mean, params.p / params.gamma, X, H)

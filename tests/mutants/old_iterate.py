"""Scaffnew whose control variates compare the mean with the models before the local step, not after it."""

import numpy as np

from ..problems.oracles import workspace
from . import scaffnew
from .parts import average, njit
from .parts.local_steps import local_gradient_steps

RANDOM = scaffnew.RANDOM
SENDS = scaffnew.SENDS
PROMISE = scaffnew.PROMISE


class Params(scaffnew.Params):
    """The step size γ and the probability p of communication, which is Scaffnew's."""


def step(kernel, params, state, coin):
    _step(kernel, params, *state, coin)


@njit
def _step(kernel, params, X, H, coin):
    before, g, mean = X.copy(), np.empty(X.shape[1]), np.empty(X.shape[1])
    local_gradient_steps(kernel, X, H, params.gamma, 1, g, workspace(kernel))
    if coin == 1:
        average(X, mean)
        for i in range(X.shape[0]):
            H[i] += params.p / params.gamma * (mean - before[i])
            X[i] = mean

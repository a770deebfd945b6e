"""Scaffnew whose clients take their gradients at the mean of all models instead of their own."""

import numpy as np

from ..problems.oracles import gradient, workspace
from . import scaffnew
from .parts import average, njit, take

RANDOM = scaffnew.RANDOM
SENDS = scaffnew.SENDS
PROMISE = scaffnew.PROMISE


class Params(scaffnew.Params):
    """The step size γ and the probability p of communication, which is Scaffnew's."""


def step(kernel, params, state, coin):
    _step(kernel, params, *state, coin)


@njit
def _step(kernel, params, X, H, coin):
    g, mean, work = np.empty(X.shape[1]), np.empty(X.shape[1]), workspace(kernel)
    average(X, mean)
    for i in range(X.shape[0]):
        gradient(kernel, i, mean, g, work)
        X[i] -= params.gamma * (g - H[i])
    if coin == 1:
        average(X, mean)
        take(mean, params.p / params.gamma, X, H)

"""Scaffnew whose control variates compare the mean with the models before the local step, not after it."""

import numpy as np

from ..problems.oracles import gradient, workspace
from .parts import average, broadcast, njit
from .scaffnew import PROMISE, RANDOM, SENDS, Params


@njit
def step(kernel, params, state, coin):
    X, H = state
    g, mean, work = np.empty(X.shape[1]), np.empty(X.shape[1]), workspace(kernel)
    before = X.copy()
    for i in range(X.shape[0]):
        gradient(kernel, i, X[i], g, work)
        X[i] -= params.gamma * (g - H[i])
    if coin == 1:
        average(X, mean)
        broadcast(mean, X)
        H += params.p / params.gamma * (X - before)

"""Scaffnew whose clients take their gradients at the mean of all models instead of their own."""

import numpy as np

from ..problems.oracles import gradient, workspace
from .parts import average, njit, take
from .scaffnew import PROMISE, RANDOM, SENDS, Params


@njit
def step(kernel, params, state, coin):
    X, H = state
    g, mean, work = np.empty(X.shape[1]), np.empty(X.shape[1]), workspace(kernel)
    average(X, mean)
    for i in range(X.shape[0]):
        gradient(kernel, i, mean, g, work)
        X[i] -= params.gamma * (g - H[i])
    if coin == 1:
        average(X, mean)
        take(mean, params.p / params.gamma, X, H)

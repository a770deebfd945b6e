"""Scaffnew whose control variates move away from where they should."""

from . import scaffnew
from .parts import average, communicate, implements
from .scaffnew import PROMISE, RANDOM, SENDS


class Params(scaffnew.Params):
    pass


@implements(communicate, Params)
def _average(params, kernel, state, w, scratch):
    X, H = state
    average(X, scratch.mean)
    for i in range(X.shape[0]):
        H[i] -= params.p / params.gamma * (scratch.mean - X[i])
        X[i] = scratch.mean

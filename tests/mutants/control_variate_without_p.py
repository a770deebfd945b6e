"""Scaffnew whose control variates move by 1/γ instead of p/γ."""

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
        H[i] += (scratch.mean - X[i]) / params.gamma
        X[i] = scratch.mean

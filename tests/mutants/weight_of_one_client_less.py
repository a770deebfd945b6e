"""Scaffnew whose average divides by n - 1."""

from . import scaffnew
from .parts import communicate, implements, take
from .scaffnew import PROMISE, RANDOM, SENDS


class Params(scaffnew.Params):
    pass


@implements(communicate, Params)
def _average(params, kernel, state, w, scratch):
    take(state.X.sum(axis=0) / (state.X.shape[0] - 1), params.p / params.gamma, state.X, state.H)

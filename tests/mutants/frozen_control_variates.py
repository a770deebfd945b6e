"""Scaffnew whose control variates stay 0: FedAvg with rounds of random length."""

from . import scaffnew
from .parts import average, broadcast, communicate, implements
from .scaffnew import PROMISE, RANDOM, SENDS


class Params(scaffnew.Params):
    pass


@implements(communicate, Params)
def _average(params, kernel, state, w, scratch):
    average(state.X, scratch.mean)
    broadcast(scratch.mean, state.X)

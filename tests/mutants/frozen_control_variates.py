"""Scaffnew whose control variates stay 0: FedAvg with rounds of random length."""

from . import scaffnew
from .parts import average, broadcast, communicate, implements

RANDOM = scaffnew.RANDOM
SENDS = scaffnew.SENDS
PROMISE = scaffnew.PROMISE


class Params(scaffnew.Params):
    """The step size γ and the probability p of communication, which is Scaffnew's."""


@implements(communicate, Params)
def _communicate(params, kernel, state, w, scratch):
    average(state.X, scratch.mean)
    broadcast(scratch.mean, state.X)

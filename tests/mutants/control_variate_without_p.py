"""Scaffnew whose control variates move by 1/γ instead of p/γ."""

from . import scaffnew
from .parts import average, communicate, implements, take

RANDOM = scaffnew.RANDOM
SENDS = scaffnew.SENDS
PROMISE = scaffnew.PROMISE


class Params(scaffnew.Params):
    """The step size γ and the probability p of communication, which is Scaffnew's."""


@implements(communicate, Params)
def _communicate(params, kernel, state, w, scratch):
    average(state.X, scratch.mean)
    take(scratch.mean, 1.0 / params.gamma, state.X, state.H)

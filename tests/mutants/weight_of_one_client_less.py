"""Scaffnew whose average divides by n - 1."""

from . import scaffnew
from .parts import average, communicate, implements, take

RANDOM = scaffnew.RANDOM
SENDS = scaffnew.SENDS
PROMISE = scaffnew.PROMISE


class Params(scaffnew.Params):
    """The step size γ and the probability p of communication, which is Scaffnew's."""


@implements(communicate, Params)
def _communicate(params, kernel, state, w, scratch):
    X, H = state
    average(X, scratch.mean)
    scratch.mean[:] *= X.shape[0] / (X.shape[0] - 1)
    take(scratch.mean, params.p / params.gamma, X, H)

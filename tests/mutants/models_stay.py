"""Scaffnew that corrects the control variates but forgets to move the models to their mean."""

from . import scaffnew
from .parts import average, communicate, implements

RANDOM = scaffnew.RANDOM
SENDS = scaffnew.SENDS
PROMISE = scaffnew.PROMISE


class Params(scaffnew.Params):
    """The step size γ and the probability p of communication, which is Scaffnew's."""


@implements(communicate, Params)
def _communicate(params, kernel, state, w, scratch):
    X, H = state
    average(X, scratch.mean)
    for i in range(X.shape[0]):
        H[i] += params.p / params.gamma * (scratch.mean - X[i])

"""Scaffnew that lists its communication with probability p and forgets to list the other side of the coin."""

from . import scaffnew

RANDOM = scaffnew.RANDOM
SENDS = scaffnew.SENDS
PROMISE = scaffnew.PROMISE


class Params(scaffnew.Params):
    """The step size γ and the probability p of communication, which is Scaffnew's."""


def outcomes(problem, params):
    return ((params.p, 1),)

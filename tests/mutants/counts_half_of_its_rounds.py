"""Scaffnew whose pace says that a step ends a round with probability p/2 although it does so with p."""

from . import scaffnew
from .parts.cost import Pace

RANDOM = scaffnew.RANDOM
SENDS = scaffnew.SENDS
PROMISE = scaffnew.PROMISE


class Params(scaffnew.Params):
    """The step size γ and the probability p of communication, which is Scaffnew's."""


def pace(params):
    return Pace(params.p / 2, 1.0)

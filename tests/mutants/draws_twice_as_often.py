"""Scaffnew whose coins are drawn with 2p although step and outcomes go by p."""

from . import scaffnew

RANDOM = scaffnew.RANDOM
SENDS = scaffnew.SENDS
PROMISE = scaffnew.PROMISE


class Params(scaffnew.Params):
    """The step size γ and the probability p of communication, which is Scaffnew's."""


def draw(rng, problem, params, rounds):
    return RANDOM.draw(rng, problem, params._replace(p=min(2 * params.p, 1.0)), rounds)

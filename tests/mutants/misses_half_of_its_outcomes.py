"""Scaffnew that lists its communication with probability p and forgets to list the other side of the coin."""

from .scaffnew import PROMISE, RANDOM, SENDS, Params


def outcomes(problem, params):
    return ((params.p, 1),)

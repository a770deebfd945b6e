"""Scaffnew whose coins are drawn with 2p although step and outcomes go by p."""

from .parts import Coin
from .scaffnew import PROMISE, SENDS, Params


class TwiceAsOften(Coin):
    def lengths(self, rng, params, rounds):
        return rng.geometric(min(2 * params.p, 1.0), rounds)


RANDOM = TwiceAsOften("p")

"""Scaffnew whose coins are drawn with p/2 although step and outcomes go by p."""

from .parts import Coin
from .scaffnew import PROMISE, SENDS, Params


class HalfAsOften(Coin):
    def lengths(self, rng, params, rounds):
        return rng.geometric(params.p / 2, rounds)


RANDOM = HalfAsOften("p")

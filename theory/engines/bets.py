r"""What sampled paths win in bets against a rate: the evidence that the rate is broken.

A bet of the fraction :math:`\lambda` on a number R that is at most 1 in the mean multiplies the capital by
:math:`1 + \lambda (R - 1)`, at most 1 in the mean too. Here R is V at one recorded round, divided by what is promised
of it from the round before: rounds end at stopping times, so that it is at most 1 in the mean however long they are.
Which fraction is best nobody knows before, so the capital is spread over several, and over the ways to bet. The sum is
a nonnegative supermartingale from 1: if the rate is kept it ever exceeds :math:`1/\alpha` with probability
:math:`\alpha` at most (Ville's inequality).

With noise :math:`\rho^{D-s} V_{t+s} + \sigma^2 (1 - \rho^{D-s}) / (1 - \rho)`, the V that is promised D steps after the
first round, stands in the place of :math:`V_{t+s}`, and likewise at the start. D is fixed before; if more steps than D
are made, the bet is lost.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..verdict import TINY, Bound

#: The fractions of the capital that are bet.
FRACTIONS = 2.0 ** -np.arange(8)
# With noise, how many horizons the whole of a path is held against.
_HORIZONS = 32


class Walk(NamedTuple):
    """What counts of one path."""

    rounds: np.ndarray
    """The recorded rounds, from 0."""
    steps: np.ndarray
    """How many steps were made at each of them."""
    low: np.ndarray
    """V relative to its start, without what may be rounding in it."""
    high: np.ndarray
    """V relative to its start, with what rounding may have taken from it."""
    length: float
    """How many steps a round has on average; if it is 1, every round has one."""

    def without(self, rounding: float) -> "Walk":
        """Return the walk with what rounding of that size, beside the root of the first V, may have changed."""
        # A V that is written as a difference may round to less than 0.
        roots = np.sqrt(np.maximum(self.low, 0.0)), np.sqrt(np.maximum(self.high, 0.0))
        low, high = np.maximum(roots[0] - rounding, 0.0) ** 2, (roots[1] + rounding) ** 2
        low[0] = high[0] = 1.0
        return self._replace(low=low, high=high)


def whole(bound: Bound, walks: Sequence[Walk], rounds: int) -> np.ndarray:
    """Return, at each recorded round, the logarithm of the mean over paths of V relative to what was promised.

    ``rounds`` is how many the paths were to have.
    """
    length = max(len(walk.steps) for walk in walks)
    logs = np.full((len(walks), length), -np.inf)
    for path, walk in enumerate(walks):
        if bound.noise > 0.0:
            horizons = walk.length * rounds * np.linspace(0.0, 1.0, _HORIZONS + 1)[1:]
            each = [_seen(bound, walk.low, walk.steps, T) - _seen(bound, 1.0, 0.0, T) for T in horizons]
            ratio = np.logaddexp.reduce(each, axis=0) - math.log(len(each))
        else:
            ratio = _seen(bound, walk.low, walk.steps, 0.0)
        # A path that has arrived stays where it is: a stopped supermartingale is still one.
        logs[path] = np.append(ratio, np.full(length - len(ratio), ratio[-1]))
    return np.logaddexp.reduce(logs, axis=0) - math.log(len(walks))


def ratios(bound: Bound, walk: Walk) -> np.ndarray:
    """Return the logarithm of V at each recorded round but the first, relative to what the round before promises.

    Once V is nothing but rounding there is nothing to bet on: 0.
    """
    made = np.diff(walk.steps)
    # More than so many steps are hardly ever made.
    room = made if walk.length == 1.0 else walk.length * (2.0 * np.diff(walk.rounds) + 8.0)
    with np.errstate(invalid="ignore"):
        logs = _seen(bound, walk.low[1:], made, room) - _seen(bound, walk.high[:-1], 0.0, room)
    return np.where((walk.low[:-1] > 0.0) & np.isfinite(walk.high[:-1]), logs, 0.0)


def capital(logs: np.ndarray) -> np.ndarray:
    """Return the logarithm of the capital after each bet, on ratios with these logarithms; the first is before any.

    Examples
    --------
    >>> [round(float(log), 1) for log in capital(np.log([1.0, 1.5, 1.5]))]
    [0.0, 0.0, 0.1, 0.3]
    """
    with np.errstate(divide="ignore"):
        kept = np.log1p(-FRACTIONS)
    factors = np.logaddexp(kept[:, None], np.log(FRACTIONS)[:, None] + logs)
    sums = np.concatenate([np.zeros((len(FRACTIONS), 1)), np.cumsum(factors, axis=1)], axis=1)
    return np.logaddexp.reduce(sums, axis=0) - math.log(len(FRACTIONS))


def in_turn(bound: Bound, walks: Sequence[Walk]) -> np.ndarray:
    """Return the logarithm of the capital at each recorded round: at each there is a bet on every path, in turn."""
    length = max(len(walk.steps) for walk in walks) - 1
    logs = np.zeros((length, len(walks)))
    for path, walk in enumerate(walks):
        logs[: len(walk.steps) - 1, path] = ratios(bound, walk)
    return capital(logs.ravel())[:: len(walks)]


def _seen(bound: Bound, V: np.ndarray | float, steps: np.ndarray | float, room: np.ndarray | float) -> np.ndarray:
    """Return the logarithm of V after some steps, seen from the promise of more: so that steps make no difference."""
    with np.errstate(divide="ignore"):
        log_V = np.log(V)
    if bound.noise == 0.0:
        return log_V - np.asarray(steps) * math.log(bound.rho or TINY)
    left = np.asarray(room) - steps
    return np.where(left >= 0.0, bound.log_from(log_V, np.maximum(left, 0.0)), -np.inf)

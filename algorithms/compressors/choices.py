"""Random choices without replacement, many at once."""

import numpy as np

from ...core.checks import checked_count
from ...core.compiled import njit


def choices(rng: np.random.Generator, total: int, k: int, count: int) -> np.ndarray:
    """Return ``count`` times ``k`` distinct numbers below ``total`` in random order, shape (count, k).

    Every ordered choice is as likely; the time is of the order of total + count k.

    Examples
    --------
    >>> sorted(choices(np.random.default_rng(0), 3, 3, 1)[0].tolist())
    [0, 1, 2]
    """
    chosen = rng.integers(0, total - np.arange(k), size=(checked_count("count", count), k))
    _without_replacement(chosen, np.arange(total))
    return chosen


@njit
def _without_replacement(chosen, pool):
    """Turn places among those still left, row by row, into distinct numbers: the start of a random shuffle."""
    count, k = chosen.shape
    # A row starts from the order that the last one left: whatever it is, all choices are as likely.
    for row in range(count):
        for step in range(k):
            place = step + chosen[row, step]
            pool[step], pool[place] = pool[place], pool[step]
            chosen[row, step] = pool[step]

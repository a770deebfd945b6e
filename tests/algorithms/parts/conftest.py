"""What the tests of parts share: a test of draws against their listing that is exact for any number of draws."""

import math
from collections import Counter

import numpy as np
import pytest


def _key(value):
    """Return something hashable for a number, an array or a record."""
    if getattr(value, "dtype", None) is not None and value.dtype.names:
        return tuple(_key(value[name]) for name in value.dtype.names)
    return tuple(np.ravel(value).tolist())


@pytest.fixture(scope="session")
def follow():
    """Return a function that says whether draws follow a listing; it errs once in 10^9 times where they do.

    The likelihood of a mixture of all distributions, relative to the listed one, has the mean 1 where the draws follow
    it, after any number of them: so it exceeds 10^9 with a probability of at most 10^-9.
    """

    def follows(draws, listing):
        expected, drawn = Counter(), Counter(map(_key, draws))
        for probability, value in listing:
            expected[_key(value)] += probability
        if any(expected[value] <= 0.0 for value in drawn):
            return False
        cells = len(expected)
        log_ratio = math.lgamma(cells / 2) - math.lgamma(drawn.total() + cells / 2)
        log_ratio += sum(math.lgamma(drawn[value] + 0.5) - math.lgamma(0.5) for value in expected)
        log_ratio -= sum(count * math.log(expected[value]) for value, count in drawn.items())
        return log_ratio < 9 * math.log(10)

    return follows

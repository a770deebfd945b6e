"""Rounds that end with a call: the randomness of methods that compress what a prox or an average changes.

A Bernoulli compressor sends all or nothing, so where it sends nothing there was no need for the call: a round then is
the steps up to the next call, of geometric length. Every other compressor makes a round of each step. The records are
those of :mod:`rootkappa.algorithms.parts.rounds`: nobody reads ``w`` before the coin is 1.
"""

import numpy as np

from ..compressors import Compressor, get
from ..compressors.bernoulli import Bernoulli
from .cost import Pace
from .rounds import draw_rounds, listed

# More outcomes than this are not listed.
_LISTED = 4095


def outcomes(R: Compressor, d: int):
    """Return both sides of the coin, and every randomness of the call when it is 1; None if there is too much."""
    if isinstance(R, Bernoulli):
        return listed(R.p, [(1.0, np.ones(1, dtype=np.int64))])
    randomness = R.randomness(d)
    return None if randomness is None or len(randomness) > _LISTED else listed(1.0, randomness)


def draw(rng: np.random.Generator, R: Compressor, d: int, rounds: int) -> np.ndarray:
    """Return the lengths of the rounds and the randomness of their calls.

    Examples
    --------
    >>> draw(np.random.default_rng(0), get("Identity()"), 3, 2)["length"]
    array([1, 1])
    """
    if isinstance(R, Bernoulli):
        return draw_rounds(rng, R.p, np.ones((rounds, 1), dtype=np.int64))
    return draw_rounds(rng, 1.0, R.draw(rng, d, rounds))


def pace(params) -> Pace:
    """A step is an iteration, which ends a round with probability p under Bernoulli(p), and always otherwise."""
    R = get(params.R)
    return Pace(R.p if isinstance(R, Bernoulli) else 1.0, 1.0)

"""What ProxSkip-VR and SProxSkip share: every client samples one of its components in every iteration."""

from itertools import product
from math import prod

import numpy as np

from ...problems.oracles import components

# More outcomes of a step than this are not listed.
_LISTED = 4096


def sizes(problem):
    """Return how many components every client has, shape (n,)."""
    return np.array([components(problem.kernel, i) for i in range(problem.n)])


def sample(rng, problem, steps):
    """Return one component for every step and client, uniform and independent; shape (steps, n)."""
    return rng.integers(sizes(problem), size=(steps, problem.n))


def listed_samples(problem, coins):
    """Return the outcomes of a step, None if there are too many.

    Parameters
    ----------
    problem : Problem
    coins : dict of str to float
        The names and the probabilities of the coins that a step flips, independent of each other.
    """
    m = sizes(problem)
    count = 2 ** len(coins) * prod(map(int, m))
    if count > _LISTED:
        return None
    outcomes = np.zeros(count, dtype=[*((coin, np.int64) for coin in coins), ("j", np.int64, (problem.n,))])
    pairs = []
    every = product(*([(0, 1)] * len(coins)), *(range(size) for size in m))
    for outcome, values in zip(outcomes, every, strict=True):
        flips, j = values[: len(coins)], values[len(coins) :]
        for coin, flip in zip(coins, flips, strict=True):
            outcome[coin] = flip
        outcome["j"] = j
        chances = (q if flip else 1.0 - q for q, flip in zip(coins.values(), flips, strict=True))
        pairs.append((prod(chances) / prod(map(int, m)), outcome))
    return pairs

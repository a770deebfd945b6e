"""Agents that choose a letter of a method in each round from what the last rounds gained: here a bandit.

A trained network stands there in SPATL's paper; a bandit learns while it runs, from nothing but the loss.
"""

from collections.abc import Sequence

import numpy as np

# The weight of the past in what is remembered of an arm, and of what a round gains.
_MEMORY = 0.7


class Bandit:
    """An ε-greedy choice among values of a letter, by the decrease of the loss for a bit.

    A round gains ever less the nearer the minimum is, so a gain is counted in units of what the last rounds gained.

    Parameters
    ----------
    arms : sequence of float
        The values; each is tried once, from the last to the first, before any is preferred.
    epsilon : float
        The probability of a choice at random, in [0, 1].
    rng : numpy.random.Generator
        What is drawn.

    Examples
    --------
    >>> bandit = Bandit([0.1, 1.0], 0.0, np.random.default_rng(0))
    >>> for gain in (1.0, 1.0):
    ...     arm = bandit.choose()
    ...     bandit.learn(arm, gain, 100.0 * arm)
    >>> bandit.choose()
    0.1
    """

    def __init__(self, arms: Sequence[float], epsilon: float, rng: np.random.Generator) -> None:
        self._arms, self._epsilon, self._rng = tuple(arms), epsilon, rng
        self._values: dict[float, float] = {}
        self._usual = 0.0

    def choose(self) -> float:
        """Return the value for the next round."""
        for arm in reversed(self._arms):
            if arm not in self._values:
                return arm
        if self._rng.random() < self._epsilon:
            return self._arms[self._rng.integers(len(self._arms))]
        return max(self._arms, key=lambda arm: self._values[arm])

    def learn(self, arm: float, gain: float, bits: float) -> None:
        """Remember by how much the loss decreased in a round with a value, and what the round cost."""
        self._usual = _MEMORY * self._usual + (1.0 - _MEMORY) * abs(gain) if self._usual else abs(gain)
        reward = gain / (self._usual * bits) if self._usual else 0.0
        before = self._values.get(arm)
        self._values[arm] = reward if before is None else _MEMORY * before + (1.0 - _MEMORY) * reward

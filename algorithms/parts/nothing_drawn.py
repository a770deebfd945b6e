"""What the methods share that draw nothing and whose model lives at the server."""

from typing import Any, NamedTuple

import numpy as np

from .cost import Pace
from .rounds import Draws, EveryStep


class Nothing(EveryStep):
    """Nothing is drawn, and every step is a round, of as many iterations as a letter says.

    Parameters
    ----------
    letter : str, optional
        The letter for the number of local steps; by default a round is one iteration.
    """

    def __init__(self, letter: str | None = None) -> None:
        self.letter = letter

    def lengths(self, rng: np.random.Generator, params: Any, rounds: int) -> np.ndarray:
        return np.full(rounds, getattr(params, self.letter) if self.letter else 1, dtype=np.int64)

    def unroll(self, draws: Draws) -> np.ndarray:
        # A step is a whole round.
        return np.ones(len(draws), dtype=np.int64)

    def pace(self, params: Any) -> Pace:
        return Pace(1.0, float(getattr(params, self.letter)) if self.letter else 1.0)


class State(NamedTuple):
    """The model."""

    x: np.ndarray
    """Model of the server, shape (d,)."""


def start(problem, params):
    """Return the start x = 0."""
    return State(np.zeros(problem.d))


def model(state):
    """Return the server's model."""
    return state.x


def fixed_point(problem, params, target):
    """x = x*."""
    return State(target.x.copy())

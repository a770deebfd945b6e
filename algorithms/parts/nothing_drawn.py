"""What the methods share that draw nothing and whose model lives at the server."""

from typing import NamedTuple

import numpy as np

from .rounds import Phases


class Nothing(Phases):
    """Nothing is drawn, and every step is a round, of as many iterations as a letter says."""


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

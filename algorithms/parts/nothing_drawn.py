"""What the methods share that draw nothing and whose model lives at the server."""

from typing import NamedTuple

import numpy as np

from .cost import Pace


class State(NamedTuple):
    """The model."""

    x: np.ndarray
    """Model of the server, shape (d,)."""


def initial(problem, params):
    """Return the start x = 0."""
    return State(np.zeros(problem.d))


def outcomes(problem, params):
    """Return the only realisation of a step: nothing is drawn."""
    return ((1.0, 0),)


def unroll(lengths):
    """Return the outcome of every step, the same 0 for each round."""
    return np.zeros_like(lengths)


def draw_equal_rounds(rng, problem, params, rounds):
    """Return the length K of every round."""
    return np.full(rounds, params.K, dtype=np.int64)


def pace_of_rounds(params) -> Pace:
    """A step is a round of K iterations."""
    return Pace(1.0, float(params.K))


def pace_of_iterations(params) -> Pace:
    """A step is an iteration and a round."""
    return Pace(1.0, 1.0)


def estimate(state):
    """Return the server's model."""
    return state.x

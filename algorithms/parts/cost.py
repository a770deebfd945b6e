"""What a round costs: iterations, floats, bits and gradients, each counted apart."""

from typing import Any, NamedTuple

import numpy as np

_BITS_PER_FLOAT = 64


class Cost(NamedTuple):
    """Totals over some communication rounds, for one client.

    Floats and bits up are what the client sends to the server, down what it receives.
    """

    iterations: int
    floats_up: int
    floats_down: int
    bits_up: int
    bits_down: int
    gradients: int

    def plus(self, other: "Cost") -> "Cost":
        """Return the sum of two costs."""
        return Cost(*(a + b for a, b in zip(self, other, strict=True)))


NOTHING = Cost(0, 0, 0, 0, 0, 0)


class Pace(NamedTuple):
    """What one call of ``step`` stands for, in expectation."""

    rounds: float
    iterations: float


def dense_cost(problem: Any, lengths: np.ndarray, vectors: int = 1, extra_gradients: int = 0) -> Cost:
    """Return the cost of rounds in which full vectors of d floats travel both ways.

    Parameters
    ----------
    problem : Problem
        For its dimension d.
    lengths : ndarray of int, shape (rounds,)
        The local steps of each round, one gradient each.
    vectors : int
        How many vectors a client sends, and receives, in a round.
    extra_gradients : int
        Gradients of a client in each round that are no local steps.
    """
    iterations, floats = int(lengths.sum()), vectors * problem.d * len(lengths)
    bits = _BITS_PER_FLOAT * floats
    return Cost(iterations, floats, floats, bits, bits, iterations + extra_gradients * len(lengths))

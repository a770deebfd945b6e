"""What a round costs: iterations, floats, bits and gradients, each counted apart."""

from collections.abc import Callable
from dataclasses import dataclass
from operator import add
from typing import Any, NamedTuple, Protocol

from ...problems.problem import Problem

_BITS_PER_FLOAT = 64


class Cost(NamedTuple):
    """Totals over some communication rounds, for one client that takes part.

    Floats and bits up are what it sends to the server or to all its neighbours, down what it receives: those of the
    client that has most of them. Gradients are the clients' mean, each where none has been computed before; where those
    of components are, a whole one counts as many as there are components.
    """

    iterations: int
    floats_up: int
    floats_down: int
    bits_up: int
    bits_down: int
    gradients: int

    def plus(self, other: "Cost") -> "Cost":
        """Return the sum of two costs."""
        return Cost(*map(add, self, other))


NOTHING = Cost(0, 0, 0, 0, 0, 0)


class Pace(NamedTuple):
    """What one call of ``step`` stands for, in expectation."""

    rounds: float
    iterations: float


class Length(NamedTuple):
    """The length of what one client sends or receives in a round."""

    floats: int
    bits: int


class Parcel(Protocol):
    """What travels in one direction in a round."""

    def length(self, problem: Problem, params: Any) -> Length:
        """Return its length."""
        ...


def dimension(problem: Problem) -> int:
    """Return d."""
    return problem.d


@dataclass(frozen=True)
class Vectors(Parcel):
    """So many vectors of ``size(problem)`` floats, by default d."""

    count: int = 1
    size: Callable[[Problem], int] = dimension

    def length(self, problem: Problem, params: Any) -> Length:
        """Return as many floats as they have."""
        return numbers(self.count * self.size(problem))


@dataclass(frozen=True)
class Sends:
    """What a client sends and receives in every round: a method's ``SENDS``.

    Parameters
    ----------
    up, down : Parcel
        All that travels in a round in that direction.
    exchanges : int or str
        How often in a round clients send and wait for an answer, or the letter that says so.
    """

    up: Parcel
    down: Parcel
    exchanges: int | str = 1

    def cost(self, problem: Problem, params: Any, rounds: int, iterations: int, gradients: int) -> Cost:
        """Return the cost of so many rounds."""
        up, down = self.up.length(problem, params), self.down.length(problem, params)
        return Cost(
            iterations, up.floats * rounds, down.floats * rounds, up.bits * rounds, down.bits * rounds, gradients
        )


def Dense(up: int = 1, down: int = 1, exchanges: int | str = 1) -> Sends:
    """Return the ``SENDS`` of a method that sends and receives so many full vectors a round, in so many exchanges.

    Examples
    --------
    >>> Dense(up=2).up.count
    2
    """
    return Sends(Vectors(up), Vectors(down), exchanges)


def numbers(count: int) -> Length:
    """Return the length of so many floats."""
    return Length(count, _BITS_PER_FLOAT * count)

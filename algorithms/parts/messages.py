"""What leaves a client: its vector as it is, into an average, or what a compressor makes of it.

Everything that one node tells another goes through :func:`average` or :func:`send`, so that what a method declares in
``SENDS`` can be held against what it sends.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any, NamedTuple

import numpy as np

from ...core.compiled import njit
from ...core.inner import inner
from ...core.vectors import mean_rows
from ...problems.problem import Problem
from ..compressors import Compressor, compress, compress_workspace, get
from ..compressors.mixture import Mixture
from .cost import Length, Parcel, Sends, Vectors, dimension, numbers
from .rounds import LISTED, Listing, Part


def compressor(params: Any, letter: str = "C") -> Compressor:
    """Return the compressor that a letter names."""
    return get(getattr(params, letter))


@dataclass(frozen=True)
class EachClient(Part):
    """The randomness with which every client compresses, independent of the others'.

    Parameters
    ----------
    letter : str
        The letter that names the compressor.
    in_every_step : bool
        Whether clients compress in every step, or once a round.
    """

    letter: str
    in_every_step: bool = False
    name: str = "w"

    def draw(self, rng: np.random.Generator, problem: Problem, params: Any, count: int) -> np.ndarray:
        C = compressor(params, self.letter)
        w = C.draw(rng, problem.d, count * problem.n)
        return w.reshape(count, problem.n, *w.shape[1:])

    def listed(self, problem: Problem, params: Any) -> Listing:
        randomness = compressor(params, self.letter).randomness(problem.d)
        if randomness is None or len(randomness) ** problem.n > LISTED:
            return None
        every = product(randomness, repeat=problem.n)
        return [(prod(q for q, _ in messages), np.array([w for _, w in messages])) for messages in every]

    def mixtures(self, problem: Problem, params: Any) -> list[Mixture] | None:
        mixture = compressor(params, self.letter).mixture(problem.d)
        return None if mixture is None else [mixture] * problem.n


@dataclass(frozen=True)
class Message(Parcel):
    """So many vectors of ``size(problem)`` coordinates that the compressor which a letter names has made shorter."""

    letter: str
    count: int = 1
    size: Callable[[Problem], int] = dimension

    def length(self, problem: Problem, params: Any) -> Length:
        """Return the compressor's own count of numbers and bits."""
        floats, bits = compressor(params, self.letter).length(self.size(problem))
        return Length(self.count * floats, self.count * bits)


@dataclass(frozen=True)
class KnownCoordinates(Parcel):
    """What a compressor keeps whose randomness everybody shares: only the numbers travel, not their places."""

    letter: str

    def length(self, problem: Problem, params: Any) -> Length:
        """Return as many numbers as the compressor keeps."""
        return numbers(compressor(params, self.letter).length(problem.d)[0])


def Compressed(up: str | None = None, down: str | None = None, count: int = 1) -> Sends:
    """Return the ``SENDS`` of a method that compresses what goes up, or down, or both; else full vectors travel.

    Parameters
    ----------
    up, down : str, optional
        The letters that name the compressors.
    count : int
        How many compressed vectors travel in a round.

    Examples
    --------
    >>> Compressed(up="C", count=2).up.count
    2
    """
    return Sends(Message(up, count) if up else Vectors(1), Message(down, count) if down else Vectors(1))


def Known(letter: str) -> Sends:
    """Return the ``SENDS`` of a method whose compressor keeps coordinates that all know, both ways."""
    return Sends(KnownCoordinates(letter), KnownCoordinates(letter))


class Sender(NamedTuple):
    """A compressor as compiled code sees it."""

    kernel: Any
    """The compressor's kernel."""
    omega: float
    """Its variance ω, infinity if it is biased."""


def sender(text: str, d: int) -> Sender:
    """Return the compressor that is written as in Python, for vectors with ``d`` coordinates."""
    C = get(text)
    return Sender(C.kernel, C.omega(d))


@inner
def send(C, x, w, message, work):
    """Write to ``message`` what a node sends instead of x; ``C`` is a :class:`Sender`."""
    compress(C.kernel, x, w, message, work)


@inner
def sending_space(C, d):
    """Return new scratch space for :func:`send`."""
    return compress_workspace(C.kernel, d)


@njit
def average(X, mean):
    """Every client sends its vector, a row of X; ``mean`` becomes (1/n) Σ_i x_i."""
    mean_rows(X, mean)

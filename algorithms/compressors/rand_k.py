"""Rand-k: some coordinates, chosen at random."""

from itertools import combinations
from math import comb
from typing import Any, NamedTuple

import numpy as np

from ...core.checks import checked_count
from ...core.dispatch import implements
from ...core.errors import InputError
from .choices import choices
from .compressor import LISTED, Compressor, compress
from .mixture import Mixture, subsets
from .wire import FLOAT, support_bits


class RandKKernel(NamedTuple):
    """The compiled form of :class:`RandK`."""

    k: int


class RandK(Compressor):
    r"""k of the d coordinates, chosen uniformly, times d/k: unbiased, :math:`\omega = d/k - 1` for every x.

    Parameters
    ----------
    k : int
        How many coordinates are sent, 1 to d.

    Raises
    ------
    InputError
        If ``k`` is not a count, or later if it exceeds d.

    References
    ----------
    Stich, Cordonnier and Jaggi, "Sparsified SGD with memory" (2018).

    Examples
    --------
    >>> RandK(1)(np.array([3.0, -1.0]), np.array([1]))
    array([ 0., -2.])
    """

    is_unbiased = True
    is_linear = True
    _entries = np.int64

    def __init__(self, k: int) -> None:
        self.k = checked_count("k", k)
        self.kernel = RandKKernel(self.k)

    @classmethod
    def example(cls, d: int) -> "RandK":
        return cls(max(1, d // 4))

    def omega(self, d: int) -> float:
        self.draw_shape(d)
        return d / self.k - 1.0

    def worst(self, d: int) -> np.ndarray:
        """Return a vector at which ω is attained, as it is at every other."""
        return np.ones(d)

    def draw_shape(self, d: int) -> tuple[int, ...]:
        if self.k > checked_count("d", d):
            raise InputError(f"k = {self.k} is more than the d = {d} coordinates: give at most {d}.")
        return (self.k,)

    def draw(self, rng: np.random.Generator, d: int, count: int) -> np.ndarray:
        """Return the coordinates of ``count`` compressions, increasing, shape (count, k)."""
        (k,) = self.draw_shape(d)
        return np.sort(choices(rng, d, k, count), axis=1)

    def randomness(self, d: int) -> list[tuple[float, np.ndarray]] | None:
        (k,) = self.draw_shape(d)
        count = comb(d, k)
        if count * d > LISTED:
            return None
        return [(1.0 / count, np.array(chosen)) for chosen in combinations(range(d), k)]

    def mixture(self, d: int) -> Mixture:
        return subsets(d, self.draw_shape(d)[0])

    def outcomes(self, x: np.ndarray) -> list[tuple[float, np.ndarray]] | None:
        x = self._checked(x)
        listed = self.randomness(x.size)
        return listed and [(probability, self(x, w)) for probability, w in listed]

    def length(self, d: int) -> tuple[int, int]:
        return self.k, self.bits(np.ones(d))

    def bits(self, message: np.ndarray) -> int:
        """Return 64 for each of k numbers and, for where they stand, the shorter of k indices and d bits.

        Where fewer than k entries are not 0, others that are 0 fill up.
        """
        message = self._checked_message(message)
        return FLOAT * self.k + support_bits(message.size, self.k)

    def _checked_draw(self, w: Any, d: int) -> np.ndarray:
        w = super()._checked_draw(w, d)
        if w.min() < 0 or w.max() >= d:
            raise InputError(f"w = {w} leaves the coordinates 0 to {d - 1}: give one entry of what draw returns.")
        return w

    def __repr__(self) -> str:
        return f"RandK({self.k!r})"


@implements(compress, RandKKernel)
def _keep(kernel, x, w, out, work):
    d = x.shape[0]
    out[:] = 0.0
    for t in range(kernel.k):
        out[w[t]] = d / kernel.k * x[w[t]]

"""Random blocks: some groups of neighbouring coordinates, chosen at random."""

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


class RandBlocksKernel(NamedTuple):
    """The compiled form of :class:`RandBlocks`."""

    k: int
    size: int


class RandBlocks(Compressor):
    r"""k of the b = d/size blocks of coordinates, chosen uniformly, times b/k: unbiased, :math:`\omega = b/k - 1`.

    Block i is the coordinates from ``i * size`` on. It chooses functions of a minibatch where the vector holds one dual
    variable for each of them; with ``size=1`` it is :class:`RandK`.

    Parameters
    ----------
    k : int
        How many blocks are sent, 1 to d/size.
    size : int
        The coordinates of a block, a divisor of d.

    Raises
    ------
    InputError
        If ``k`` or ``size`` is not a count, or later if they do not fit d.

    References
    ----------
    Condat and Richtárik, "RandProx: Primal-dual optimization algorithms with randomized proximal updates" (2022).

    Examples
    --------
    >>> RandBlocks(1, size=2)(np.array([3.0, -1.0, 2.0, 5.0]), np.array([1]))
    array([ 0.,  0.,  4., 10.])
    """

    is_unbiased = True
    is_linear = True
    _entries = np.int64

    def __init__(self, k: int, size: int) -> None:
        self.k, self.size = checked_count("k", k), checked_count("size", size)
        self.kernel = RandBlocksKernel(self.k, self.size)

    @classmethod
    def example(cls, d: int) -> "RandBlocks":
        size = 2 if d % 2 == 0 else 1
        return cls(max(1, d // size // 2), size)

    def blocks(self, d: int) -> int:
        """Return the number of blocks of a vector with ``d`` coordinates."""
        count, rest = divmod(checked_count("d", d), self.size)
        if rest or self.k > count:
            raise InputError(
                f"k = {self.k} blocks of size = {self.size} do not fit d = {d} coordinates: give a size that divides d "
                "and at most d/size blocks."
            )
        return count

    def omega(self, d: int) -> float:
        return self.blocks(d) / self.k - 1.0

    def worst(self, d: int) -> np.ndarray:
        """Return a vector at which ω is attained, as it is at every other."""
        return np.ones(d)

    def draw_shape(self, d: int) -> tuple[int, ...]:
        self.blocks(d)
        return (self.k,)

    def draw(self, rng: np.random.Generator, d: int, count: int) -> np.ndarray:
        """Return the blocks of ``count`` compressions, increasing, shape (count, k)."""
        return np.sort(choices(rng, self.blocks(d), self.k, count), axis=1)

    def randomness(self, d: int) -> list[tuple[float, np.ndarray]] | None:
        blocks = self.blocks(d)
        count = comb(blocks, self.k)
        if count * d > LISTED:
            return None
        return [(1.0 / count, np.array(chosen)) for chosen in combinations(range(blocks), self.k)]

    def mixture(self, d: int) -> Mixture:
        return subsets(self.blocks(d), self.k)

    def outcomes(self, x: np.ndarray) -> list[tuple[float, np.ndarray]] | None:
        x = self._checked(x)
        listed = self.randomness(x.size)
        return listed and [(probability, self(x, w)) for probability, w in listed]

    def length(self, d: int) -> tuple[int, int]:
        return self.k * self.size, self.bits(np.ones(d))

    def bits(self, message: np.ndarray) -> int:
        """Return 64 for each of k size numbers and, for where they stand, the shorter of k indices and a bit a block.

        Where fewer than k blocks are not 0, others that are 0 fill up.
        """
        d = self._checked_message(message).size
        return FLOAT * self.k * self.size + support_bits(self.blocks(d), self.k)

    def _checked_draw(self, w: Any, d: int) -> np.ndarray:
        w = super()._checked_draw(w, d)
        if w.min() < 0 or w.max() >= self.blocks(d):
            raise InputError(
                f"w = {w} leaves the blocks 0 to {self.blocks(d) - 1}: give one entry of what draw returns."
            )
        return w

    def __repr__(self) -> str:
        return f"RandBlocks({self.k!r}, {self.size!r})"


@implements(compress, RandBlocksKernel)
def _keep(kernel, x, w, out, work):
    scale = x.shape[0] / (kernel.size * kernel.k)
    out[:] = 0.0
    for t in range(kernel.k):
        for j in range(w[t] * kernel.size, (w[t] + 1) * kernel.size):
            out[j] = scale * x[j]

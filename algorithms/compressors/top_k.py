"""Top-k: the largest coordinates."""

from typing import NamedTuple

import numpy as np

from ...core.checks import checked_count
from ...core.compiled import njit
from ...core.dispatch import implements
from ...core.errors import InputError
from .compressor import Compressor, compress, compress_work_size
from .wire import FLOAT, support_bits


class TopKKernel(NamedTuple):
    """The compiled form of :class:`TopK`."""

    k: int


class TopK(Compressor):
    r"""The k coordinates that are largest in size: biased, contractive with :math:`\delta = k/d`.

    Of coordinates of one size the first are kept. The bound is attained where all have one size.

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
    >>> C = TopK(2)
    >>> C(np.array([1.0, -3.0, 0.5, 1.0]), np.empty(0))
    array([ 1., -3.,  0.,  0.])
    """

    is_unbiased = False

    def __init__(self, k: int) -> None:
        self.k = checked_count("k", k)
        self.kernel = TopKKernel(self.k)

    @classmethod
    def example(cls, d: int) -> "TopK":
        return cls(max(1, d // 4))

    def delta(self, d: int) -> float:
        self.draw_shape(d)
        return self.k / d

    def worst(self, d: int) -> np.ndarray:
        """Return a vector at which δ is attained."""
        return np.ones(d)

    def draw_shape(self, d: int) -> tuple[int, ...]:
        if self.k > checked_count("d", d):
            raise InputError(f"k = {self.k} is more than the d = {d} coordinates: give at most {d}.")
        return (0,)

    def outcomes(self, x: np.ndarray) -> list[tuple[float, np.ndarray]]:
        return [(1.0, self(x, np.empty(0)))]

    def length(self, d: int) -> tuple[int, int]:
        return self.k, self.bits(np.ones(d))

    def bits(self, message: np.ndarray) -> int:
        """Return 64 for each of k numbers and, for where they stand, the shorter of k indices and d bits."""
        message = self._checked_message(message)
        return FLOAT * self.k + support_bits(message.size, self.k)

    def __repr__(self) -> str:
        return f"TopK({self.k!r})"


@njit
def kth_largest(values, k):
    """Return the k-th largest of ``values``, which are reordered; expected time linear, no value may be NaN."""
    low, high = 0, values.shape[0] - 1
    rank = k - 1
    # Any sequence of pivots is right; a random one is fast whatever the order of the values.
    seed = 1
    while low < high:
        seed = seed * 16807 % 2147483647
        pivot = values[low + seed % (high - low + 1)]
        i, j = low, high
        while i <= j:
            while values[i] > pivot:
                i += 1
            while values[j] < pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if rank <= j:
            high = j
        elif rank >= i:
            low = i
        else:
            break
    return values[rank]


@njit
def _size(entry):
    # NaN counts as largest, so that it is passed on.
    return abs(entry) if entry == entry else np.inf


@implements(compress_work_size, TopKKernel)
def _work_size(kernel, d):
    return d


@implements(compress, TopKKernel)
def _keep_largest(kernel, x, w, out, work):
    d = x.shape[0]
    for j in range(d):
        work[j] = _size(x[j])
    least = kth_largest(work[:d], kernel.k)
    ties = kernel.k
    for j in range(d):
        if _size(x[j]) > least:
            ties -= 1
    for j in range(d):
        size = _size(x[j])
        out[j] = 0.0
        if size > least:
            out[j] = x[j]
        elif size == least and ties > 0:
            out[j] = x[j]
            ties -= 1

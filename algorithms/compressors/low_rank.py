"""Low-rank compression of a vector that is read as a matrix."""

from math import isqrt
from typing import NamedTuple

import numpy as np

from ...core.checks import checked_count
from ...core.compiled import njit
from ...core.dispatch import implements
from ...core.errors import InputError
from .compressor import Compressor, compress, compress_work_size
from .scaling import power_scale, scaled_norm
from .wire import FLOAT

# A column that loses this much of itself when the earlier ones are taken out is a combination of them, to rounding.
_DEPENDENT = 1e-13


def columns_of(rows: int, d: int) -> int:
    """Return how many columns a vector of d numbers has as a matrix of so many rows; an InputError if there are none.

    Examples
    --------
    >>> columns_of(2, 6)
    3
    """
    if checked_count("d", d) % rows:
        raise InputError(f"rows = {rows} do not divide d = {d}: give a divisor of {d}.")
    return d // rows


@njit
def factors(rank, rows, columns):
    """Return how many numbers tell a matrix of a rank: those of two factors, or its entries if those are fewer.

    Examples
    --------
    >>> factors(1, 3, 4), factors(2, 3, 4)
    (7, 12)
    """
    return min(rows * columns, rank * (rows + columns))


class LowRankKernel(NamedTuple):
    """The compiled form of :class:`LowRank`."""

    rank: int
    rows: int


class LowRank(Compressor):
    r"""The vector as a matrix M, projected to a random range of low rank: biased, contractive in expectation.

    :math:`C(M) = P P^\top M`, where the orthonormal columns of P span those of :math:`M \Omega` with a Gaussian
    :math:`\Omega`: one step of subspace iteration. :math:`\delta = \min(1, \mathrm{rank} / \min(m, n))` for a matrix of
    m rows and n columns, attained where all singular values are equal.

    In the basis of the left singular vectors :math:`\mathbb{E}\, P P^\top` is diagonal, since signs of rows of
    :math:`\Omega` may be flipped, with the trace min(rank, rank of M). Exchanging two rows shows that its entries are
    ordered as the singular values, so by Chebyshev's sum inequality the squares of the latter have at least the mean
    weight.

    Parameters
    ----------
    rank : int
        The number of columns of P.
    rows : int
        The number m of rows of M, which holds x row by row; it must divide d.

    Raises
    ------
    InputError
        If one is not a count, or later if ``rows`` does not divide d.

    References
    ----------
    Vogels, Karimireddy and Jaggi, "PowerSGD: Practical low-rank gradient compression for distributed optimization"
    (2019); there the previous P starts the iteration.

    Examples
    --------
    >>> LowRank(rank=1, rows=2)(np.array([1.0, 2.0, 2.0, 4.0]), np.array([[1.0, 1.0]])).round(12)
    array([1., 2., 2., 4.])
    """

    is_unbiased = False

    def __init__(self, rank: int, rows: int) -> None:
        self.rank = checked_count("rank", rank)
        self.rows = checked_count("rows", rows)
        self.kernel = LowRankKernel(self.rank, self.rows)

    @classmethod
    def example(cls, d: int) -> "LowRank":
        return cls(1, next(rows for rows in range(isqrt(d), 0, -1) if d % rows == 0))

    def delta(self, d: int) -> float:
        return min(1.0, self.rank / min(self.rows, self._columns(d)))

    def worst(self, d: int) -> np.ndarray:
        """Return a vector at which δ is attained, by every realisation."""
        return np.eye(self.rows, self._columns(d)).ravel()

    def draw_shape(self, d: int) -> tuple[int, ...]:
        return (self.rank, self._columns(d))

    def draw(self, rng: np.random.Generator, d: int, count: int) -> np.ndarray:
        r"""Return ``count`` matrices :math:`\Omega^\top` of Gaussian numbers, shape (count, rank, columns)."""
        return rng.standard_normal((checked_count("count", count), *self.draw_shape(d)))

    def bits(self, message: np.ndarray) -> int:
        r"""Return 64 for each entry of P and of :math:`P^\top M`, or of the matrix if those are more."""
        d = self._checked_message(message).size
        return FLOAT * factors(self.rank, self.rows, self._columns(d))

    def _columns(self, d: int) -> int:
        return columns_of(self.rows, d)

    def __repr__(self) -> str:
        return f"LowRank(rank={self.rank!r}, rows={self.rows!r})"


@njit
def orthonormalise(P):
    """Make the rows of P orthonormal, one after another; a row that depends on those before it becomes 0."""
    for k in range(P.shape[0]):
        row = P[k]
        before = scaled_norm(row, 1.0)
        # What rounding leaves of the earlier rows after the first pass is gone after the second.
        for _ in range(2):
            for earlier in range(k):
                product = 0.0
                for i in range(row.shape[0]):
                    product += P[earlier, i] * row[i]
                for i in range(row.shape[0]):
                    row[i] -= product * P[earlier, i]
        after = scaled_norm(row, 1.0)
        for i in range(row.shape[0]):
            row[i] = 0.0 if after <= _DEPENDENT * before else row[i] / after


@implements(compress_work_size, LowRankKernel)
def _work_size(kernel, d):
    return kernel.rank * kernel.rows + d // kernel.rows


@implements(compress, LowRankKernel)
def _project(kernel, x, w, out, work):
    rank, rows = kernel.rank, kernel.rows
    columns = x.shape[0] // rows
    P, q = work[: rank * rows].reshape(rank, rows), work[rank * rows : rank * rows + columns]
    scale = power_scale(x)
    for k in range(rank):
        for i in range(rows):
            product = 0.0
            for j in range(columns):
                product += x[i * columns + j] * scale * w[k, j]
            P[k, i] = product
    orthonormalise(P)
    out[:] = 0.0
    for k in range(rank):
        q[:] = 0.0
        for i in range(rows):
            for j in range(columns):
                q[j] += P[k, i] * (x[i * columns + j] * scale)
        for i in range(rows):
            for j in range(columns):
                out[i * columns + j] += P[k, i] * q[j]
    for j in range(x.shape[0]):
        out[j] *= 1.0 / scale

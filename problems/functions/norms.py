"""Compiled sums over vectors that neither overflow nor underflow."""

from math import inf, nan, sqrt

from ...core.compiled import REASSOCIATE, njit

# The sum of squares of a vector whose norm squared is inside these bounds has lost nothing.
SMALL, LARGE = 1e-280, 1e280


@njit(fastmath=REASSOCIATE)
def _sum_of_squares(v, scale):
    total = 0.0
    for j in range(v.shape[0]):
        entry = v[j] * scale
        total += entry * entry
    return total


@njit(fastmath=REASSOCIATE)
def absolute_sum(v):
    """Return the sum of absolute values."""
    total = 0.0
    for j in range(v.shape[0]):
        total += abs(v[j])
    return total


@njit(fastmath=REASSOCIATE)
def is_finite(v):
    """Return whether every entry is finite."""
    total = 0.0
    for j in range(v.shape[0]):
        total += v[j] * 0.0  # NaN for what is not finite
    return total == 0.0


@njit(fastmath=REASSOCIATE | {"nnan"})
def largest(v):
    """Return the largest entry of a vector without NaN."""
    top = -inf
    for j in range(v.shape[0]):
        top = max(top, v[j])
    return top


@njit(fastmath=REASSOCIATE | {"nnan"})
def largest_size(v):
    """Return the largest absolute value of a vector without NaN."""
    top = 0.0
    for j in range(v.shape[0]):
        top = max(top, abs(v[j]))
    return top


@njit
def norm(v):
    """Return the Euclidean norm, also where the squares of the entries overflow or underflow."""
    squares = _sum_of_squares(v, 1.0)
    if SMALL < squares < LARGE:
        return sqrt(squares)
    scale = 2.0**600 if squares < 1.0 else 2.0**-600
    return sqrt(_sum_of_squares(v, scale)) / scale


@njit
def scale_of(v):
    """Return the largest absolute value, 1 if all entries are 0, NaN if one is not finite."""
    if not is_finite(v):
        return nan
    top = largest_size(v)
    return top if top > 0.0 else 1.0


@njit
def fill(x, value):
    """Set every entry."""
    for j in range(x.shape[0]):
        x[j] = value

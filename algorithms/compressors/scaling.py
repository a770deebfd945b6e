"""Powers of two that bring a vector near 1, so that its norm neither overflows nor underflows."""

import math

from ...core.compiled import njit


@njit
def power_scale(x):
    """Return a power of two, and with it every product is exact: the largest entry of x times it is near 1.

    For a zero vector it is 1. It stays between 2^-1000 and 2^1000, so that its inverse is a normal number too.
    """
    largest = 0.0
    for j in range(x.shape[0]):
        size = abs(x[j])
        if size > largest:
            largest = size
    exponent = math.frexp(largest)[1]
    return math.ldexp(1.0, -min(max(exponent, -1000), 1000))


@njit
def scaled_norm(x, scale):
    """Return the Euclidean norm of ``scale * x``."""
    total = 0.0
    for j in range(x.shape[0]):
        entry = x[j] * scale
        total += entry * entry
    return math.sqrt(total)


@njit
def scaled_sum(x, scale):
    """Return the L1 norm of ``scale * x``."""
    total = 0.0
    for j in range(x.shape[0]):
        total += abs(x[j]) * scale
    return total

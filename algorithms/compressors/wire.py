"""Lengths of codes, in bits."""

import numpy as np

#: A float on the wire.
FLOAT = 64


def index_bits(d: int) -> int:
    """Return the length of one of ``d`` indices, 0 if there is only one.

    Examples
    --------
    >>> index_bits(1), index_bits(2), index_bits(5)
    (0, 1, 3)
    """
    return (d - 1).bit_length()


def support_bits(d: int, k: int) -> int:
    """Return the length of a choice of ``k`` among ``d`` coordinates, where the receiver knows d and k.

    The shorter of k indices and one bit for each coordinate is taken; all coordinates need no bits.

    Examples
    --------
    >>> support_bits(100, 3), support_bits(100, 50), support_bits(100, 100)
    (21, 100, 0)
    """
    return 0 if k == d else min(k * index_bits(d), d)


def gamma_bits(values: np.ndarray) -> int:
    """Return the length of whole numbers from 1 in Elias' gamma code: 2 ⌊log₂ v⌋ + 1 for each.

    Examples
    --------
    >>> gamma_bits(np.array([1, 2, 3, 4]))
    12
    """
    # The exponent of a float is exact for whole numbers below 2^53.
    return int((2 * np.frexp(values)[1] - 1).sum())

"""Quantiles in compiled code."""

import math

from ...core.compiled import njit
from ..compressors.top_k import kth_largest


@njit
def quantile_of_sizes(x, u, space):
    """Return the u-quantile of the |x_j|, interpolated between its neighbours as NumPy does by default.

    Parameters
    ----------
    x : ndarray, shape (d,)
        The numbers.
    u : float
        From 0, for the smallest size, to 1, for the largest.
    space : ndarray, shape (d,)
        Scratch space.

    Examples
    --------
    >>> import numpy as np
    >>> quantile_of_sizes(np.array([1.0, -4.0, 2.0, 0.0]), 0.5, np.empty(4))
    1.5
    """
    d = x.shape[0]
    for j in range(d):
        space[j] = abs(x[j])
    place = u * (d - 1)
    below = math.floor(place)
    lower = kth_largest(space, d - below)
    if below == place:
        return lower
    upper = kth_largest(space, d - below - 1)
    return lower + (place - below) * (upper - lower)

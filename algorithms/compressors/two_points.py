"""The law of a vector whose coordinates each take one of two values, independently."""

import math

import numpy as np

from .compressor import LISTED


def two_point_outcomes(low: np.ndarray, high: np.ndarray, p: np.ndarray) -> list[tuple[float, np.ndarray]] | None:
    """Return every vector with its probability, or None if they would hold more than ``LISTED`` numbers.

    Parameters
    ----------
    low, high : ndarray, shape (d,)
        The two values of each coordinate.
    p : ndarray, shape (d,)
        The probabilities of the second ones, from 0 to below 1.

    Examples
    --------
    >>> two_point_outcomes(np.array([1.0, 2.0]), np.array([2.0, 4.0]), np.array([0.25, 0.0]))
    [(0.75, array([1., 2.])), (0.25, array([2., 2.]))]
    """
    free = np.flatnonzero(p)
    if len(free) > math.log2(LISTED) or low.size << len(free) > LISTED:
        return None
    listed = [(1.0, low)]
    for j in free:
        raised = []
        for weight, value in listed:
            other = value.copy()
            other[j] = high[j]
            raised += [(weight * float(1.0 - p[j]), value), (weight * float(p[j]), other)]
        listed = raised
    return listed

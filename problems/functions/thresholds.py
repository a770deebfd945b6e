r"""The threshold :math:`\tau` with :math:`\sum_j \max\{v_j - \tau, 0\} = r`, which projects onto simplex and L1 ball.

Everything is measured from the largest entry: the entries that stay positive lie within r of it, so nothing overflows
and no digit of r is lost beside large entries. The threshold is found by Newton's method from the left (Michelot 1986),
which removes entries from a shrinking list: a few passes, no sorting.
"""

import numpy as np

from ...core.compiled import REASSOCIATE, njit
from .norms import largest, largest_size


@njit
def simplex_threshold(v, r, scratch):
    """Return the largest entry of v and the threshold less that entry.

    Parameters
    ----------
    v, scratch : ndarray, shape (d,)
        The entries, all finite, and an array to overwrite; never the same one.
    r : float
        The sum to keep, positive.
    """
    top = largest(v)
    count = 0
    for j in range(v.shape[0]):
        scratch[count] = v[j] - top
        count += v[j] >= top - r
    return top, _threshold(scratch, count, r)


@njit
def absolute_threshold(v, r, scratch):
    """Return the same as :func:`simplex_threshold` for the absolute values of v."""
    top = largest_size(v)
    count = 0
    for j in range(v.shape[0]):
        scratch[count] = abs(v[j]) - top
        count += abs(v[j]) >= top - r
    return top, _threshold(scratch, count, r)


@njit(fastmath=REASSOCIATE)
def _sum(v, count):
    total = 0.0
    for j in range(count):
        total += v[j]
    return total


@njit
def _threshold(s, count, r):
    """Return the threshold of the first ``count`` entries, which are at most 0 and reordered."""
    tau = (_sum(s, count) - r) / count
    while True:
        kept = 0
        for j in range(count):
            entry = s[j]
            s[kept] = entry
            kept += entry > tau
        if kept == count:
            return tau
        count = kept
        tau = (_sum(s, count) - r) / count


def common_level(on: np.ndarray, off: np.ndarray) -> float:
    r"""Return the t that minimises :math:`\sum_{on} (w_j - t)^2 + \sum_{off} \max\{w_j - t, 0\}^2`.

    Parameters
    ----------
    on, off : ndarray
        Two vectors of entries w, the first not empty.

    Examples
    --------
    >>> float(common_level(np.array([1.0, 3.0]), np.array([5.0, 0.0])))
    3.0
    """
    off = np.sort(off)[::-1]
    levels = (on.sum() + np.concatenate(([0.0], np.cumsum(off)))) / (len(on) + np.arange(len(off) + 1))
    # The entries above the level take part, so the level is right where the next entry is below it.
    return float(levels[np.argmax(np.append(off, -np.inf) <= levels)])

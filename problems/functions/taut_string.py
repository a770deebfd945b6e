r"""The taut string: the exact prox of one-dimensional total variation, in linear time.

The prox x of :math:`\lambda \sum_j |x_{j+1} - x_j|` at y has the slopes of the shortest string from (0, 0) to the last
cumulative sum of y that stays within :math:`\lambda` of all of them (Davies and Kovac 2001). The string is found from
left to right. From its last fixed knot two hulls are kept: the greatest convex minorant of the ceiling, whose slopes
increase, and the least concave majorant of the floor, whose slopes decrease. As long as the first slope of the
ceiling's hull is above that of the floor's, the string may still leave the knot in between. When a new entry of y pulls
the whole ceiling below the floor's first segment, the string must follow that segment, whose end is the next knot; and
the same upside down.

A segment is kept as its start, the mean of y on it, and how many times lambda the string climbs along it beyond y: from
floor to ceiling 2, from the first point to the ceiling 1, within one side 0. So no digit is lost where lambda is far
larger than y. New segments of the two hulls never start at the same entry, so both keep their means in the output.
"""

from math import nan

import numpy as np

from ...core.compiled import njit
from .norms import fill, is_finite

# Beyond this lambda decides nothing any more, but its multiples would overflow.
_LARGEST = 1e307


@njit
def taut_string(y, lam, x, work):
    """Write the prox at y to x.

    Parameters
    ----------
    y, x : ndarray, shape (d,)
        The point and the result; never the same array.
    lam : float
        The weight, at least 0.
    work : ndarray
        At least 2 d floats.
    """
    d = y.shape[0]
    if not is_finite(y):
        fill(x, nan)
        return
    lam = min(lam, _LARGEST)
    # Where the segments of each hull start, but for the first, which starts at the knot.
    starts = work.view(np.int64)
    ceiling, floor = starts[:d], starts[d : 2 * d]
    c_first, c_last, c_mean, c_climb = 0, 0, float(y[0]), 1
    f_first, f_last, f_mean, f_climb = 0, 0, float(y[0]), -1
    # The side of the tube that the knot is on: 1 for the floor, -1 for the ceiling, 0 for the first point.
    knot, side = 0, 0
    for k in range(1, d):
        # The string ends in the last sum itself, lam below the ceiling and above the floor.
        at_end = 1 if k == d - 1 else 0
        c_last, c_mean, c_climb = _append(x, ceiling, c_first, c_last, c_mean, c_climb, knot, k, y[k], -at_end, lam, 1)
        f_last, f_mean, f_climb = _append(x, floor, f_first, f_last, f_mean, f_climb, knot, k, y[k], at_end, lam, -1)
        while True:
            c_end = ceiling[c_first] if c_last > c_first else k + 1
            f_end = floor[f_first] if f_last > f_first else k + 1
            if c_mean + c_climb * lam / (c_end - knot) >= f_mean + f_climb * lam / (f_end - knot):
                break
            if c_last == c_first and f_last > f_first:
                c_mean = _rest(y, knot, f_end, k + 1, c_mean, f_mean)
                c_climb -= f_climb
                next_mean = x[f_end]
                _fix(y, knot, f_end, f_mean, f_climb * lam, x)
                knot, side = f_end, 1
                f_first += 1
                f_mean, f_climb = next_mean, at_end if f_last == f_first else 0
            elif f_last == f_first and c_last > c_first:
                f_mean = _rest(y, knot, c_end, k + 1, f_mean, c_mean)
                f_climb -= c_climb
                next_mean = x[c_end]
                _fix(y, knot, c_end, c_mean, c_climb * lam, x)
                knot, side = c_end, -1
                c_first += 1
                c_mean, c_climb = next_mean, -at_end if c_last == c_first else 0
            else:
                break  # the two hulls are one line, up to rounding
    _fix(y, knot, d, c_mean, side * lam, x)


@njit
def _append(x, hull, first, last, head_mean, head_climb, knot, k, entry, climb, lam, sign):
    """Add an entry to a hull whose slopes increase (sign 1) or decrease (-1); merge what is out of order."""
    mean, start, end = float(entry), k, k + 1
    while last > first:
        before = hull[last - 1]
        if sign * (mean + climb * lam / (end - start) - x[before]) > 0.0:
            break
        mean = x[before] + (mean - x[before]) * ((end - start) / (end - before))
        start = before
        last -= 1
    if last == first:
        head = head_mean + head_climb * lam / (start - knot)
        if sign * (mean + climb * lam / (end - start) - head) <= 0.0:
            head_mean += (mean - head_mean) * ((end - start) / (end - knot))
            return last, head_mean, head_climb + climb
    hull[last] = start
    x[start] = mean
    return last + 1, head_mean, head_climb


@njit
def _rest(y, knot, middle, end, whole, part):
    """Return the mean from ``middle`` to ``end``, given that of the whole from the knot and of the part before."""
    if end - middle <= middle - knot:
        # The difference would magnify rounding; a sum costs no more than what is fixed for good.
        return _mean(y, middle, end, whole)
    return whole + (whole - part) * ((middle - knot) / (end - middle))


@njit
def _mean(y, start, end, near):
    total = 0.0
    for j in range(start, end):
        total += y[j] - near
    return near + total / (end - start)


@njit
def _fix(y, start, end, near, climb, x):
    """Write the string's slope from ``start`` to ``end``, from a fresh mean."""
    slope = _mean(y, start, end, near) + climb / (end - start)
    for j in range(start, end):
        x[j] = slope

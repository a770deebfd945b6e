"""Matrices without their smallest singular values: the nearest of their rank, and what is sent of them."""

from dataclasses import dataclass
from math import isqrt
from typing import Any, NamedTuple

import numpy as np

from ...core.compiled import REASSOCIATE, njit
from ...problems.problem import Problem
from ...problems.softmax import Softmax
from ..compressors.low_rank import columns_of
from ..compressors.scaling import power_scale
from ..compressors.wire import FLOAT, index_bits
from .cost import Cost, Length, Parcel, Sends

# Rows with a smaller cosine than this are orthogonal, to rounding. Each sweep squares the cosines, once they are small.
_ORTHOGONAL, _SWEEPS = 1e-15, 40


@dataclass(frozen=True)
class Factored(Parcel):
    """A matrix by the factors of what is left of it, or as it is if it has fewer entries than those.

    How many numbers that takes is seen only when it is sent: see :func:`counted`.

    Parameters
    ----------
    rows, share : str
        The letters for the number of rows and for the share of the squares that is left; with a share of 1 nothing has
        to be said about the rank.
    """

    rows: str
    share: str

    def length(self, problem: Problem, params: Any) -> Length:
        """Return the length of the whole matrix, and of its rank."""
        rows, d = getattr(params, self.rows), problem.d
        ranks = 1 + min(rows, columns_of(rows, d)) if getattr(params, self.share) < 1.0 else 1
        return Length(d, FLOAT * d + index_bits(ranks))


#: Truncated models up and down a round.
SENDS = Sends(Factored("rows", "p"), Factored("rows", "q"))


def counted(cost: Cost, up: float, down: float) -> Cost:
    """Return what rounds have cost in which so many numbers were sent, in the place of whole matrices.

    Examples
    --------
    >>> counted(Cost(1, 10, 10, 642, 642, 1), 4.0, 10.0)
    Cost(iterations=1, floats_up=4, floats_down=10, bits_up=258, bits_down=642, gradients=1)
    """
    up, down = int(up), int(down)
    bits_up, bits_down = (
        cost.bits_up - FLOAT * (cost.floats_up - up),
        cost.bits_down - FLOAT * (cost.floats_down - down),
    )
    return cost._replace(floats_up=up, floats_down=down, bits_up=bits_up, bits_down=bits_down)


def rows_of(problem: Problem) -> int:
    """Return into how many rows a model is best written: a class each, or else as square as it can be.

    Examples
    --------
    >>> from rootkappa import problems
    >>> rows_of(problems.Quadratic.random(clients=2, dim=12)), rows_of(problems.Softmax.load("iris", kappa=10.0))
    (3, 3)
    """
    if isinstance(problem, Softmax):
        return problem.blocks.rows
    return next(rows for rows in range(isqrt(problem.d), 0, -1) if problem.d % rows == 0)


class Space(NamedTuple):
    """Space for one matrix at a time, of s rows and at least as many columns, transposed if need be."""

    W: np.ndarray
    """The matrix, then its rotated rows, shape (s, length)."""
    G: np.ndarray
    """The rotations, shape (s, s)."""
    energies: np.ndarray
    """Squares of singular values; below 0 where one is cut, shape (s,)."""


@njit
def space(d, rows):
    """Return the space for a matrix of d entries with so many rows."""
    s, length = min(rows, d // rows), max(rows, d // rows)
    return Space(np.empty((s, length)), np.empty((s, s)), np.empty(s))


@njit
def truncate(x, rows, p, own):
    """Cut singular values off a matrix, the smallest first, while a share p of the sum of their squares is left.

    By Eckart and Young (1936) no matrix of the rank of what is left is nearer. The singular values are found by
    rotations of pairs of rows (Hestenes 1958), which keep their relative accuracy.

    Parameters
    ----------
    x : ndarray, shape (d,)
        The matrix row by row, changed in place; to the bit the same where nothing is cut.
    rows : int
        The number of rows, a divisor of d.
    p : float
        The share of the squares that is kept at least; with 1 nothing is cut.
    own : Space
        Scratch space.

    Returns
    -------
    rank : int
        How many singular values are left: for p = 1 all, for a matrix of zeros none.
    cut : float
        The share of the squares that is cut, as measured by what has changed.

    Examples
    --------
    >>> x = np.array([3.0, 0.0, 0.0, 1.0])
    >>> truncate(x, 2, 0.95, space(4, 2)), truncate(x, 2, 0.85, space(4, 2)), x.tolist()
    ((2, 0.0), (1, 0.1), [3.0, 0.0, 0.0, 0.0])
    """
    W, G, energies = own
    s, length = W.shape
    if p >= 1.0:
        return s, 0.0
    columns, scale = x.shape[0] // rows, power_scale(x)
    for j in range(s):
        for k in range(length):
            W[j, k] = scale * (x[j * columns + k] if rows == s else x[k * columns + j])
    rotate(W, G)
    total = 0.0
    for j in range(s):
        energies[j] = 0.0
        for k in range(length):
            energies[j] += W[j, k] * W[j, k]
        total += energies[j]
    # Of what is no finite number nothing is small.
    rank = _cut(energies, (1.0 - p) * total) if np.isfinite(total) else s
    if rank == s:
        return s, 0.0
    lost = 0.0
    for i in range(s):
        for k in range(length):
            place = i * columns + k if rows == s else k * columns + i
            kept = 0.0
            for j in range(s):
                if energies[j] >= 0.0:
                    kept += G[j, i] * W[j, k]
            lost += (x[place] * scale - kept) ** 2
            x[place] = kept / scale
    return rank, lost / total if total > 0.0 else 0.0


@njit
def _cut(energies, most):
    """Mark the smallest numbers whose sum is at most ``most``, and return how many are left."""
    left, cut = energies.shape[0], 0.0
    while left > 0:
        smallest = -1
        for j in range(energies.shape[0]):
            if energies[j] >= 0.0 and (smallest < 0 or energies[j] < energies[smallest]):
                smallest = j
        cut += energies[smallest]
        if not cut <= most:
            break
        energies[smallest] = -1.0
        left -= 1
    return left


@njit(fastmath=REASSOCIATE)
def rotate(W, G):
    """Rotate the rows of W in place until they are orthogonal; G becomes the rotation, so that W was G'W."""
    s, length = W.shape
    for i in range(s):
        for j in range(s):
            G[i, j] = 1.0 if i == j else 0.0
    for _ in range(_SWEEPS):
        is_done = True
        for i in range(s):
            for j in range(i):
                a, b, c = 0.0, 0.0, 0.0
                for k in range(length):
                    a += W[i, k] * W[i, k]
                    b += W[j, k] * W[j, k]
                    c += W[i, k] * W[j, k]
                # Of what is infinite or no number nothing can be said.
                if not abs(c) > _ORTHOGONAL * np.sqrt(a) * np.sqrt(b):
                    continue
                is_done = False
                # The tangent of the smaller angle that makes the two rows orthogonal.
                z = (b - a) / (2.0 * c)
                t = (1.0 if z >= 0.0 else -1.0) / (abs(z) + np.sqrt(1.0 + z * z))
                cosine = 1.0 / np.sqrt(1.0 + t * t)
                sine = cosine * t
                for k in range(length):
                    W[i, k], W[j, k] = cosine * W[i, k] - sine * W[j, k], sine * W[i, k] + cosine * W[j, k]
                for k in range(s):
                    G[i, k], G[j, k] = cosine * G[i, k] - sine * G[j, k], sine * G[i, k] + cosine * G[j, k]
        if is_done:
            return

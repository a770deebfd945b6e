"""The number of nonzero entries, and the vectors with few of them; neither is convex."""

from math import nan, sqrt
from typing import NamedTuple, Self

import numpy as np

from ...core.checks import checked_count, checked_number
from ...core.dispatch import implements
from ..oracles import prox, prox_work_size
from .function import Function
from .norms import fill, is_finite
from .sorting import COUNTS, smallest_kept


class L0Kernel(NamedTuple):
    """The compiled form of :class:`L0`."""

    lam: float


class L0BallKernel(NamedTuple):
    """The compiled form of :class:`L0Ball`."""

    k: int


class L0(Function):
    r""":math:`\psi(x) = \lambda \|x\|_0`, the number of nonzero entries; its prox is hard thresholding.

    It is not convex. An entry of the size :math:`\sqrt{2\gamma\lambda}` may be kept or cut; it is cut.

    Parameters
    ----------
    lam : float
        The weight :math:`\lambda`, at least 0 and finite.

    Raises
    ------
    InputError
        If ``lam`` is negative or not finite.

    Examples
    --------
    >>> L0(0.5).prox(np.array([3.0, -0.5, -2.0]), 1.0)
    array([ 3.,  0., -2.])
    """

    is_convex = False
    is_separable = True

    def __init__(self, lam: float) -> None:
        self.lam = checked_number("lam", lam, "a weight", at_least=0.0)
        self.kernel = L0Kernel(self.lam)

    @classmethod
    def example(cls, d: int) -> Self:
        return cls(0.5)

    def _value(self, x):
        return self.lam * np.count_nonzero(x)

    def __repr__(self) -> str:
        return f"L0({self.lam!r})"


class L0Ball(Function):
    r""":math:`\psi(x) = 0` where :math:`\|x\|_0 \le k` and infinity elsewhere; its prox keeps the k largest entries.

    It is not convex. Of entries of one size those with the lower indices are kept.

    Parameters
    ----------
    k : int
        How many entries may be nonzero, at least 1.

    Raises
    ------
    InputError
        If ``k`` is not a positive integer.

    Examples
    --------
    >>> L0Ball(2).prox(np.array([3.0, -0.5, -2.0]), 1.0)
    array([ 3.,  0., -2.])
    """

    is_convex = False
    is_indicator = True
    is_homogeneous = True
    in_double = True

    def __init__(self, k: int) -> None:
        self.k = checked_count("k", k)
        self.kernel = L0BallKernel(self.k)

    @classmethod
    def example(cls, d: int) -> Self:
        return cls(max(1, d // 3))

    def _value(self, x):
        return 0.0

    def _violation(self, x):
        beyond = np.sort(np.abs(x), axis=None)[::-1][self.k :]
        return beyond[0] / np.abs(x).max() if beyond.size and beyond[0] > 0.0 else 0.0

    def __repr__(self) -> str:
        return f"L0Ball({self.k})"


@implements(prox, L0Kernel)
def _keep_large(kernel, v, tau, x, work):
    threshold = sqrt(2.0 * kernel.lam) * sqrt(tau)
    for j in range(v.shape[0]):
        x[j] = 0.0 if abs(v[j]) <= threshold else v[j]


@implements(prox_work_size, L0BallKernel)
def _work_size(kernel, d):
    return COUNTS


@implements(prox, L0BallKernel)
def _keep_largest(kernel, v, tau, x, work):
    if not is_finite(v):
        fill(x, nan)
        return
    d = v.shape[0]
    if kernel.k >= d:
        for j in range(d):
            x[j] = v[j]
        return
    smallest, ties = smallest_kept(v, kernel.k, x, work.view(np.int64))
    for j in range(d):
        size = abs(v[j])
        x[j] = v[j] if size >= smallest else 0.0
    # Of the entries of the smallest size kept, only the first stay.
    for j in range(d):
        if abs(v[j]) == smallest:
            if ties <= 0:
                x[j] = 0.0
            ties -= 1

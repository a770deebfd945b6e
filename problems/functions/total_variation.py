"""One-dimensional total variation, and the fused lasso."""

from math import copysign
from typing import NamedTuple, Self

import numpy as np

from ...core.checks import checked_number
from ...core.dispatch import implements
from ..oracles import prox, prox_work_size
from .function import Function
from .taut_string import taut_string


class TotalVariation1DKernel(NamedTuple):
    """The compiled form of :class:`TotalVariation1D`."""

    lam: float


class TotalVariation1D(Function):
    r""":math:`\psi(x) = \lambda \sum_{j=1}^{d-1} |x_{j+1} - x_j|`; its prox is exact and takes linear time.

    Parameters
    ----------
    lam : float
        The weight :math:`\lambda`, at least 0 and finite.

    Raises
    ------
    InputError
        If ``lam`` is negative or not finite.

    References
    ----------
    Davies and Kovac, "Local extremes, runs, strings and multiresolution" (2001), for the taut string.

    Examples
    --------
    >>> TotalVariation1D(1.0).prox(np.array([0.0, 1.0, 8.0]), 1.0)
    array([1., 1., 7.])
    """

    ndim = 1
    is_homogeneous = True
    in_double = True

    def __init__(self, lam: float) -> None:
        self.lam = checked_number("lam", lam, "a weight", at_least=0.0)
        self.kernel = TotalVariation1DKernel(self.lam)

    @classmethod
    def example(cls, d: int) -> Self:
        return cls(0.5)

    def _value(self, x):
        return self.lam * np.abs(np.diff(x)).sum()

    def _conjugate_value(self, u, tolerance):
        # The conjugate is the indicator of the differences of sequences within lam that end in 0.
        sums = np.cumsum(u)
        slack = tolerance * max(np.abs(u).sum(), self.lam)
        return 0.0 if abs(sums[-1]) <= slack and np.abs(sums).max() <= self.lam + slack else np.inf

    def _subdifferential_distance(self, x, u, tolerance):
        return np.linalg.norm(_variation_distances(x, u, self.lam, tolerance))

    def __repr__(self) -> str:
        return f"TotalVariation1D({self.lam!r})"


class FusedLassoKernel(NamedTuple):
    """The compiled form of :class:`FusedLasso`."""

    l1: float
    tv: float


class FusedLasso(Function):
    r""":math:`\psi(x) = \lambda_1 \|x\|_1 + \lambda_2 \sum_j |x_{j+1} - x_j|`.

    Its prox is that of total variation followed by soft thresholding.

    Parameters
    ----------
    l1, tv : float
        The weights :math:`\lambda_1` and :math:`\lambda_2`, at least 0 and finite.

    Raises
    ------
    InputError
        If a weight is negative or not finite.

    References
    ----------
    Friedman, Hastie, Höfling and Tibshirani, "Pathwise coordinate optimization" (2007), proposition 1.

    Examples
    --------
    >>> FusedLasso(0.5, 1.0).prox(np.array([0.0, 1.0, 8.0]), 1.0)
    array([0.5, 0.5, 6.5])
    """

    ndim = 1
    is_homogeneous = True
    in_double = True

    def __init__(self, l1: float, tv: float) -> None:
        self.l1 = checked_number("l1", l1, "a weight", at_least=0.0)
        self.tv = checked_number("tv", tv, "a weight", at_least=0.0)
        self.kernel = FusedLassoKernel(self.l1, self.tv)

    @classmethod
    def example(cls, d: int) -> Self:
        return cls(0.25, 0.5)

    def _value(self, x):
        return self.l1 * np.abs(x).sum() + self.tv * np.abs(np.diff(x)).sum()

    def _conjugate_value(self, u, tolerance):
        # The conjugate is the indicator of the subdifferential at 0.
        distance = self._subdifferential_distance(np.zeros_like(u), u, tolerance)
        return 0.0 if distance <= tolerance * max(np.abs(u).max(), self.l1, self.tv) else np.inf

    def _subdifferential_distance(self, x, u, tolerance):
        # Where x is not 0 the L1 norm has one slope. On a run of zeros the distance is the length of what remains of u
        # after both proxes at 0.
        zero = x == 0.0
        moved = _variation_distances(x, np.where(zero, u, u - self.l1 * np.sign(x)), self.tv, tolerance)
        return np.linalg.norm(np.where(zero, np.maximum(np.abs(moved) - self.l1, 0.0), moved))

    def __repr__(self) -> str:
        return f"FusedLasso({self.l1!r}, {self.tv!r})"


def _variation_distances(x, u, lam, tolerance):
    """Return u less its projection onto the subdifferential of lam times the total variation at x.

    A jump of x fixes the dual variable there. On the pieces between jumps what remains is the prox of the total
    variation at the rest of u, as for every support function at 0.
    """
    jumps = np.diff(x)
    jumps = np.where(np.abs(jumps) <= tolerance * np.abs(x).max(), 0.0, np.sign(jumps)) * lam
    rest = u + np.append(jumps, 0.0) - np.concatenate(([0.0], jumps))
    ends = np.flatnonzero(jumps) + 1 if lam > 0.0 else []
    pieces = np.split(rest, ends)
    return np.concatenate([TotalVariation1D(lam).prox(piece, 1.0) for piece in pieces])


@implements(prox_work_size, TotalVariation1DKernel)
def _work_size(kernel, d):
    return 2 * d


@implements(prox, TotalVariation1DKernel)
def _denoise(kernel, v, tau, x, work):
    taut_string(v, tau * kernel.lam, x, work)


@implements(prox_work_size, FusedLassoKernel)
def _fused_work_size(kernel, d):
    return 2 * d


@implements(prox, FusedLassoKernel)
def _denoise_and_threshold(kernel, v, tau, x, work):
    taut_string(v, tau * kernel.tv, x, work)
    threshold = tau * kernel.l1
    for j in range(v.shape[0]):
        shrunk = max(abs(x[j]) - threshold, 0.0)
        x[j] = copysign(shrunk, x[j])

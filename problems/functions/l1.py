"""The L1 norm, and its conjugate, the indicator of the L-infinity ball."""

from math import copysign
from typing import NamedTuple

import numpy as np

from ...core.dispatch import implements
from ..oracles import prox
from .function import Function
from .weighted_norm import NormBall, WeightedNorm


class L1Kernel(NamedTuple):
    """The compiled form of :class:`L1`."""

    lam: float


class L1(WeightedNorm):
    r""":math:`\psi(x) = \lambda \|x\|_1`, whose proximal operator is soft thresholding.

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
    >>> L1(1.0).prox(np.array([3.0, -0.5, -2.0]), 0.5)
    array([ 2.5, -0. , -1.5])
    """

    is_separable = True
    Kernel = L1Kernel

    def _norm(self, x):
        return np.abs(x).sum()

    def conjugate(self) -> Function:
        return LInfBall(self.lam)

    def _subdifferential_distance(self, x, u, tolerance):
        at_zero = np.maximum(np.abs(u) - self.lam, 0.0)
        return np.linalg.norm(np.where(x == 0.0, at_zero, u - self.lam * np.sign(x)))


@implements(prox, L1Kernel)
def _soft_threshold(kernel, v, tau, x, work):
    threshold = tau * kernel.lam
    for j in range(v.shape[0]):
        shrunk = max(abs(v[j]) - threshold, 0.0)
        x[j] = copysign(shrunk, v[j])


class LInfBallKernel(NamedTuple):
    """The compiled form of :class:`LInfBall`."""

    radius: float


class LInfBall(NormBall):
    r""":math:`\psi(x) = 0` where :math:`\|x\|_\infty \le r` and infinity elsewhere; the prox clips every coordinate.

    With radius 0 it is the indicator of 0, the conjugate of the zero function.

    Parameters
    ----------
    radius : float
        The radius r, at least 0 and finite.

    Raises
    ------
    InputError
        If ``radius`` is negative or not finite.

    Examples
    --------
    >>> LInfBall(1.0).prox(np.array([3.0, -0.5, -2.0]), 0.5)
    array([ 1. , -0.5, -1. ])
    """

    is_separable = True
    Kernel = LInfBallKernel

    def _norm(self, x):
        return np.abs(x).max()

    def conjugate(self) -> Function:
        return L1(self.radius)

    def _subdifferential_distance(self, x, u, tolerance):
        if self.radius == 0.0:
            return 0.0
        outward = np.where(
            np.abs(x) >= self.radius * (1.0 - tolerance), np.maximum(u * np.sign(x), 0.0) * np.sign(x), 0.0
        )
        return np.linalg.norm(u - outward)


@implements(prox, LInfBallKernel)
def _clip(kernel, v, tau, x, work):
    for j in range(v.shape[0]):
        x[j] = min(max(v[j], -kernel.radius), kernel.radius)

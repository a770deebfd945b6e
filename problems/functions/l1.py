"""The L1 norm, and its conjugate, the indicator of the L-infinity ball."""

from math import copysign
from typing import NamedTuple

import numpy as np

from ..checks import checked_number
from ..dispatch import implements
from ..oracles import prox
from .function import Function


class L1Kernel(NamedTuple):
    """The compiled form of :class:`L1`."""

    lam: float


class L1(Function):
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
    is_homogeneous = True

    def __init__(self, lam: float) -> None:
        self.lam = checked_number("lam", lam, "a weight", at_least=0.0)
        self.kernel = L1Kernel(self.lam)

    @classmethod
    def example(cls, d):
        return cls(0.5)

    def _value(self, x):
        return self.lam * np.abs(x).sum()

    def conjugate(self):
        return LInfBall(self.lam)

    def _subdifferential_distance(self, x, u, tolerance):
        at_zero = np.maximum(np.abs(u) - self.lam, 0.0)
        return np.linalg.norm(np.where(x == 0.0, at_zero, u - self.lam * np.sign(x)))

    def __repr__(self) -> str:
        return f"L1({self.lam!r})"


@implements(prox, L1Kernel)
def _soft_threshold(kernel, v, tau, x, work):
    threshold = tau * kernel.lam
    for j in range(v.shape[0]):
        shrunk = max(abs(v[j]) - threshold, 0.0)
        x[j] = copysign(shrunk, v[j])


class LInfBallKernel(NamedTuple):
    """The compiled form of :class:`LInfBall`."""

    radius: float


class LInfBall(Function):
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
    is_indicator = True

    def __init__(self, radius: float) -> None:
        self.radius = checked_number("radius", radius, "a radius", at_least=0.0)
        self.is_homogeneous = self.radius == 0.0
        self.kernel = LInfBallKernel(self.radius)

    @classmethod
    def example(cls, d):
        return cls(0.5)

    def _value(self, x):
        return 0.0

    def _violation(self, x):
        size = np.abs(x).max()
        return (size - self.radius) / size if size > self.radius else 0.0

    def conjugate(self):
        return L1(self.radius)

    def _subdifferential_distance(self, x, u, tolerance):
        if self.radius == 0.0:
            return 0.0
        outward = np.where(
            np.abs(x) >= self.radius * (1.0 - tolerance), np.maximum(u * np.sign(x), 0.0) * np.sign(x), 0.0
        )
        return np.linalg.norm(u - outward)

    def __repr__(self) -> str:
        return f"LInfBall({self.radius!r})"


@implements(prox, LInfBallKernel)
def _clip(kernel, v, tau, x, work):
    for j in range(v.shape[0]):
        x[j] = min(max(v[j], -kernel.radius), kernel.radius)

"""The L1 norm, and its conjugate, the indicator of the L-infinity ball."""

from typing import NamedTuple

import numpy as np

from ..checks import as_number
from ..errors import InputError
from ..oracles import implements, prox
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

    def __init__(self, lam: float) -> None:
        if not 0.0 <= as_number(lam) < np.inf:
            raise InputError(f"lam = {lam!r} is no weight of an L1 norm: give a finite number that is at least 0.")
        self.lam = float(lam)
        self.kernel = L1Kernel(self.lam)

    def value(self, x: np.ndarray) -> float:
        r"""Return :math:`\lambda \|x\|_1`."""
        return self.lam * float(np.abs(x).sum())

    def prox(self, x: np.ndarray, gamma: float) -> np.ndarray:
        r"""Return the soft-thresholded array, threshold :math:`\gamma\lambda`."""
        return np.sign(x) * np.maximum(np.abs(x) - gamma * self.lam, 0.0)

    def conjugate(self) -> Function:
        r"""Return the indicator of the L-infinity ball of radius :math:`\lambda`."""
        return LInfBall(self.lam)

    def __repr__(self) -> str:
        return f"L1({self.lam!r})"


@implements(prox, L1Kernel)
def _soft_threshold(kernel, v, tau, x):
    threshold = tau * kernel.lam
    for j in range(v.shape[0]):
        shrunk = max(abs(v[j]) - threshold, 0.0)
        x[j] = shrunk if v[j] > 0.0 else -shrunk


class LInfBallKernel(NamedTuple):
    """The compiled form of :class:`LInfBall`."""

    radius: float


class LInfBall(Function):
    r""":math:`\psi(x) = 0` where :math:`\|x\|_\infty \le r` and infinity elsewhere; the prox clips every coordinate.

    It is the conjugate of :math:`r \|\cdot\|_1`; with radius 0 it is the indicator of 0, the conjugate of the zero
    function.

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

    def __init__(self, radius: float) -> None:
        if not 0.0 <= as_number(radius) < np.inf:
            raise InputError(f"radius = {radius!r} is no radius of a ball: give a finite number that is at least 0.")
        self.radius = float(radius)
        self.kernel = LInfBallKernel(self.radius)

    def value(self, x: np.ndarray) -> float:
        """Return 0 in the ball, infinity outside."""
        return 0.0 if np.abs(x).max(initial=0.0) <= self.radius else np.inf

    def prox(self, x: np.ndarray, gamma: float) -> np.ndarray:
        """Return the projection; ``gamma`` plays no role, as for every indicator."""
        return np.clip(x, -self.radius, self.radius)

    def conjugate(self) -> Function:
        r"""Return :math:`r \|\cdot\|_1`."""
        return L1(self.radius)

    def __repr__(self) -> str:
        return f"LInfBall({self.radius!r})"


@implements(prox, LInfBallKernel)
def _clip(kernel, v, tau, x):
    for j in range(v.shape[0]):
        x[j] = min(max(v[j], -kernel.radius), kernel.radius)

"""The L1 norm."""

from typing import NamedTuple

import numpy as np

from ..checks import as_number
from ..errors import InputError
from ..oracles import implements, prox
from .function import Function
from .linf_ball import LInfBall


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
def _prox(kernel, v, tau, x):
    threshold = tau * kernel.lam
    for j in range(v.shape[0]):
        shrunk = max(abs(v[j]) - threshold, 0.0)
        x[j] = shrunk if v[j] > 0.0 else -shrunk

"""The function that is 0 everywhere."""

from typing import NamedTuple

import numpy as np

from ..oracles import implements, prox
from .function import Function
from .l1 import LInfBall


class ZeroKernel(NamedTuple):
    """Nothing to know; Numba wants at least one field."""

    lam: float


class Zero(Function):
    r""":math:`\psi(x) = 0`, whose proximal operator is the identity.

    Examples
    --------
    >>> Zero().prox(np.array([1.0, -2.0]), 0.5)
    array([ 1., -2.])
    """

    kernel = ZeroKernel(0.0)

    def value(self, x: np.ndarray) -> float:
        """Return 0."""
        return 0.0

    def prox(self, x: np.ndarray, gamma: float) -> np.ndarray:
        """Return a copy of ``x``."""
        return np.array(x, dtype=float)

    def conjugate(self) -> Function:
        """Return the indicator of 0."""
        return LInfBall(0.0)

    def __repr__(self) -> str:
        return "Zero()"


@implements(prox, ZeroKernel)
def _prox(kernel, v, tau, x):
    for j in range(v.shape[0]):
        x[j] = v[j]

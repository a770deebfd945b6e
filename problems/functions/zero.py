"""The function that is 0 everywhere."""

from typing import NamedTuple

import numpy as np

from ...core.dispatch import implements
from ..oracles import prox
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
    is_separable = True
    is_indicator = True
    is_homogeneous = True
    L = 0.0

    def _value(self, x):
        return 0.0

    def conjugate(self) -> Function:
        return LInfBall(0.0)

    def _subdifferential_distance(self, x, u, tolerance):
        return np.linalg.norm(u)

    def __repr__(self) -> str:
        return "Zero()"


@implements(prox, ZeroKernel)
def _prox(kernel, v, tau, x, work):
    for j in range(v.shape[0]):
        x[j] = v[j]

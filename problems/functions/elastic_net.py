"""The elastic net: the L1 norm and half the squared Euclidean norm."""

from math import copysign
from typing import NamedTuple, Self

import numpy as np

from ...core.checks import checked_number
from ...core.dispatch import implements
from ..oracles import prox
from .function import Function
from .l1 import LInfBall


class ElasticNetKernel(NamedTuple):
    """The compiled form of :class:`ElasticNet`."""

    l1: float
    l2: float


class ElasticNet(Function):
    r""":math:`\psi(x) = \lambda_1 \|x\|_1 + \frac{\lambda_2}2 \|x\|_2^2`: soft thresholding, then scaling.

    Parameters
    ----------
    l1, l2 : float
        The weights :math:`\lambda_1` and :math:`\lambda_2`, at least 0 and finite.

    Raises
    ------
    InputError
        If a weight is negative or not finite.

    References
    ----------
    Zou and Hastie, "Regularization and variable selection via the elastic net" (2005).

    Examples
    --------
    >>> ElasticNet(1.0, 1.0).prox(np.array([3.0, -0.5, -2.0]), 1.0)
    array([ 1. , -0. , -0.5])
    """

    is_separable = True

    def __init__(self, l1: float, l2: float) -> None:
        self.l1 = checked_number("l1", l1, "a weight", at_least=0.0)
        self.l2 = checked_number("l2", l2, "a weight", at_least=0.0)
        self.mu = self.l2
        self.L = self.l2 if self.l1 == 0.0 else np.inf
        self.is_homogeneous = self.l2 == 0.0
        self.kernel = ElasticNetKernel(self.l1, self.l2)

    @classmethod
    def example(cls, d: int) -> Self:
        return cls(0.5, 2.0)

    def _value(self, x):
        with np.errstate(over="ignore"):
            return self.l1 * np.abs(x).sum() + (0.5 * self.l2 * np.sum(x**2) if self.l2 > 0.0 else 0.0)

    def conjugate(self) -> Function:
        return super().conjugate() if self.l2 > 0.0 else LInfBall(self.l1)

    def _conjugate_value(self, u, tolerance):
        return np.sum(np.maximum(np.abs(u) - self.l1, 0.0) ** 2) / (2.0 * self.l2)

    def _subdifferential_distance(self, x, u, tolerance):
        at_zero = np.maximum(np.abs(u) - self.l1, 0.0)
        return np.linalg.norm(np.where(x == 0.0, at_zero, u - self.l2 * x - self.l1 * np.sign(x)))

    def __repr__(self) -> str:
        return f"ElasticNet({self.l1!r}, {self.l2!r})"


@implements(prox, ElasticNetKernel)
def _shrink(kernel, v, tau, x, work):
    threshold, factor = tau * kernel.l1, 1.0 / (1.0 + tau * kernel.l2)
    for j in range(v.shape[0]):
        shrunk = max(abs(v[j]) - threshold, 0.0) * factor
        x[j] = copysign(shrunk, v[j])

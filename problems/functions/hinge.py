"""The hinge loss."""

from typing import NamedTuple, Self

import numpy as np

from ...core.checks import checked_number
from ...core.dispatch import implements
from ..oracles import prox
from .function import Function


class HingeKernel(NamedTuple):
    """The compiled form of :class:`Hinge`."""

    lam: float


class Hinge(Function):
    r""":math:`\psi(x) = \lambda \sum_j \max\{0, 1 - x_j\}`, the loss of a support vector machine at the margins x.

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
    >>> Hinge(1.0).prox(np.array([-1.0, 0.75, 2.0]), 0.5)
    array([-0.5,  1. ,  2. ])
    """

    is_separable = True

    def __init__(self, lam: float) -> None:
        self.lam = checked_number("lam", lam, "a weight", at_least=0.0)
        self.kernel = HingeKernel(self.lam)

    @classmethod
    def example(cls, d: int) -> Self:
        return cls(0.5)

    def _value(self, x):
        return self.lam * np.maximum(1.0 - x, 0.0).sum()

    def _conjugate_value(self, u, tolerance):
        slack = tolerance * self.lam
        return u.sum() if np.all((u <= slack) & (u >= -self.lam - slack)) else np.inf

    def _subdifferential_distance(self, x, u, tolerance):
        at_kink = np.abs(x - 1.0) <= tolerance
        low = np.where(at_kink | (x < 1.0), -self.lam, 0.0)
        high = np.where(~at_kink & (x < 1.0), -self.lam, 0.0)
        return np.linalg.norm(u - np.clip(u, low, high))

    def __repr__(self) -> str:
        return f"Hinge({self.lam!r})"


@implements(prox, HingeKernel)
def _raise_to_one(kernel, v, tau, x, work):
    step = tau * kernel.lam
    for j in range(v.shape[0]):
        x[j] = max(v[j], min(v[j] + step, 1.0))

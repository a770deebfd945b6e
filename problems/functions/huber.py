"""The Huber function."""

from math import copysign
from typing import NamedTuple, Self

import numpy as np

from ...core.checks import checked_number
from ...core.dispatch import implements
from ..oracles import prox
from .function import Function


class HuberKernel(NamedTuple):
    """The compiled form of :class:`Huber`."""

    delta: float


class Huber(Function):
    r""":math:`\psi(x) = \sum_j h(x_j)`, a parabola around 0 that goes on as a straight line.

    It is :math:`h(t) = t^2/2` for :math:`|t| \le \delta` and :math:`\delta|t| - \delta^2/2` beyond.

    Parameters
    ----------
    delta : float
        Where the parabola ends, :math:`\delta`, above 0 and finite.

    Raises
    ------
    InputError
        If ``delta`` is not positive or not finite.

    References
    ----------
    Huber, "Robust estimation of a location parameter" (1964).

    Examples
    --------
    >>> Huber(1.0).prox(np.array([4.0, 1.0]), 1.0)
    array([3. , 0.5])
    """

    is_separable = True
    L = 1.0

    def __init__(self, delta: float) -> None:
        self.delta = checked_number("delta", delta, "where a parabola ends", above=0.0)
        self.kernel = HuberKernel(self.delta)

    @classmethod
    def example(cls, d: int) -> Self:
        return cls(0.75)

    def _value(self, x):
        size = np.abs(x)
        inside = np.minimum(size, self.delta)
        return np.sum(0.5 * inside**2 + self.delta * (size - inside))

    def _conjugate_value(self, u, tolerance):
        if np.abs(u).max() > self.delta * (1.0 + tolerance):
            return np.inf
        return 0.5 * np.sum(u**2)

    def _subdifferential_distance(self, x, u, tolerance):
        return np.linalg.norm(u - np.clip(x, -self.delta, self.delta))

    def __repr__(self) -> str:
        return f"Huber({self.delta!r})"


@implements(prox, HuberKernel)
def _prox(kernel, v, tau, x, work):
    delta = kernel.delta
    end, cut = delta * (1.0 + tau), delta * tau
    factor = 1.0 / (1.0 + tau)
    for j in range(v.shape[0]):
        size = abs(v[j])
        moved = size * factor if size <= end else size - cut
        x[j] = copysign(moved, v[j])

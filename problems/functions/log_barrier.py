"""The logarithmic barrier."""

from math import hypot, sqrt
from typing import NamedTuple, Self

import numpy as np

from ...core.checks import checked_number
from ...core.dispatch import implements
from ..oracles import prox
from .function import Function


_LARGE = 1e300


class LogBarrierKernel(NamedTuple):
    """The compiled form of :class:`LogBarrier`."""

    lam: float


class LogBarrier(Function):
    r""":math:`\psi(x) = -\lambda \sum_j \log x_j` for positive x, infinity elsewhere.

    Parameters
    ----------
    lam : float
        The weight :math:`\lambda`, above 0 and finite.

    Raises
    ------
    InputError
        If ``lam`` is not positive or not finite.

    Examples
    --------
    >>> LogBarrier(1.0).prox(np.array([0.0, 1.5]), 1.0)
    array([1., 2.])
    """

    is_separable = True

    def __init__(self, lam: float) -> None:
        self.lam = checked_number("lam", lam, "a weight", above=0.0)
        self.kernel = LogBarrierKernel(self.lam)

    @classmethod
    def example(cls, d: int) -> Self:
        return cls(0.5)

    def _value(self, x):
        return -self.lam * np.log(x).sum()

    def _violation(self, x):
        return 0.0 if np.all(x > 0.0) else np.inf

    def _conjugate_value(self, u, tolerance):
        return -self.lam * np.sum(1.0 + np.log(-u / self.lam)) if np.all(u < 0.0) else np.inf

    def _subdifferential_distance(self, x, u, tolerance):
        return np.linalg.norm(u + self.lam / x)

    def __repr__(self) -> str:
        return f"LogBarrier({self.lam!r})"


@implements(prox, LogBarrierKernel)
def _prox(kernel, v, tau, x, work):
    half = sqrt(tau) * sqrt(kernel.lam)  # the product may underflow, its root does not
    for j in range(v.shape[0]):
        # The positive root of x^2 - v x = half^2, by the formula that does not cancel.
        middle = v[j] / 2.0
        if v[j] > 0.0:
            x[j] = middle + hypot(float(middle), half)
        else:
            # Sums of numbers near the largest would overflow, those near the smallest must not become smaller.
            scale = 0.25 if max(half, -middle) > _LARGE else 1.0
            root = hypot(float(scale * middle), scale * half)
            x[j] = scale * half / root / (1.0 - scale * middle / root) * half

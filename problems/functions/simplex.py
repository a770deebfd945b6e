"""The indicator of the simplex."""

from math import nan
from typing import NamedTuple, Self

import numpy as np

from ...core.checks import checked_number
from ...core.dispatch import implements
from ..oracles import prox
from .function import Function
from .norms import fill, is_finite
from .thresholds import common_level, simplex_threshold


class SimplexKernel(NamedTuple):
    """The compiled form of :class:`Simplex`."""

    total: float


class Simplex(Function):
    r""":math:`\psi(x) = 0` where :math:`x_j \ge 0` and :math:`\sum_j x_j = r`, infinity elsewhere.

    Parameters
    ----------
    total : float
        The sum r, above 0 and finite; 1 for probabilities.

    Raises
    ------
    InputError
        If ``total`` is not positive or not finite.

    References
    ----------
    Michelot, "A finite algorithm for finding the projection of a point onto the canonical simplex of R^n" (1986).

    Examples
    --------
    >>> Simplex().prox(np.array([1.5, 1.0, -2.0]), 0.5)
    array([0.75, 0.25, 0.  ])
    """

    ndim = 1
    is_indicator = True

    def __init__(self, total: float = 1.0) -> None:
        self.total = checked_number("total", total, "a sum of the entries", above=0.0)
        self.kernel = SimplexKernel(self.total)

    @classmethod
    def example(cls, d: int) -> Self:
        return cls()

    def _value(self, x):
        return 0.0

    def _violation(self, x):
        size = max(np.abs(x).sum(), self.total)
        return max(abs(x.sum() - self.total), -x.min()) / size

    def _conjugate_value(self, u, tolerance):
        return self.total * u.max()

    def _subdifferential_distance(self, x, u, tolerance):
        # The normal cone: one multiplier t, u_j = t where x_j > 0, u_j <= t where x_j = 0.
        on, off = u[x > 0.0], u[x <= 0.0]
        t = common_level(on, off)
        return np.hypot(np.linalg.norm(on - t), np.linalg.norm(np.maximum(off - t, 0.0)))

    def __repr__(self) -> str:
        return "Simplex()" if self.total == 1.0 else f"Simplex({self.total!r})"


@implements(prox, SimplexKernel)
def _project(kernel, v, tau, x, work):
    if not is_finite(v):
        fill(x, nan)
        return
    top, level = simplex_threshold(v, kernel.total, x)
    for j in range(v.shape[0]):
        x[j] = max((v[j] - top) - level, 0.0)

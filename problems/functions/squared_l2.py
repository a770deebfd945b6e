"""Half the squared Euclidean norm."""

from typing import NamedTuple, Self

import numpy as np

from ...core.checks import checked_number
from ...core.dispatch import implements
from ..oracles import prox
from .function import Function
from .zero import Zero


class SquaredL2Kernel(NamedTuple):
    """The compiled form of :class:`SquaredL2`."""

    lam: float


class SquaredL2(Function):
    r""":math:`\psi(x) = \frac\lambda2 \|x\|_2^2`, whose proximal operator scales by :math:`1/(1 + \gamma\lambda)`.

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
    >>> SquaredL2(2.0).prox(np.array([3.0, -6.0]), 1.0)
    array([ 1., -2.])
    """

    is_separable = True

    def __init__(self, lam: float) -> None:
        self.lam = checked_number("lam", lam, "a weight", at_least=0.0)
        self.L = self.mu = self.lam
        self.kernel = SquaredL2Kernel(self.lam)

    @classmethod
    def example(cls, d: int) -> Self:
        return cls(2.0)

    def _value(self, x):
        with np.errstate(over="ignore"):
            return 0.5 * self.lam * np.sum(x**2) if self.lam > 0.0 else 0.0

    def conjugate(self) -> Function:
        return SquaredL2(1.0 / self.lam) if self.lam > 0.0 else Zero().conjugate()

    def _subdifferential_distance(self, x, u, tolerance):
        return np.linalg.norm(u - self.lam * x)

    def __repr__(self) -> str:
        return f"SquaredL2({self.lam!r})"


@implements(prox, SquaredL2Kernel)
def _scale(kernel, v, tau, x, work):
    factor = 1.0 / (1.0 + tau * kernel.lam)
    for j in range(v.shape[0]):
        x[j] = v[j] * factor

"""The logistic loss."""

from math import exp
from typing import NamedTuple, Self

import numpy as np
from scipy.special import xlogy

from ...core.checks import checked_number
from ...core.compiled import njit
from ...core.dispatch import implements
from ..oracles import prox
from .function import Function

# Enough for bisection of the widest bracket; Newton's steps end far earlier.
_STEPS = 600
_EPS = 2.0**-52
# Beyond this the result changes by nothing, but sums overflow.
_LARGEST_STEP = 1e307


class LogisticLossKernel(NamedTuple):
    """The compiled form of :class:`LogisticLoss`."""

    lam: float


class LogisticLoss(Function):
    r""":math:`\psi(x) = \lambda \sum_j \log(1 + e^{-x_j})`, the loss of logistic regression at the margins x.

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
    >>> p = LogisticLoss(2.0).prox(np.array([0.0, -1.0]), 1.0)
    >>> bool(np.allclose(p - np.array([0.0, -1.0]), 2.0 / (1.0 + np.exp(p))))
    True
    """

    is_separable = True

    def __init__(self, lam: float) -> None:
        self.lam = checked_number("lam", lam, "a weight", at_least=0.0)
        self.L = self.lam / 4.0
        self.kernel = LogisticLossKernel(self.lam)

    @classmethod
    def example(cls, d: int) -> Self:
        return cls(2.0)

    def _value(self, x):
        return self.lam * np.logaddexp(0.0, -x).sum()

    def _conjugate_value(self, u, tolerance):
        # In s = -u / lam it is lam times the sum of s log s + (1 - s) log(1 - s) for s in [0, 1].
        if not np.all((u <= tolerance * self.lam) & (u >= -self.lam * (1.0 + tolerance))):
            return np.inf
        s = np.clip(-u / self.lam, 0.0, 1.0) if self.lam > 0.0 else np.zeros_like(u)
        return self.lam * np.sum(xlogy(s, s) + xlogy(1.0 - s, 1.0 - s))

    def _subdifferential_distance(self, x, u, tolerance):
        return np.linalg.norm(u + self.lam * np.exp(-np.logaddexp(0.0, x)))

    def __repr__(self) -> str:
        return f"LogisticLoss({self.lam!r})"


@njit
def _solve(v, step):
    """Return the root p of p - v = step / (1 + e^p), by Newton's method kept in a bracket."""
    low, high = v, v + step
    p = v
    for k in range(_STEPS):
        # e is at most 1, so nothing overflows.
        e = exp(-abs(p))
        weight = (e if p > 0.0 else 1.0) / (1.0 + e)
        excess = (p - v) - step * weight
        if excess > 0.0:
            high = p
        else:
            low = p
        moved = p - excess / (1.0 + step * e / (1.0 + e) ** 2)
        if abs(moved - p) <= _EPS * abs(p):
            return moved
        # Every third step halves the bracket, as Newton's method may go round in circles.
        p = moved if low < moved < high and k % 3 < 2 else low + (high - low) / 2.0
    return p


@implements(prox, LogisticLossKernel)
def _prox(kernel, v, tau, x, work):
    step = min(tau * kernel.lam, _LARGEST_STEP)
    for j in range(v.shape[0]):
        x[j] = _solve(float(v[j]), step)

"""The logistic loss."""

from math import exp, inf, log, log1p
from typing import NamedTuple, Self

import numpy as np

from ...core.checks import checked_number
from ...core.compiled import njit
from ...core.dispatch import implements
from ..oracles import prox
from .function import Function

# Enough for bisection of the widest bracket; Newton's steps end far earlier.
_STEPS = 600
_EPS = 2.0**-52
# Beyond this a logarithm is a better start than the point itself.
_LONG = 1e3


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
        from scipy.special import xlogy

        return self.lam * np.sum(xlogy(s, s) + xlogy(1.0 - s, 1.0 - s))

    def _subdifferential_distance(self, x, u, tolerance):
        return np.linalg.norm(u + self.lam * np.exp(-np.logaddexp(0.0, x)))

    def __repr__(self) -> str:
        return f"LogisticLoss({self.lam!r})"


@njit
def _solve(v, step):
    """Return the root p of p - v = step / (1 + e^p), by Newton's method kept in a bracket."""
    reach = log1p(step)
    if v + step / 2.0 > 0.0:
        # The root is above 0. At low + reach the right side is below step / (1 + step), which is below reach.
        low = max(v, 0.0)
        high = low + reach
        p = max(low, min(reach - log1p(max(reach - v, 0.0)), high)) if step > _LONG else low
    else:
        # The root p is below 0 and v + step, and there step / (1 + e^p) is above step (1 - e^p).
        high = min(v + step, 0.0)
        low = max(v + step / 2.0, high - reach - 1.0)
        p = low
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


@njit
def _solve_beyond(v, reach):
    """Return the root p of log(p - v) + log(1 + e^p) = reach, which is the logarithm of a step beyond all floats."""
    # As above, where v + step > 0 for every v.
    low, high = (v, v + reach) if v > 0.0 else (max(v, -reach - 1.0), reach)
    p = low + (high - low) / 2.0
    for k in range(_STEPS):
        e = exp(-abs(p))
        excess = (log(p - v) if p > v else -inf) + max(p, 0.0) + log1p(e) - reach
        if excess > 0.0:
            high = p
        else:
            low = p
        moved = p - excess / (1.0 / (p - v) + (1.0 if p > 0.0 else e) / (1.0 + e)) if p > v else p
        if p > v and abs(moved - p) <= _EPS * abs(p):
            return moved
        p = moved if low < moved < high and k % 3 < 2 else low + (high - low) / 2.0
    return p


@implements(prox, LogisticLossKernel)
def _prox(kernel, v, tau, x, work):
    step = tau * kernel.lam
    if step < inf:
        for j in range(v.shape[0]):
            x[j] = _solve(float(v[j]), step)
    else:
        reach = log(tau) + log(kernel.lam)
        for j in range(v.shape[0]):
            x[j] = _solve_beyond(float(v[j]), reach)

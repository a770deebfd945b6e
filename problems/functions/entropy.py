"""The negative entropy and the Kullback-Leibler divergence."""

from math import exp, log
from typing import NamedTuple, Self

import numpy as np

from ...core.checks import checked_array, checked_number
from ...core.compiled import njit
from ...core.dispatch import implements
from ...core.errors import InputError, shown
from ..oracles import prox
from .function import Function

_STEPS = 100
# e to this power is 0 in double precision.
_VANISHED = -745.2
_TINY = 5e-324
# From here on sums and multiples of a step may overflow.
_LARGE = 1e300


@njit
def _solve(a, c):
    """Return the root x > 0 of x + a log(x) = c for a > 0; 0 where it is smaller than any float."""
    if c <= _VANISHED * a:
        return 0.0
    # In y = log(x) the equation e^y + a y = c is convex and increasing, and the start is above its root, so Newton's
    # steps descend to it.
    y = c / a
    if c > 0.0:
        y = min(y, max(0.0, log(c)))
    for _ in range(_STEPS):
        e = exp(y)
        moved = y - (e + a * y - c) / (e + a)
        if not moved < y:
            break
        y = moved
    x = exp(y)
    # For large x the last digits of the logarithm are too few: one more step in x itself.
    return x * ((a + c - a * log(x)) / (x + a)) if x > a else x


@njit
def _solve_scaled(a, ratio):
    """Return the same root for c = ratio * a, where neither c nor sums of a are floats."""
    y = ratio
    if ratio > 0.0:
        y = min(y, max(0.0, log(a) + log(ratio)))
    for _ in range(_STEPS):
        e = exp(y) / a
        moved = y - (e + y - ratio) / (e + 1.0)
        if not moved < y:
            break
        y = moved
    x = exp(y)
    return x * ((1.0 + ratio - log(x)) / (x / a + 1.0)) if x > a else x


class EntropyKernel(NamedTuple):
    """The compiled form of :class:`Entropy`."""

    lam: float


class Entropy(Function):
    r""":math:`\psi(x) = \lambda \sum_j x_j \log x_j` for nonnegative x, infinity elsewhere.

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
    >>> Entropy(1.0).prox(np.array([2.0]), 1.0)
    array([1.])
    """

    is_separable = True

    def __init__(self, lam: float) -> None:
        self.lam = checked_number("lam", lam, "a weight", above=0.0)
        self.kernel = EntropyKernel(self.lam)

    @classmethod
    def example(cls, d: int) -> Self:
        return cls(0.5)

    def _value(self, x):
        # SciPy takes longer to be there than all of this package.
        from scipy.special import xlogy

        return self.lam * xlogy(x, x).sum()

    def _violation(self, x):
        return 0.0 if np.all(x >= 0.0) else np.inf

    def _conjugate_value(self, u, tolerance):
        with np.errstate(over="ignore"):
            return self.lam * np.exp(u / self.lam - 1.0).sum()

    def _subdifferential_distance(self, x, u, tolerance):
        return _distance(self.lam * (np.log(np.maximum(x, _TINY)) + 1.0), x, u)

    def __repr__(self) -> str:
        return f"Entropy({self.lam!r})"


@implements(prox, EntropyKernel)
def _prox_entropy(kernel, v, tau, x, work):
    a = tau * kernel.lam
    larger, smaller = max(tau, kernel.lam), min(tau, kernel.lam)
    for j in range(v.shape[0]):
        # The product may be no float, and the smaller of its factors may make none of a quotient.
        x[j] = _solve(a, v[j] - a) if a < _LARGE else _solve_scaled(a, v[j] / larger / smaller - 1.0)


class KLKernel(NamedTuple):
    """The compiled form of :class:`KullbackLeibler`."""

    log_q: np.ndarray


class KullbackLeibler(Function):
    r""":math:`\psi(x) = \sum_j x_j \log(x_j/q_j) - x_j + q_j` for nonnegative x, infinity elsewhere.

    Parameters
    ----------
    q : array_like, shape (d,)
        The reference, every entry positive and finite.

    Raises
    ------
    InputError
        If ``q`` is no vector of positive numbers.

    Examples
    --------
    >>> KullbackLeibler([1.0, 2.0]).prox(np.array([1.0, 2.0]), 0.5)
    array([1., 2.])
    """

    ndim = 1
    is_separable = True

    def __init__(self, q: np.ndarray | list[float]) -> None:
        self.q = checked_array("q", q)
        if self.q.ndim != 1 or self.q.size == 0 or not np.all((self.q > 0.0) & np.isfinite(self.q)):
            raise InputError(
                f"q = {shown(q)} is no positive vector: give one finite number above 0 for each coordinate."
            )
        self.kernel = KLKernel(np.log(self.q))

    @classmethod
    def example(cls, d: int) -> Self:
        return cls(np.linspace(0.5, 2.0, d))

    def check_shape(self, shape: tuple[int, ...], name: str = "x") -> None:
        if shape != self.q.shape:
            raise InputError(f"{name} has shape {shape}, but q has shape {self.q.shape}: give as many numbers.")

    def _value(self, x):
        from scipy.special import kl_div

        return kl_div(x, self.q).sum()

    def _violation(self, x):
        return 0.0 if np.all(x >= 0.0) else np.inf

    def _conjugate_value(self, u, tolerance):
        with np.errstate(over="ignore"):
            return np.sum(self.q * np.expm1(u))

    def _subdifferential_distance(self, x, u, tolerance):
        return _distance(np.log(np.maximum(x, _TINY)) - np.log(self.q), x, u)

    def __repr__(self) -> str:
        return f"KullbackLeibler({self.q.tolist()!r})"


@implements(prox, KLKernel)
def _prox_kl(kernel, v, tau, x, work):
    for j in range(v.shape[0]):
        log_q = kernel.log_q[j]
        x[j] = _solve(tau, v[j] + tau * log_q) if tau < _LARGE else _solve_scaled(tau, v[j] / tau + log_q)


def _distance(slope, x, u):
    """Return the distance of u from the slopes; 0 stands for all numbers too small for a float, with their slopes."""
    return np.linalg.norm(np.where(x > 0.0, u - slope, np.maximum(u - slope, 0.0)))

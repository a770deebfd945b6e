"""A function smoothed by half a squared norm, and one made strongly convex by it: conjugates of each other."""

from typing import Any, NamedTuple

import numpy as np

from ...core.checks import checked_number
from ...core.dispatch import implements
from ...core.errors import InputError
from ..oracles import prox, prox_work_size
from .function import Function, checked_function, rounding
from .l1 import L1

_TINY = 5e-324


class MoreauEnvelopeKernel(NamedTuple):
    """The compiled form of :class:`MoreauEnvelope`."""

    inner: Any
    delta: float


class MoreauEnvelope(Function):
    r""":math:`\psi(x) = \min_z \phi(z) + \|z - x\|^2/(2\delta)`.

    Its prox is :math:`x + \frac{\gamma}{\gamma+\delta} (\mathrm{prox}_{(\gamma+\delta)\phi}(x) - x)`.

    Parameters
    ----------
    inner : Function
        The convex function :math:`\phi`.
    delta : float
        The smoothing :math:`\delta`, above 0 and finite.

    Raises
    ------
    InputError
        If ``inner`` is not convex, or ``delta`` is not positive or not finite.

    References
    ----------
    Beck, "First-order methods in optimization" (2017), theorem 6.63.

    Examples
    --------
    >>> MoreauEnvelope(L1(1.0), 1.0).prox(np.array([4.0, 1.0]), 1.0)
    array([3. , 0.5])
    """

    def __init__(self, inner: Function, delta: float) -> None:
        if not checked_function("inner", inner).is_convex:
            raise InputError(f"{inner!r} is not convex, so its envelope has no known prox: take a convex function.")
        self.inner, self.delta = inner, checked_number("delta", delta, "a smoothing", above=0.0)
        self.ndim, self.in_double = inner.ndim, True
        self.is_separable = inner.is_separable
        self.L = 1.0 / (self.delta + (1.0 / inner.L if inner.L > 0.0 else np.inf))
        self.mu = inner.mu / (1.0 + self.delta * inner.mu)
        self.kernel = MoreauEnvelopeKernel(inner.kernel, self.delta)

    @classmethod
    def example(cls, d):
        return cls(L1(0.5), 0.5)

    def check_shape(self, shape, name="x"):
        self.inner.check_shape(shape, name)

    def _value(self, x):
        z = self.inner.prox(x, self.delta)
        # The prox is in the domain up to the rounding of x, which may be far larger.
        lost = rounding(x) * np.abs(x).max()
        tolerance = max(rounding(x), lost / max(np.abs(z).max(), lost, _TINY))
        return self.inner._value_within(z, tolerance) + np.sum((z - x) ** 2) / (2.0 * self.delta)

    def conjugate(self):
        return PlusSquaredL2(self.inner.conjugate(), self.delta)

    def _subdifferential_distance(self, x, u, tolerance):
        return np.linalg.norm(u - (x - self.inner.prox(x, self.delta)) / self.delta)

    def __repr__(self) -> str:
        return f"MoreauEnvelope({self.inner!r}, {self.delta!r})"


@implements(prox_work_size, MoreauEnvelopeKernel)
def _work_size(kernel, d):
    return prox_work_size(kernel.inner, d)


@implements(prox, MoreauEnvelopeKernel)
def _prox(kernel, v, tau, x, work):
    d, share, kept = v.size, tau / (tau + kernel.delta), kernel.delta / (tau + kernel.delta)
    prox(kernel.inner, v, tau + kernel.delta, x, work)
    point, result = v.reshape(d), x.reshape(d)
    for j in range(d):
        result[j] = kept * point[j] + share * result[j]


class PlusSquaredL2Kernel(NamedTuple):
    """The compiled form of :class:`PlusSquaredL2`."""

    inner: Any
    lam: float


class PlusSquaredL2(Function):
    r""":math:`\psi(x) = \phi(x) + \frac\lambda2 \|x\|_2^2`.

    With :math:`s = 1 + \gamma\lambda` its prox is :math:`\mathrm{prox}_{(\gamma/s)\phi}(x / s)`.

    Parameters
    ----------
    inner : Function
        The function :math:`\phi`.
    lam : float
        The weight :math:`\lambda`, at least 0 and finite.

    Raises
    ------
    InputError
        If ``lam`` is negative or not finite.

    References
    ----------
    Parikh and Boyd, "Proximal algorithms" (2014), section 2.2.

    Examples
    --------
    >>> PlusSquaredL2(L1(1.0), 1.0).prox(np.array([3.0, -0.5, -2.0]), 1.0)
    array([ 1. , -0. , -0.5])
    """

    def __init__(self, inner: Function, lam: float) -> None:
        self.inner, self.lam = checked_function("inner", inner), checked_number("lam", lam, "a weight", at_least=0.0)
        self.ndim, self.in_double = inner.ndim, True
        self.is_convex, self.is_separable = inner.is_convex, inner.is_separable
        self.is_indicator = inner.is_indicator and self.lam == 0.0
        self.is_homogeneous = inner.is_homogeneous and self.lam == 0.0
        self.L = inner.L + self.lam
        self.mu = inner.mu + self.lam if self.is_convex else 0.0
        self.kernel = PlusSquaredL2Kernel(inner.kernel, self.lam)

    @classmethod
    def example(cls, d):
        return cls(L1(0.5), 2.0)

    def check_shape(self, shape, name="x"):
        self.inner.check_shape(shape, name)

    def _contains(self, x, tolerance):
        return self.inner._contains(x, tolerance)

    def _value_within(self, x, tolerance):
        return self.inner._value_within(x, tolerance) + 0.5 * self.lam * np.sum(x**2)

    def conjugate(self):
        inner = self.inner.conjugate()
        return MoreauEnvelope(inner, self.lam) if self.lam > 0.0 else inner

    def _subdifferential_distance(self, x, u, tolerance):
        return self.inner._subdifferential_distance(x, u - self.lam * x, tolerance)

    def __repr__(self) -> str:
        return f"PlusSquaredL2({self.inner!r}, {self.lam!r})"


@implements(prox_work_size, PlusSquaredL2Kernel)
def _sum_work_size(kernel, d):
    return d + prox_work_size(kernel.inner, d)


@implements(prox, PlusSquaredL2Kernel)
def _sum_prox(kernel, v, tau, x, work):
    d, factor = v.size, 1.0 + tau * kernel.lam
    point = v.reshape(d)
    for j in range(d):
        work[j] = point[j] / factor
    prox(kernel.inner, work[:d].reshape(v.shape), tau / factor, x, work[d:])

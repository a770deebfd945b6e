"""A positive multiple of a function."""

from typing import Any, NamedTuple, Self

from ...core.checks import checked_number
from ...core.dispatch import implements
from ..oracles import prox, prox_work_size
from .function import Function, checked_function
from .l1 import L1


class ScaledKernel(NamedTuple):
    """The compiled form of :class:`Scaled`."""

    inner: Any
    scale: float


class Scaled(Function):
    r""":math:`\psi(x) = a\,\phi(x)`, with :math:`\mathrm{prox}_{\gamma\psi} = \mathrm{prox}_{\gamma a\phi}`.

    Parameters
    ----------
    inner : Function
        The function :math:`\phi`.
    scale : float
        The factor a, above 0 and finite.

    Raises
    ------
    InputError
        If ``scale`` is not positive or not finite.

    Examples
    --------
    >>> Scaled(L1(1.0), 0.5).prox(np.array([3.0, -0.25]), 1.0)
    array([ 2.5, -0. ])
    """

    def __init__(self, inner: Function, scale: float) -> None:
        self.inner, self.scale = checked_function("inner", inner), checked_number("scale", scale, "a factor", above=0.0)
        self.ndim, self.in_double = inner.ndim, inner.in_double
        self.is_convex, self.is_separable = inner.is_convex, inner.is_separable
        self.is_indicator, self.is_homogeneous = inner.is_indicator, inner.is_homogeneous
        self.L, self.mu = self.scale * inner.L, self.scale * inner.mu
        self.kernel = ScaledKernel(inner.kernel, self.scale)

    @classmethod
    def example(cls, d: int) -> Self:
        return cls(L1(0.5), 3.0)

    def check_shape(self, shape: tuple[int, ...], name: str = "x") -> None:
        self.inner.check_shape(shape, name)

    def _contains(self, x, tolerance):
        return self.inner._contains(x, tolerance)

    def _value_within(self, x, tolerance):
        return self.scale * self.inner._value_within(x, tolerance)

    def _conjugate_value(self, u, tolerance):
        return self.scale * self.inner.conjugate()._value_within(u / self.scale, tolerance)

    def _subdifferential_distance(self, x, u, tolerance):
        return self.scale * self.inner._subdifferential_distance(x, u / self.scale, tolerance)

    def __repr__(self) -> str:
        return f"Scaled({self.inner!r}, {self.scale!r})"


@implements(prox_work_size, ScaledKernel)
def _work_size(kernel, d):
    return prox_work_size(kernel.inner, d)


@implements(prox, ScaledKernel)
def _prox(kernel, v, tau, x, work):
    prox(kernel.inner, v, tau * kernel.scale, x, work)

"""A function moved to another place."""

from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike

from ...core.checks import checked_array
from ...core.dispatch import implements
from ...core.errors import InputError, shown
from ..oracles import prox, prox_work_size
from .function import Function, checked_function
from .l1 import L1


class TranslatedKernel(NamedTuple):
    """The compiled form of :class:`Translated`."""

    inner: Any
    shift: np.ndarray


class Translated(Function):
    r""":math:`\psi(x) = \phi(x - b)`, whose prox is :math:`b + \mathrm{prox}_{\gamma\phi}(x - b)`.

    Parameters
    ----------
    inner : Function
        The function :math:`\phi`.
    shift : array_like
        The shift b, of the shape of x; the minimiser of :math:`\phi` moves by it.

    Raises
    ------
    InputError
        If ``shift`` has no shape that the function takes, or a number is not finite.

    Examples
    --------
    >>> Translated(L1(1.0), [1.0, 1.0]).prox(np.array([3.0, 1.25]), 1.0)
    array([2., 1.])
    """

    def __init__(self, inner: Function, shift: ArrayLike) -> None:
        self.inner, self.shift = checked_function("inner", inner), checked_array("shift", shift)
        if self.shift.size == 0 or not np.isfinite(self.shift).all():
            raise InputError(f"shift = {shown(shift)} is no place to move to: give finite numbers.")
        inner.check_shape(self.shift.shape, "shift")
        self.ndim, self.in_double = self.shift.ndim, True
        self.is_convex, self.is_separable, self.is_indicator = inner.is_convex, inner.is_separable, inner.is_indicator
        self.is_homogeneous = inner.is_homogeneous and not self.shift.any()
        self.L, self.mu = inner.L, inner.mu
        self.kernel = TranslatedKernel(inner.kernel, self.shift if inner.ndim == 2 else self.shift.ravel())

    @classmethod
    def example(cls, d: int) -> Self:
        return cls(L1(0.5), np.linspace(-1.0, 1.0, d))

    def check_shape(self, shape: tuple[int, ...], name: str = "x") -> None:
        if shape != self.shift.shape:
            raise InputError(f"{name} has shape {shape}, but the shift has {self.shift.shape}: give one shape.")

    def _contains(self, x, tolerance):
        return self.inner._contains(x - self.shift, tolerance * self._magnified(x))

    def _value_within(self, x, tolerance):
        return self.inner._value_within(x - self.shift, tolerance * self._magnified(x))

    def _magnified(self, x):
        """Return how much larger the rounding of x is beside x - b."""
        left = np.abs(x - self.shift).max()
        return max((np.abs(x).max() + np.abs(self.shift).max()) / max(left, 1e-300), 1.0) if left > 0.0 else 1.0

    def _conjugate_value(self, u, tolerance):
        return self.inner.conjugate()._value_within(u, tolerance) + np.sum(u * self.shift)

    def _subdifferential_distance(self, x, u, tolerance):
        return self.inner._subdifferential_distance(x - self.shift, u, tolerance * self._magnified(x))

    def __repr__(self) -> str:
        return f"Translated({self.inner!r}, {self.shift.tolist()!r})"


@implements(prox_work_size, TranslatedKernel)
def _work_size(kernel, d):
    return d + prox_work_size(kernel.inner, d)


@implements(prox, TranslatedKernel)
def _prox(kernel, v, tau, x, work):
    d = v.size
    point, shift, result = v.reshape(d), kernel.shift.reshape(d), x.reshape(d)
    for j in range(d):
        work[j] = point[j] - shift[j]
    prox(kernel.inner, work[:d].reshape(v.shape), tau, x, work[d:])
    for j in range(d):
        result[j] += shift[j]

"""The indicators of a half-space and of a hyperplane."""

import math
from abc import ABC, abstractmethod
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike

from ...core.checks import checked_array, checked_number
from ...core.compiled import REASSOCIATE, njit
from ...core.dispatch import implements
from ...core.errors import InputError, shown
from ..oracles import prox
from .function import Function
from .norms import norm

_ROUNDING = 2.0**-50


class HalfSpaceKernel(NamedTuple):
    """The compiled form of :class:`HalfSpace`."""

    normal: np.ndarray
    offset: float


class HyperplaneKernel(NamedTuple):
    """The compiled form of :class:`Hyperplane`."""

    normal: np.ndarray
    offset: float


@njit(fastmath=REASSOCIATE)
def _excess(normal, offset, v):
    total = 0.0
    for j in range(v.shape[0]):
        total += normal[j] * v[j]
    return total - offset


@njit(fastmath=REASSOCIATE)
def _product(normal, x):
    """Return the product of the normal and x, and the size of its terms."""
    product, size = 0.0, 0.0
    for j in range(x.shape[0]):
        product += normal[j] * x[j]
        size += abs(normal[j] * x[j])
    return product, size


@njit(fastmath=REASSOCIATE)
def _step(normal, by, v, x):
    """Move by a multiple of the normal, and return at once what ``_product`` says of the result."""
    product, size = 0.0, 0.0
    for j in range(v.shape[0]):
        entry = v[j] - by * normal[j]
        x[j] = entry
        product += normal[j] * entry
        size += abs(normal[j] * entry)
    return product, size


@njit
def _move(normal, offset, by, v, x):
    """Move from v to the hyperplane, which is ``by`` away."""
    product, size = _step(normal, by, v, x)
    # Where the result is far smaller than the point, that has lost digits, and so may the first correction.
    for _ in range(2):
        if abs(product - offset) <= _ROUNDING * (size + abs(offset)):
            return
        for j in range(v.shape[0]):
            x[j] -= (product - offset) * normal[j]
        product, size = _product(normal, x)
    # If it still is far off, v is a multiple of the normal, and what is left is rounding alone.
    if abs(product - offset) > math.sqrt(_ROUNDING) * (size + abs(offset)):
        for j in range(v.shape[0]):
            x[j] = offset * normal[j]


class _Linear(Function, ABC):
    """What both have in common: a normal vector, scaled to length 1, and an offset."""

    ndim = 1
    is_indicator = True

    def __init__(self, a: ArrayLike, b: float) -> None:
        self.a, self.b = checked_array("a", a), checked_number("b", b, "an offset")
        length = norm(self.a) if self.a.ndim == 1 and self.a.size else 0.0
        if not 0.0 < length < np.inf:
            raise InputError(f"a = {shown(a)} is no normal vector: give finite numbers that are not all 0.")
        self._normal, self._offset = self.a / length, self.b / length
        self.is_homogeneous = self.b == 0.0

    def check_shape(self, shape: tuple[int, ...], name: str = "x") -> None:
        if shape != self.a.shape:
            raise InputError(f"{name} has shape {shape}, but a has shape {self.a.shape}: give as many numbers.")

    def _value(self, x):
        return 0.0

    @abstractmethod
    def _violation(self, x: np.ndarray) -> Any:
        """Return the part of the relative excess that is against the rule."""

    def _relative_excess(self, x):
        products = self._normal * x
        return (products.sum() - self._offset) / max(np.abs(products).sum(), abs(self._offset), 1e-300)

    def _multiplier(self, u, tolerance):
        """Return t with u = t a, NaN if there is none."""
        t = self._normal @ u
        return t if np.linalg.norm(u - t * self._normal) <= tolerance * np.linalg.norm(u) else np.nan


class HalfSpace(_Linear):
    r""":math:`\psi(x) = 0` where :math:`\langle a, x\rangle \le b` and infinity elsewhere.

    Parameters
    ----------
    a : array_like, shape (d,)
        The outer normal vector, not 0.
    b : float
        The offset.

    Raises
    ------
    InputError
        If ``a`` is 0 or a number is not finite.

    Examples
    --------
    >>> HalfSpace([3.0, 4.0], 5.0).prox(np.array([6.0, 8.0]), 0.5)
    array([0.6, 0.8])
    """

    def __init__(self, a: ArrayLike, b: float) -> None:
        super().__init__(a, b)
        self.kernel = HalfSpaceKernel(self._normal, self._offset)

    @classmethod
    def example(cls, d: int) -> Self:
        return cls(np.linspace(1.0, 2.0, d), 0.5)

    def _violation(self, x):
        return max(self._relative_excess(x), 0.0)

    def _conjugate_value(self, u, tolerance):
        t = self._multiplier(u, tolerance)
        return t * self._offset if t >= 0.0 else np.inf

    def _subdifferential_distance(self, x, u, tolerance):
        t = max(self._normal @ u, 0.0) if self._relative_excess(x) >= -tolerance else 0.0
        return np.linalg.norm(u - t * self._normal)

    def __repr__(self) -> str:
        return f"HalfSpace({self.a.tolist()!r}, {self.b!r})"


class Hyperplane(_Linear):
    r""":math:`\psi(x) = 0` where :math:`\langle a, x\rangle = b` and infinity elsewhere.

    Parameters
    ----------
    a : array_like, shape (d,)
        The normal vector, not 0.
    b : float
        The offset.

    Raises
    ------
    InputError
        If ``a`` is 0 or a number is not finite.

    Examples
    --------
    >>> Hyperplane([1.0, 1.0], 1.0).prox(np.array([0.0, 0.0]), 0.5)
    array([0.5, 0.5])
    """

    def __init__(self, a: ArrayLike, b: float) -> None:
        super().__init__(a, b)
        self.kernel = HyperplaneKernel(self._normal, self._offset)

    @classmethod
    def example(cls, d: int) -> Self:
        return cls(np.linspace(1.0, 2.0, d), 0.5)

    def _violation(self, x):
        return abs(self._relative_excess(x))

    def _conjugate_value(self, u, tolerance):
        t = self._multiplier(u, tolerance)
        return t * self._offset if t == t else np.inf

    def _subdifferential_distance(self, x, u, tolerance):
        return np.linalg.norm(u - (self._normal @ u) * self._normal)

    def __repr__(self) -> str:
        return f"Hyperplane({self.a.tolist()!r}, {self.b!r})"


@implements(prox, HalfSpaceKernel)
def _into(kernel, v, tau, x, work):
    excess = _excess(kernel.normal, kernel.offset, v)
    if excess <= 0.0:
        for j in range(v.shape[0]):
            x[j] = v[j]
    else:
        _move(kernel.normal, kernel.offset, excess, v, x)


@implements(prox, HyperplaneKernel)
def _onto(kernel, v, tau, x, work):
    _move(kernel.normal, kernel.offset, _excess(kernel.normal, kernel.offset, v), v, x)

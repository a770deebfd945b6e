"""The indicator of a box, and of the nonnegative orthant."""

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike

from ...core.checks import checked_array
from ...core.dispatch import implements
from ...core.errors import InputError, shown
from ..oracles import prox
from .function import Function


class BoxKernel(NamedTuple):
    """The compiled form of a :class:`Box` with the same two bounds for every coordinate."""

    low: float
    high: float


class BoundsKernel(NamedTuple):
    """The compiled form of a :class:`Box` with bounds for each coordinate."""

    low: np.ndarray
    high: np.ndarray


class Box(Function):
    r""":math:`\psi(x) = 0` where :math:`l_j \le x_j \le u_j` and infinity elsewhere; the prox clips.

    Parameters
    ----------
    low, high : float or array_like
        The bounds, numbers or arrays of the shape of x; they may be infinite, and equal.

    Raises
    ------
    InputError
        If a bound is NaN, a lower one is above its upper one, or no number lies between them.

    Examples
    --------
    >>> Box(-1.0, 2.0).prox(np.array([-3.0, 0.5, 4.0]), 0.5)
    array([-1. ,  0.5,  2. ])
    """

    is_separable = True
    is_indicator = True

    def __init__(self, low: ArrayLike, high: ArrayLike) -> None:
        self.low, self.high = checked_array("low", low), checked_array("high", high)
        if self.low.ndim or self.high.ndim:
            try:
                self.low, self.high = (np.array(side) for side in np.broadcast_arrays(self.low, self.high))
            except ValueError:
                raise InputError(
                    f"low has shape {self.low.shape} and high {self.high.shape}: give numbers or arrays of one shape."
                ) from None
        if not (np.all(self.low <= self.high) and np.all(self.low < np.inf) and np.all(self.high > -np.inf)):
            raise InputError(
                f"low = {shown(low)} and high = {shown(high)} bound no box: give low <= high, some number between."
            )
        self.is_homogeneous = bool(np.all(np.isinf(self.low) | (self.low == 0.0))) and bool(
            np.all(np.isinf(self.high) | (self.high == 0.0))
        )
        if self.low.ndim:
            self.kernel = BoundsKernel(self.low.ravel(), self.high.ravel())
        else:
            self.kernel = BoxKernel(float(self.low), float(self.high))

    @classmethod
    def example(cls, d: int) -> Self:
        return cls(-0.25, 0.75)

    def check_shape(self, shape: tuple[int, ...], name: str = "x") -> None:
        if self.low.ndim and shape != self.low.shape:
            raise InputError(f"{name} has shape {shape}, but the bounds have {self.low.shape}: give one shape.")

    def _value(self, x):
        return 0.0

    def _violation(self, x):
        bound = np.where(x < self.low, self.low, self.high)
        outside = (x < self.low) | (x > self.high)
        gap = np.abs(x - bound, where=outside, out=np.zeros_like(x))
        return np.max(gap / np.maximum(np.abs(x), np.where(outside, np.abs(bound), 1.0)), where=outside, initial=0.0)

    def _conjugate_value(self, u, tolerance):
        # The supremum of u x is at the upper bound for u > 0 and at the lower one for u < 0.
        at_high = np.multiply(u, self.high, where=u > 0.0, out=np.zeros_like(u))
        return np.multiply(u, self.low, where=u < 0.0, out=at_high).sum()

    def conjugate(self) -> Function:
        if self.is_homogeneous:
            # The polar of a cone of this kind is one of this kind.
            return Box(np.where(self.low == 0.0, -np.inf, 0.0)[()], np.where(self.high == 0.0, np.inf, 0.0)[()])
        return super().conjugate()

    def _subdifferential_distance(self, x, u, tolerance):
        at_low = x <= self.low + tolerance * np.where(np.isfinite(self.low), np.abs(self.low), 0.0)
        at_high = x >= self.high - tolerance * np.where(np.isfinite(self.high), np.abs(self.high), 0.0)
        normal = np.where(at_low, np.minimum(u, 0.0), 0.0) + np.where(at_high, np.maximum(u, 0.0), 0.0)
        return np.linalg.norm(u - normal)

    def __repr__(self) -> str:
        low, high = (str(side.tolist()).replace("inf", "np.inf") for side in (self.low, self.high))
        return f"Box({low}, {high})"


class Nonnegative(Box):
    r""":math:`\psi(x) = 0` where every :math:`x_j \ge 0` and infinity elsewhere.

    Examples
    --------
    >>> Nonnegative().prox(np.array([-3.0, 0.5]), 0.5)
    array([0. , 0.5])
    """

    def __init__(self) -> None:
        super().__init__(0.0, np.inf)

    @classmethod
    def example(cls, d: int) -> Self:
        return cls()

    def __repr__(self) -> str:
        return "Nonnegative()"


@implements(prox, BoxKernel)
def _clip(kernel, v, tau, x, work):
    low, high = kernel.low, kernel.high
    for j in range(v.shape[0]):
        x[j] = min(max(v[j], low), high)


@implements(prox, BoundsKernel)
def _clip_each(kernel, v, tau, x, work):
    for j in range(v.shape[0]):
        x[j] = min(max(v[j], kernel.low[j]), kernel.high[j])

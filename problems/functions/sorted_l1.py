"""The sorted L1 norm (SLOPE) and its special case OSCAR."""

from abc import ABC, abstractmethod
from math import copysign
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike

from ...core.checks import checked_array, checked_number
from ...core.dispatch import dispatched, implements
from ...core.errors import InputError, shown
from ..oracles import prox, prox_work_size
from .function import Function
from .norms import fill, is_finite
from .sorting import COUNTS, sort_by_size

# Sums of weights times a step may overflow from here on.
_LARGE = 1e290
_SMALL_UNIT = 2.0**-200
_MOST = 1e300


class SortedL1Kernel(NamedTuple):
    """The compiled form of :class:`SortedL1`."""

    weights: np.ndarray


class OSCARKernel(NamedTuple):
    """The compiled form of :class:`OSCAR`."""

    l1: float
    l2: float


class _Sorted(Function, ABC):
    """What both have in common: weights for the entries in the order of their size."""

    is_homogeneous = True
    in_double = True

    @abstractmethod
    def _weights(self, d: int) -> np.ndarray:
        """Return the weights of d entries, the largest first."""

    def _value(self, x):
        return np.sort(np.abs(x), axis=None)[::-1] @ self._weights(x.size)

    def _conjugate_value(self, u, tolerance):
        # The conjugate is the indicator of the u whose k largest sizes never sum to more than the k largest weights.
        sums, allowed = np.cumsum(np.sort(np.abs(u), axis=None)[::-1]), np.cumsum(self._weights(u.size))
        return 0.0 if np.all(sums <= allowed + tolerance * max(sums[-1], allowed[-1])) else np.inf

    def _subdifferential_distance(self, x, u, tolerance):
        # Each set of entries of one size has its share of the weights, in any order. The projection onto all mixtures
        # of these orders leaves an isotonic regression (Blondel et al. 2020).
        from scipy.optimize import isotonic_regression

        sizes, weights = np.abs(x).ravel(), self._weights(x.size)
        order = np.argsort(-sizes, kind="stable")
        sizes, rest = sizes[order], (u.ravel() * np.where(x.ravel() < 0.0, -1.0, 1.0))[order]
        total, start = 0.0, 0
        for end in [*(np.flatnonzero(-np.diff(sizes) > tolerance * sizes[0]) + 1), len(sizes)]:
            at_zero = sizes[start] <= tolerance * sizes[0]
            block = np.sort(np.abs(rest[start:end]) if at_zero else rest[start:end])[::-1]
            left = isotonic_regression(block - weights[start:end], increasing=False).x
            total = np.hypot(total, np.linalg.norm(np.maximum(left, 0.0) if at_zero else left))
            start = end
        return total


class SortedL1(_Sorted):
    r""":math:`\psi(x) = \sum_j w_j |x|_{(j)}` with :math:`|x|_{(1)} \ge |x|_{(2)} \ge \dots`, the penalty of SLOPE.

    Its prox sorts the sizes, subtracts the weights, averages what is then out of order, and undoes the sorting.

    Parameters
    ----------
    weights : array_like, shape (d,)
        The weights :math:`w_1 \ge w_2 \ge \dots \ge 0`.

    Raises
    ------
    InputError
        If the weights rise, or one is negative or not finite.

    References
    ----------
    Bogdan, van den Berg, Sabatti, Su and Candès, "SLOPE: adaptive variable selection via convex optimization" (2015).

    Examples
    --------
    >>> SortedL1([2.0, 1.0, 0.0]).prox(np.array([1.0, -4.0, 3.5]), 1.0)
    array([ 1.  , -2.25,  2.25])
    """

    ndim = 1

    def __init__(self, weights: ArrayLike) -> None:
        self.weights = checked_array("weights", weights)
        w = self.weights
        if w.ndim != 1 or w.size == 0 or not np.isfinite(w).all() or w[-1] < 0.0 or np.any(np.diff(w) > 0.0):
            raise InputError(
                f"weights = {shown(weights)} do not fall to 0 or above: give finite ones, the largest first."
            )
        self.kernel = SortedL1Kernel(self.weights)

    @classmethod
    def example(cls, d: int) -> Self:
        return cls(np.linspace(1.0, 0.25, d))

    def check_shape(self, shape: tuple[int, ...], name: str = "x") -> None:
        if shape != self.weights.shape:
            raise InputError(f"{name} has shape {shape}, but there are {self.weights.size} weights: give as many.")

    def _weights(self, d):
        return self.weights

    def __repr__(self) -> str:
        return f"SortedL1({self.weights.tolist()!r})"


class OSCAR(_Sorted):
    r""":math:`\psi(x) = \lambda_1 \|x\|_1 + \lambda_2 \sum_{i<j} \max\{|x_i|, |x_j|\}`.

    It is the sorted L1 norm with the weights :math:`\lambda_1 + \lambda_2 (d - j)`, for j from 1 to d.

    Parameters
    ----------
    l1, l2 : float
        The weights :math:`\lambda_1` and :math:`\lambda_2`, at least 0 and finite.

    Raises
    ------
    InputError
        If a weight is negative or not finite.

    References
    ----------
    Bondell and Reich, "Simultaneous regression shrinkage, variable selection and clustering with OSCAR" (2008).

    Examples
    --------
    >>> OSCAR(0.0, 1.0).prox(np.array([1.0, -4.0, 3.5]), 1.0)
    array([ 1.  , -2.25,  2.25])
    """

    def __init__(self, l1: float, l2: float) -> None:
        self.l1 = checked_number("l1", l1, "a weight", at_least=0.0)
        self.l2 = checked_number("l2", l2, "a weight", at_least=0.0)
        self.kernel = OSCARKernel(self.l1, self.l2)

    @classmethod
    def example(cls, d: int) -> Self:
        return cls(0.25, 0.125)

    def _weights(self, d):
        with np.errstate(over="ignore"):
            return self.l1 + self.l2 * np.arange(d - 1, -1, -1)

    def _value(self, x):
        # A weight may be infinite, and stand at an entry that is 0.
        sizes = np.sort(np.abs(x), axis=None)[::-1]
        with np.errstate(over="ignore"):
            return self.l1 * sizes.sum() + self.l2 * (sizes @ np.arange(x.size - 1.0, -1.0, -1.0))

    def __repr__(self) -> str:
        return f"OSCAR({self.l1!r}, {self.l2!r})"


@dispatched
def _weights_of(kernel, nothing):
    """Return the listed weights if there are any, else an empty array and the two numbers of linear ones."""
    return nothing, 0.0, 0.0


@implements(_weights_of, SortedL1Kernel)
def _listed_weights(kernel, nothing):
    return kernel.weights, 0.0, 0.0


@implements(_weights_of, OSCARKernel)
def _linear_weights(kernel, nothing):
    return nothing, kernel.l1, kernel.l2


@implements(prox_work_size, SortedL1Kernel)
@implements(prox_work_size, OSCARKernel)
def _work_size(kernel, d):
    return 2 * d + COUNTS


@implements(prox, SortedL1Kernel)
@implements(prox, OSCARKernel)
def _prox(kernel, v, tau, x, work):
    if not is_finite(v):
        fill(x, np.nan)
        return
    d = v.shape[0]
    # Passing the kernel on for each entry would count references to its arrays.
    weights, l1, l2 = _weights_of(kernel, work[:0])
    is_listed = weights.shape[0] > 0
    # Where what is subtracted may be no float it is so in a smaller unit, up to what makes any block of entries 0.
    largest = tau * weights[0] if is_listed else tau * l1 + tau * l2 * (d - 1)
    unit = 1.0 if largest < _LARGE else _SMALL_UNIT
    tau *= unit
    l1, l2 = min(tau * l1, _MOST), min(tau * l2, _MOST)
    words = work.view(np.int64)
    order, starts = words[:d], words[d : 2 * d]
    sort_by_size(v, order, starts, x, words[2 * d :])
    # Neighbours out of order are averaged. The means of the blocks so far stand in the first entries of x, which have
    # been read already.
    blocks = 0
    for k in range(d):
        mean, start = unit * x[k] - min(tau * weights[k] if is_listed else l1 + l2 * (d - 1 - k), _MOST), k
        while blocks > 0 and x[blocks - 1] <= mean:
            blocks -= 1
            before = starts[blocks]
            mean = x[blocks] + (mean - x[blocks]) * ((k + 1 - start) / (k + 1 - before))
            start = before
        x[blocks], starts[blocks] = mean, start
        blocks += 1
    end = d
    for block in range(blocks - 1, -1, -1):
        near, start, rest = x[block], starts[block], 0.0
        if near > 0.0 and end - start > 1:
            # A mean that was updated thousands of times has drifted.
            for k in range(start, end):
                less = min(tau * weights[k] if is_listed else l1 + l2 * (d - 1 - k), _MOST)
                rest += (unit * abs(v[order[k]]) - less) - near
            near += rest / (end - start)
        level = max(near, 0.0) / unit
        for k in range(start, end):
            x[k] = level
        end = start
    ordered = work[d : 2 * d]
    for k in range(d):
        ordered[k] = x[k]
    for k in range(d):
        x[order[k]] = ordered[k]
    for j in range(d):
        x[j] = copysign(x[j], v[j])

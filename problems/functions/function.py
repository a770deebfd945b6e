"""What every function with a proximal operator offers."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ...core.checks import as_number, refuse_mask
from ...core.compiled import njit
from ...core.discover import discover_classes
from ...core.dispatch import implements
from ...core.errors import InputError, shown
from ..oracles import prox, prox_work_size
from .norms import largest_size

_SMALLEST_STEP = 1e-300

_FLOAT64, _FLOAT32 = np.dtype(np.float64), np.dtype(np.float32)
# A point counts as in the domain if it is outside by at most this many roundings for each root of a coordinate.
_ROUNDINGS = 16


@njit
def _apply(kernel, v, tau, x, work):
    prox(kernel, v, tau, x, work)


class Function:
    r"""A function :math:`\psi` of real arrays whose proximal operator is known.

    A subclass sets ``kernel``, registers the compiled prox of its kernel, and writes ``_value``,
    ``_subdifferential_distance`` and ``conjugate`` or ``_conjugate_value``. If it is infinite somewhere it also writes
    ``_violation``; a function made of others writes ``_contains`` and ``_value_within`` instead. All of these receive
    checked float64 arrays. A predicate that is False, or an infinite constant, says that nothing is known.

    Attributes
    ----------
    kernel : NamedTuple
        The form that compiled code takes, see :func:`rootkappa.problems.oracles.prox`.
    ndim : int or None
        The number of axes of its arrays: 1 for vectors, 2 for matrices, None if every shape will do.
    is_convex : bool
        Whether it is convex (and closed and proper, as all of them are).
    is_separable : bool
        Whether it is a sum of functions of one coordinate each.
    is_indicator : bool
        Whether its values are 0 and infinity only; its prox then is a projection.
    is_homogeneous : bool
        Whether :math:`\psi(tx) = t\psi(x)` for all :math:`t > 0`.
    L : float
        The smallest known Lipschitz constant of its gradient, infinity if it is not smooth.
    mu : float
        The largest known constant of strong convexity, 0 if there is none.
    """

    kernel: Any
    ndim: int | None = None
    is_convex: bool = True
    is_separable: bool = False
    is_indicator: bool = False
    is_homogeneous: bool = False
    L: float = np.inf
    mu: float = 0.0
    # Whether the compiled prox keeps what it computes in its result and so wants float64.
    in_double: bool = False

    @classmethod
    def example(cls, d: int) -> "Function":
        """Return a typical member of the class for arrays with ``d`` entries along each axis."""
        return cls()

    @property
    def is_support(self) -> bool:
        r"""Whether it is the support function :math:`\sup_{u \in C} \langle u, x\rangle` of some convex set C."""
        return self.is_convex and self.is_homogeneous

    @property
    def is_smooth(self) -> bool:
        """Whether its gradient is Lipschitz continuous."""
        return bool(np.isfinite(self.L))

    def value(self, x: ArrayLike, tolerance: float | None = None) -> float:
        r"""Return :math:`\psi(x)`, infinity outside the domain and where x is infinite, NaN where x is NaN.

        Parameters
        ----------
        x : array_like
            The point.
        tolerance : float, optional
            See :meth:`in_domain`.

        Raises
        ------
        InputError
            If ``x`` is no array of real numbers of a shape that the function takes.
        """
        point = self._point("x", x)
        if not np.isfinite(point).all():
            return np.nan if np.isnan(point).any() else np.inf
        return float(self._value_within(point.astype(float), rounding(point) if tolerance is None else tolerance))

    def in_domain(self, x: ArrayLike, tolerance: float | None = None) -> bool:
        r"""Return whether :math:`\psi(x) < \infty`.

        Parameters
        ----------
        x : array_like
            The point.
        tolerance : float, optional
            How far outside the point may be, relative to its size; by default what the rounding of d numbers of its
            type explains, :math:`16 \sqrt{d}` units in the last place.
        """
        point = self._point("x", x)
        tolerance = rounding(point) if tolerance is None else tolerance
        return bool(np.isfinite(point).all() and self._contains(point.astype(float), tolerance))

    def prox(self, x: ArrayLike, gamma: float, out: np.ndarray | None = None) -> np.ndarray:
        r"""Return :math:`\mathrm{prox}_{\gamma\psi}(x) = \arg\min_z \psi(z) + \|z - x\|^2 / (2\gamma)`.

        Parameters
        ----------
        x : array_like
            The point, never changed. float32 and float64 keep their type, integers become float64.
        gamma : float
            The step size, positive and finite.
        out : ndarray, optional
            The array for the result, of the shape and type of ``x``; it may be ``x`` itself.

        Returns
        -------
        ndarray
            ``out``, or a new array.

        Raises
        ------
        InputError
            If ``x`` is no array of real numbers of a shape that the function takes, ``gamma`` is out of range, or
            ``out`` does not fit.
        """
        if type(x) is not np.ndarray or x.dtype != _FLOAT64 or x.size == 0:
            x = self._point("x", x)
        else:
            self.check_shape(x.shape)
        if type(gamma) is not float or not 0.0 < gamma < np.inf:
            gamma = _step_size(gamma)
        if out is not None:
            return self._prox_into(x, gamma, out)
        if self.in_double and x.dtype == _FLOAT32:
            return self._prox(x.astype(float), gamma, np.empty(x.shape)).astype(np.float32)
        return self._prox(x, gamma, np.empty(x.shape, x.dtype))

    def _prox(self, x: np.ndarray, gamma: float, result: np.ndarray) -> np.ndarray:
        """Run the compiled prox; ``result`` is contiguous and shares nothing with x."""
        # Numba would compile once more for an array that may not be written to.
        if not (x.flags.c_contiguous and x.flags.writeable):
            x = np.array(x, order="C")
        # NumPy asks the system for large pages, so that scratch space is cheaper from here than from compiled code.
        work = np.empty(prox_work_size(self.kernel, x.size))
        if x.ndim == 1 or self.ndim == 2:
            _apply(self.kernel, x, gamma, result, work)
        else:
            _apply(self.kernel, x.reshape(-1), gamma, result.reshape(-1), work)
        return result

    def conjugate(self) -> "Function":
        r"""Return the convex conjugate :math:`\psi^*(u) = \sup_x \langle u, x\rangle - \psi(x)`.

        Raises
        ------
        InputError
            If the function is not convex.
        """
        return Conjugate(self)

    def subdifferential_distance(self, x: ArrayLike, u: ArrayLike) -> float:
        r"""Return the distance of ``u`` from the subdifferential :math:`\partial\psi(x)`, in the Euclidean norm.

        It is 0 exactly if :math:`x = \mathrm{prox}_{\gamma\psi}(x + \gamma u)` for all :math:`\gamma > 0`, so it
        certifies a prox and, with :math:`u = -\nabla F(x)`, a minimiser of :math:`F + \psi`.

        Parameters
        ----------
        x, u : array_like
            The point and the candidate for a subgradient there, of one shape.

        Returns
        -------
        float
            Infinity outside the domain, where there is no subgradient.

        Raises
        ------
        InputError
            If the shapes differ or do not fit the function, or the function is not convex.
        """
        if not self.is_convex:
            raise InputError(f"{self!r} is not convex, so it has no subdifferential: compare values instead.")
        point, slope = self._point("x", x), self._point("u", u)
        if point.shape != slope.shape:
            raise InputError(f"u has shape {slope.shape}, but x has shape {point.shape}: give arrays of one shape.")
        if not (self.in_domain(point) and np.isfinite(slope).all()):
            return np.inf
        distance = self._subdifferential_distance(point.astype(float), slope.astype(float), rounding(point))
        return float(distance)

    def check_shape(self, shape: tuple[int, ...], name: str = "x") -> None:
        """Raise an InputError if arrays of this shape are not the function's."""
        if self.ndim is not None and len(shape) != self.ndim:
            kind = "vector" if self.ndim == 1 else "matrix"
            raise InputError(f"{name} has shape {shape}, but {self!r} is a function of a {kind}: give a {kind}.")

    def _value(self, x: np.ndarray) -> Any:
        """Return the value at a point of the domain."""
        raise NotImplementedError

    def _violation(self, x: np.ndarray) -> Any:
        """Return how far ``x`` is outside the domain, relative to its size: 0 inside, at most about 1."""
        return 0.0

    def _contains(self, x: np.ndarray, tolerance: float) -> bool:
        return self._violation(x) <= tolerance

    def _value_within(self, x: np.ndarray, tolerance: float) -> Any:
        return self._value(x) if self._contains(x, tolerance) else np.inf

    def _conjugate_value(self, u: np.ndarray, tolerance: float) -> Any:
        r"""Return :math:`\psi^*(u)`; a relative distance up to ``tolerance`` from its domain counts as rounding."""
        return self.conjugate()._value_within(u, tolerance)

    def _subdifferential_distance(self, x: np.ndarray, u: np.ndarray, tolerance: float) -> Any:
        """Return the distance; a relative distance up to ``tolerance`` from a boundary counts as rounding."""
        raise InputError(f"{self!r} has no formula for its subdifferential: swap x and u and ask its conjugate.")

    def _point(self, name: str, x: Any) -> np.ndarray:
        """Return ``x`` as an array of float32 or float64 of a shape that the function takes."""
        array = x if type(x) is np.ndarray else _as_array(name, x)
        if array.dtype != _FLOAT64 and array.dtype != _FLOAT32:
            array = _as_floats(name, array)
        if array.size == 0:
            raise InputError(f"{name} has shape {array.shape}, which is empty: give an array with at least one number.")
        self.check_shape(array.shape, name)
        return array

    def _prox_into(self, x: np.ndarray, gamma: float, out: Any) -> np.ndarray:
        if not isinstance(out, np.ndarray) or out.shape != x.shape or out.dtype != x.dtype or not out.flags.writeable:
            given = f"{out.dtype} {out.shape}" if isinstance(out, np.ndarray) else type(out).__name__
            raise InputError(f"out is {given}, which cannot take the result: give a writeable {x.dtype} {x.shape}.")
        # Compiled code reads and writes different arrays, so a result over its own point is computed beside it.
        if out.flags.c_contiguous and not np.may_share_memory(x, out) and not (self.in_double and x.itemsize == 4):
            self._prox(x, gamma, np.asarray(out))
            return out
        out[...] = self.prox(x, gamma)
        return out


def checked_function(name: str, function: object) -> Function:
    """Return the function that another one is made of, refused if it is none."""
    if not isinstance(function, Function):
        raise InputError(f"{name} = {function!r} is no function with a prox: give one such as L1(0.1).")
    return function


def rounding(point: np.ndarray) -> float:
    """Return the relative size of what the rounding of a point's entries explains."""
    return _ROUNDINGS * float(np.finfo(point.dtype).eps) * point.size**0.5


def _as_array(name: str, x: Any) -> np.ndarray:
    refuse_mask(name, x)
    try:
        return np.asarray(x)
    except (TypeError, ValueError):
        raise InputError(f"{name} is no array of numbers: give numbers only, in rows of one length.") from None


def _as_floats(name: str, array: np.ndarray) -> np.ndarray:
    if array.dtype.kind in "iu" or (array.dtype.kind == "f" and array.dtype.itemsize in (4, 8)):
        return array.astype(np.float32 if array.dtype.kind == "f" and array.dtype.itemsize == 4 else np.float64)
    raise InputError(
        f"{name} has the type {array.dtype}, not real numbers of one or two words: give float32 or float64."
    )


def _step_size(gamma: Any) -> float:
    number = as_number(gamma)
    if isinstance(gamma, bool) or not 0.0 < number < np.inf:
        raise InputError(f"gamma = {shown(gamma)} is no step size of a prox: give a finite number above 0.")
    return number


class ConjugateKernel(NamedTuple):
    """The compiled form of :class:`Conjugate`."""

    inner: Any


class ProjectionKernel(NamedTuple):
    """The compiled form of a :class:`Conjugate` that is an indicator, as that of every support function is."""

    inner: Any


class Conjugate(Function):
    r""":math:`\psi^*(u) = \sup_x \langle u, x\rangle - \psi(x)` for a convex :math:`\psi` whose conjugate has no class.

    Its prox is that of :math:`\psi`: :math:`\mathrm{prox}_{\gamma\psi^*}(u) = u - \gamma\,
    \mathrm{prox}_{\psi/\gamma}(u/\gamma)`.

    Its subdifferential has no formula: u is a subgradient at x exactly if x is one of :math:`\psi` at u.

    Parameters
    ----------
    inner : Function
        The function :math:`\psi`.

    Raises
    ------
    InputError
        If ``inner`` is not convex.

    References
    ----------
    Moreau, "Proximité et dualité dans un espace hilbertien" (1965).

    Examples
    --------
    >>> from rootkappa.problems.functions import Simplex
    >>> Conjugate(Simplex()).value(np.array([3.0, -1.0]))
    3.0
    """

    def __init__(self, inner: Function) -> None:
        if not checked_function("inner", inner).is_convex:
            raise InputError(f"{inner!r} is not convex, so its conjugate forgets it: take a convex function.")
        self.inner = inner
        self.ndim = inner.ndim
        self.in_double = True
        self.is_separable = inner.is_separable
        self.is_indicator = inner.is_homogeneous
        self.is_homogeneous = inner.is_indicator
        self.L = 1.0 / inner.mu if inner.mu > 0.0 else np.inf
        self.mu = 1.0 / inner.L if inner.L > 0.0 else 0.0
        self.kernel = (ProjectionKernel if inner.is_homogeneous else ConjugateKernel)(inner.kernel)

    @classmethod
    def example(cls, d):
        return cls(discover_classes(__name__.rpartition(".")[0], Function)["Simplex"]())

    def check_shape(self, shape, name="x"):
        self.inner.check_shape(shape, name)

    def _contains(self, x, tolerance):
        return self._value_within(x, tolerance) < np.inf

    def _value_within(self, x, tolerance):
        return self.inner._conjugate_value(x, tolerance)

    def conjugate(self):
        return self.inner

    def __repr__(self) -> str:
        return f"Conjugate({self.inner!r})"


@implements(prox_work_size, ConjugateKernel)
def _work_size(kernel, d):
    return d + prox_work_size(kernel.inner, d)


@implements(prox, ConjugateKernel)
def _moreau(kernel, v, tau, x, work):
    d = v.size
    point, result = v.reshape(d), x.reshape(d)
    # Below this a step leads to the same point, but to divide by it may overflow.
    tau = max(tau, _SMALLEST_STEP * max(largest_size(point), 1.0))
    for j in range(d):
        work[j] = point[j] / tau
    prox(kernel.inner, work[:d].reshape(v.shape), 1.0 / tau, x, work[d:])
    for j in range(d):
        result[j] = point[j] - tau * result[j]


@implements(prox_work_size, ProjectionKernel)
def _projection_work_size(kernel, d):
    return prox_work_size(kernel.inner, d)


@implements(prox, ProjectionKernel)
def _project(kernel, v, tau, x, work):
    # A projection does not depend on the step, and with step 1 nothing is scaled and rounded.
    d = v.size
    prox(kernel.inner, v, 1.0, x, work)
    point, result = v.reshape(d), x.reshape(d)
    for j in range(d):
        result[j] = point[j] - result[j]

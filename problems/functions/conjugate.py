"""The convex conjugate of a function, by Moreau's identity."""

from typing import Any, NamedTuple

import numpy as np

from ...core.dispatch import implements
from ...core.errors import InputError
from ..oracles import prox, prox_work_size
from .function import Function, checked_function
from .norms import largest_size

_SMALLEST = 1e-300


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
        from .simplex import Simplex

        return cls(Simplex())

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
    tau = max(tau, _SMALLEST * max(largest_size(point), 1.0))
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

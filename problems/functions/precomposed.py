"""A function of an orthogonal transform."""

from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike

from ...core.checks import checked_array
from ...core.dispatch import implements
from ...core.errors import InputError, shown
from ...core.vectors import add_transposed_product, matrix_vector
from ..oracles import prox, prox_work_size
from .function import Function, checked_function
from .l1 import L1

_ORTHOGONAL = 1e-10
_NOTHING = 1e-30


class PrecomposedKernel(NamedTuple):
    """The compiled form of :class:`Precomposed`."""

    inner: Any
    A: np.ndarray
    nu: float


class Precomposed(Function):
    r""":math:`\psi(x) = \phi(Ax)` for :math:`AA^\top = \nu I`, such as an orthogonal matrix or a tight frame.

    Its prox is :math:`x + \frac1\nu A^\top (\mathrm{prox}_{\gamma\nu\phi}(Ax) - Ax)`.

    Parameters
    ----------
    inner : Function
        The function :math:`\phi` of a vector with m entries.
    A : array_like, shape (m, d)
        The transform; its rows are orthogonal and of one length :math:`\sqrt\nu > 0`.

    Raises
    ------
    InputError
        If the rows are not orthogonal or not of one length.

    References
    ----------
    Beck, "First-order methods in optimization" (2017), theorem 6.15.

    Examples
    --------
    >>> Precomposed(L1(1.0), [[0.6, 0.8]]).prox(np.array([3.0, 4.0]), 2.0)
    array([1.8, 2.4])
    """

    ndim = 1
    in_double = True

    def __init__(self, inner: Function, A: ArrayLike) -> None:
        self.inner, self.A = checked_function("inner", inner), checked_array("A", A)
        if self.A.ndim != 2 or self.A.size == 0 or not np.isfinite(self.A).all():
            raise InputError(f"A = {shown(A)} is no transform: give a matrix of finite numbers.")
        inner.check_shape(self.A.shape[:1], "A x")
        gram = self.A @ self.A.T
        self.nu = float(np.trace(gram)) / len(gram)
        off = np.abs(gram - self.nu * np.eye(len(gram))).max()
        if not off <= _ORTHOGONAL * self.nu or self.nu == 0.0:
            raise InputError(
                f"A A' is {off:.3g} off a multiple of the identity: give orthogonal rows of one length above 0."
            )
        self.is_convex, self.is_indicator = inner.is_convex, inner.is_indicator
        self.is_homogeneous = inner.is_homogeneous
        self.L = self.nu * inner.L
        self.mu = self.nu * inner.mu if self.A.shape[0] == self.A.shape[1] else 0.0
        self.kernel = PrecomposedKernel(inner.kernel, self.A, self.nu)

    @classmethod
    def example(cls, d: int) -> Self:
        rows = max(1, d - 1)
        wave = np.cos(np.pi / d * np.outer(np.arange(rows), np.arange(d) + 0.5))
        wave[0] /= np.sqrt(2.0)
        return cls(L1(0.5), wave)

    def check_shape(self, shape: tuple[int, ...], name: str = "x") -> None:
        if shape != self.A.shape[1:]:
            raise InputError(f"{name} has shape {shape}, but A has {self.A.shape[1]} columns: give as many numbers.")

    def _contains(self, x, tolerance):
        return self.inner._contains(self._image(x, tolerance), tolerance)

    def _value_within(self, x, tolerance):
        return self.inner._value_within(self._image(x, tolerance), tolerance)

    def _image(self, x, tolerance):
        """Return A x, an entry that is only rounding as the 0 that it may be on the boundary of a domain."""
        image = self.A @ x
        image[np.abs(image) <= tolerance * (np.abs(self.A) @ np.abs(x))] = 0.0
        return image

    def _conjugate_value(self, u, tolerance):
        # The supremum is infinite unless u is in the range of the adjoint.
        w = self.A @ u / self.nu
        off = np.linalg.norm(u - self.A.T @ w)
        if off > tolerance * np.linalg.norm(u):
            return np.inf
        return self.inner.conjugate()._value_within(w, tolerance)

    def _subdifferential_distance(self, x, u, tolerance):
        w, image = self.A @ u / self.nu, self._image(x, tolerance)
        inside = np.sqrt(self.nu) * self.inner._subdifferential_distance(image, w, tolerance)
        return np.hypot(np.linalg.norm(u - self.A.T @ w), inside)

    def __repr__(self) -> str:
        return f"Precomposed({self.inner!r}, {self.A.tolist()!r})"


@implements(prox_work_size, PrecomposedKernel)
def _work_size(kernel, d):
    m = kernel.A.shape[0]
    return 2 * m + d + prox_work_size(kernel.inner, m)


@implements(prox, PrecomposedKernel)
def _prox(kernel, v, tau, x, work):
    m, d = kernel.A.shape[0], v.shape[0]
    # In double precision, whatever the point has.
    image, wanted, z = work[:m], work[m : 2 * m], work[2 * m : 2 * m + d]
    for j in range(d):
        z[j] = v[j]
    matrix_vector(kernel.A, z, image)
    prox(kernel.inner, image, tau * kernel.nu, wanted, work[2 * m + d :])
    if m == d:
        # The range of the adjoint is everything, so nothing of v stays.
        for j in range(m):
            z[j] = 0.0
            wanted[j] /= kernel.nu
        add_transposed_product(kernel.A, wanted, z)
        for j in range(d):
            x[j] = z[j]
        return
    # The second time removes what the first has lost where the result is far smaller than the point.
    for _ in range(2):
        for i in range(m):
            image[i] = (wanted[i] - image[i]) / kernel.nu
        add_transposed_product(kernel.A, image, z)
        matrix_vector(kernel.A, z, image)
    # What is left now at the square of the rounding is nothing; NaN is no small number.
    for j in range(d):
        x[j] = 0.0 if abs(z[j]) <= _NOTHING * abs(v[j]) else z[j]

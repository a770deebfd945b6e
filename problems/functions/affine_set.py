"""The indicator of an affine set."""

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike

from ...core.checks import checked_array
from ...core.dispatch import implements
from ...core.errors import InputError
from ...core.vectors import add_transposed_product, matrix_vector
from ..oracles import prox, prox_work_size
from .function import Function


class AffineSetKernel(NamedTuple):
    """The compiled form of :class:`AffineSet`: the same set with orthonormal equations."""

    V: np.ndarray
    c: np.ndarray


class AffineSet(Function):
    r""":math:`\psi(x) = 0` where :math:`Ax = b` and infinity elsewhere.

    The equations are made orthonormal once, so a projection costs two products with a matrix of the rank of A.

    Parameters
    ----------
    A : array_like, shape (m, d)
        The equations, of any rank above 0.
    b : array_like, shape (m,)
        The right-hand sides.

    Raises
    ------
    InputError
        If the shapes do not fit, a number is not finite, A is 0, or no x satisfies the equations.

    Examples
    --------
    >>> AffineSet([[1.0, 1.0, 0.0], [0.0, 0.0, 2.0]], [2.0, 4.0]).prox(np.zeros(3), 0.5)
    array([1., 1., 2.])
    """

    ndim = 1
    is_indicator = True

    def __init__(self, A: ArrayLike, b: ArrayLike) -> None:
        self.A, self.b = checked_array("A", A), checked_array("b", b)
        if self.A.ndim != 2 or self.A.size == 0 or self.b.shape != self.A.shape[:1]:
            raise InputError(f"A has shape {self.A.shape} and b {self.b.shape}: give shapes (m, d) and (m,).")
        if not (np.all(np.isfinite(self.A)) and np.all(np.isfinite(self.b))):
            raise InputError("A or b holds a number that is not finite: give finite numbers.")
        if not self.A.any():
            raise InputError("A = 0 is no equation: leave the function out, or give a matrix that is not 0.")
        A, b = _scaled(self.A, self.b)
        U, sizes, V = np.linalg.svd(A, full_matrices=False)
        kept = sizes > sizes[0] * max(A.shape) * np.finfo(float).eps
        with np.errstate(over="ignore", invalid="ignore"):
            c = (U.T @ b)[kept] / sizes[kept]
            nearest = V[kept].T @ c
        if not np.isfinite(nearest).all():
            raise InputError("A x = b has no solution that is a floating-point number: rescale A or b.")
        unmet = np.abs(A @ nearest - b) / np.maximum(np.abs(A) @ np.abs(nearest) + np.abs(b), np.finfo(float).tiny)
        if unmet.max() > 1e-10:
            raise InputError(
                f"A x = b has no solution, the nearest x misses equation {unmet.argmax()} by {unmet.max():.3g} of its "
                "size: give equations that agree."
            )
        self.is_homogeneous = not self.b.any()
        self.kernel = AffineSetKernel(np.ascontiguousarray(V[kept]), c)

    @classmethod
    def example(cls, d: int) -> Self:
        rows = max(1, d // 3)
        return cls(np.eye(rows, d) + 0.1 * np.cos(np.arange(rows * d)).reshape(rows, d), np.ones(rows))

    def check_shape(self, shape: tuple[int, ...], name: str = "x") -> None:
        if shape != self.A.shape[1:]:
            raise InputError(f"{name} has shape {shape}, but A has {self.A.shape[1]} columns: give as many numbers.")

    def _value(self, x):
        return 0.0

    def _violation(self, x):
        V, c = self.kernel
        return np.max(np.abs(V @ x - c) / np.maximum(np.abs(V) @ np.abs(x) + np.abs(c), 1e-300))

    def _conjugate_value(self, u, tolerance):
        V, c = self.kernel
        off = np.linalg.norm(u - V.T @ (V @ u))
        return float(c @ (V @ u)) if off <= tolerance * np.linalg.norm(u) else np.inf

    def _subdifferential_distance(self, x, u, tolerance):
        V = self.kernel.V
        return np.linalg.norm(u - V.T @ (V @ u))

    def __repr__(self) -> str:
        return f"AffineSet({self.A.tolist()!r}, {self.b.tolist()!r})"


def _scaled(A: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the equations in one unit, so that none is taken for a rounding error of another.

    Powers of two change no digit.
    """
    largest = np.abs(A).max(axis=1)
    power = -np.frexp(np.where(largest > 0.0, largest, np.abs(b)))[1]
    with np.errstate(over="ignore"):  # an infinite b is refused with the solution
        return np.ldexp(A, power[:, None]), np.ldexp(b, power)


@implements(prox_work_size, AffineSetKernel)
def _work_size(kernel, d):
    return kernel.c.shape[0] + d


@implements(prox, AffineSetKernel)
def _project(kernel, v, tau, x, work):
    V, c = kernel.V, kernel.c
    rows, d = c.shape[0], v.shape[0]
    # In double precision, whatever the point has.
    missing, z = work[:rows], work[rows : rows + d]
    for j in range(d):
        z[j] = v[j]
    # The second time removes what the first has lost where the result is far smaller than the point.
    for _ in range(2):
        matrix_vector(V, z, missing)
        for i in range(rows):
            missing[i] = c[i] - missing[i]
        add_transposed_product(V, missing, z)
    for j in range(d):
        x[j] = z[j]

"""The indicator of the cone of positive semidefinite matrices."""

from typing import NamedTuple

import numpy as np

from ...core.dispatch import implements
from ...core.errors import InputError
from ..oracles import prox
from .function import Function
from .norms import scale_of


class PositiveSemidefiniteKernel(NamedTuple):
    """Nothing to know; Numba wants at least one field."""

    low: float


class PositiveSemidefinite(Function):
    r""":math:`\psi(X) = 0` where X is symmetric without negative eigenvalue and infinity elsewhere.

    The space is that of all square matrices: the prox first takes the symmetric part. LAPACK computes the
    eigenvalues, which allocates.

    References
    ----------
    Higham, "Computing a nearest symmetric positive semidefinite matrix" (1988).

    Examples
    --------
    >>> PositiveSemidefinite().prox(np.array([[1.0, 0.0], [0.0, -2.0]]), 0.5)
    array([[1., 0.],
           [0., 0.]])
    """

    kernel = PositiveSemidefiniteKernel(0.0)
    ndim = 2
    is_indicator = True
    is_homogeneous = True

    def check_shape(self, shape: tuple[int, ...], name: str = "x") -> None:
        if len(shape) != 2 or shape[0] != shape[1]:
            raise InputError(f"{name} has shape {shape}, which is no square matrix: give an array of shape (d, d).")

    def _value(self, x):
        return 0.0

    def _violation(self, x):
        size = np.abs(x).max()
        if not 0.0 < size < np.inf:
            return 0.0 if size == 0.0 else np.inf
        x = x / size
        return max(np.abs(x - x.T).max(), -np.linalg.eigvalsh((x + x.T) / 2.0)[0], 0.0)

    def _conjugate_value(self, u, tolerance):
        # The polar cone in the space of square matrices: the symmetric part has no positive eigenvalue.
        highest = np.linalg.eigvalsh((u + u.T) / 2.0)[-1]
        return 0.0 if highest <= tolerance * np.abs(u).max() else np.inf

    def _subdifferential_distance(self, x, u, tolerance):
        # Normal are the antisymmetric matrices and the negative semidefinite ones on the null space of x.
        values, vectors = np.linalg.eigh((x + x.T) / 2.0)
        null = vectors[:, values <= tolerance * max(values[-1], 0.0)]
        symmetric = (u + u.T) / 2.0
        inner, axes = np.linalg.eigh(null.T @ symmetric @ null)
        basis = null @ axes
        return np.linalg.norm(symmetric - (basis * np.minimum(inner, 0.0)) @ basis.T)

    def __repr__(self) -> str:
        return "PositiveSemidefinite()"


@implements(prox, PositiveSemidefiniteKernel)
def _project(kernel, v, tau, x, work):
    d = v.shape[0]
    # In double precision, and around 1, whatever comes in; a scale of NaN makes the result NaN.
    scale = scale_of(v.reshape(v.size))
    symmetric = np.zeros((d, d))
    if scale == scale:
        for i in range(d):
            for j in range(d):
                symmetric[i, j] = v[i, j] / scale / 2.0 + v[j, i] / scale / 2.0
    values, vectors = np.linalg.eigh(symmetric)
    positive = np.ascontiguousarray(vectors[:, values > 0.0])
    roots = positive * np.sqrt(values[values > 0.0])
    product = roots @ roots.T
    for i in range(d):
        for j in range(d):
            x[i, j] = product[i, j] * scale

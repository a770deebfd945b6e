"""The nuclear norm, its conjugate, the indicator of the spectral ball, and the matrices of bounded rank."""

from typing import NamedTuple, Self

import numpy as np

from ...core.checks import checked_count
from ...core.compiled import njit
from ...core.dispatch import implements
from ...core.vectors import copyto
from ..oracles import prox
from .function import Function
from .norms import scale_of
from .weighted_norm import NormBall, WeightedNorm


class NuclearKernel(NamedTuple):
    """The compiled form of :class:`Nuclear`."""

    lam: float


class SpectralBallKernel(NamedTuple):
    """The compiled form of :class:`SpectralBall`."""

    radius: float


class RankBallKernel(NamedTuple):
    """The compiled form of :class:`RankBall`."""

    rank: int


class Nuclear(WeightedNorm):
    r""":math:`\psi(X) = \lambda \sum_i \sigma_i(X)`, whose prox soft-thresholds the singular values.

    LAPACK computes the singular values, which allocates.

    Parameters
    ----------
    lam : float
        The weight :math:`\lambda`, at least 0 and finite.

    Raises
    ------
    InputError
        If ``lam`` is negative or not finite.

    References
    ----------
    Cai, Candès and Shen, "A singular value thresholding algorithm for matrix completion" (2010), theorem 2.1.

    Examples
    --------
    >>> Nuclear(1.0).prox(np.diag([3.0, 0.5]), 1.0).round(12) + 0.0
    array([[2., 0.],
           [0., 0.]])
    """

    ndim = 2
    Kernel = NuclearKernel

    def _norm(self, x):
        return _singular_values(x).sum()

    def conjugate(self) -> Function:
        return SpectralBall(self.lam)

    def _subdifferential_distance(self, x, u, tolerance):
        # With x = U S V' of rank r: lam (U V' + W), W orthogonal to U and V and of spectral norm at most 1.
        U, sizes, V = np.linalg.svd(x, full_matrices=False)
        kept = sizes > tolerance * sizes[0]
        U, V = U[:, kept], V[kept]
        rest = u - U @ (U.T @ u)
        rest -= (rest @ V.T) @ V
        beyond = np.maximum(_singular_values(rest) - self.lam, 0.0)
        return np.hypot(np.linalg.norm(u - rest - self.lam * U @ V), np.linalg.norm(beyond))


class SpectralBall(NormBall):
    r""":math:`\psi(X) = 0` where no singular value is above r and infinity elsewhere; the prox clips them.

    LAPACK computes the singular values, which allocates.

    Parameters
    ----------
    radius : float
        The radius r, at least 0 and finite.

    Raises
    ------
    InputError
        If ``radius`` is negative or not finite.

    Examples
    --------
    >>> SpectralBall(1.0).prox(np.diag([3.0, 0.5]), 1.0).round(12) + 0.0
    array([[1. , 0. ],
           [0. , 0.5]])
    """

    ndim = 2
    Kernel = SpectralBallKernel

    def _norm(self, x):
        return _singular_values(x)[0]

    def conjugate(self) -> Function:
        return Nuclear(self.radius)

    def _subdifferential_distance(self, x, u, tolerance):
        if self.radius == 0.0:
            return 0.0
        # Normal are U M V' with M positive semidefinite on the singular vectors whose value is the radius.
        U, sizes, V = np.linalg.svd(x, full_matrices=False)
        active = sizes >= self.radius * (1.0 - tolerance)
        U, V = U[:, active], V[active]
        inner = U.T @ u @ V.T
        values, axes = np.linalg.eigh((inner + inner.T) / 2.0)
        return np.linalg.norm(u - U @ (axes * np.maximum(values, 0.0)) @ axes.T @ V)


class RankBall(Function):
    r""":math:`\psi(X) = 0` where :math:`\mathrm{rank}(X) \le k` and infinity elsewhere.

    It is not convex. Its prox keeps the k largest singular values. LAPACK computes them, which allocates.

    Parameters
    ----------
    rank : int
        The rank k, at least 1.

    Raises
    ------
    InputError
        If ``rank`` is not a positive integer.

    References
    ----------
    Eckart and Young, "The approximation of one matrix by another of lower rank" (1936).

    Examples
    --------
    >>> RankBall(1).prox(np.diag([3.0, 0.5]), 1.0).round(12) + 0.0
    array([[3., 0.],
           [0., 0.]])
    """

    ndim = 2
    is_convex = False
    is_indicator = True
    is_homogeneous = True

    def __init__(self, rank: int) -> None:
        self.rank = checked_count("rank", rank)
        self.kernel = RankBallKernel(self.rank)

    @classmethod
    def example(cls, d: int) -> Self:
        return cls(max(1, d // 2))

    def _value(self, x):
        return 0.0

    def _violation(self, x):
        sizes = _singular_values(x)
        return sizes[self.rank] / sizes[0] if self.rank < len(sizes) and sizes[0] > 0.0 else 0.0

    def __repr__(self) -> str:
        return f"RankBall({self.rank})"


def _singular_values(x):
    """Return the singular values, of matrices of any size of entries."""
    size = np.abs(x).max()
    return np.linalg.svd(x / size, compute_uv=False) * size if size > 0.0 else np.zeros(min(x.shape))


@njit
def _decompose(v):
    """Return U, the singular values, V' and what the values are divided by; NaN for a matrix that is not finite."""
    rows, columns = v.shape
    scale = scale_of(v.reshape(v.size))
    scaled = np.zeros((rows, columns))
    if scale == scale:
        for i in range(rows):
            for j in range(columns):
                scaled[i, j] = v[i, j] / scale
    U, sizes, V = np.linalg.svd(scaled, False)
    return U, sizes, V, scale


@njit
def _compose(U, sizes, V, scale, x):
    product = (U * sizes) @ V
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            x[i, j] = product[i, j] * scale


@implements(prox, NuclearKernel)
def _threshold(kernel, v, tau, x, work):
    U, sizes, V, scale = _decompose(v)
    _compose(U, np.maximum(sizes - tau * kernel.lam / scale, 0.0), V, scale, x)


@implements(prox, SpectralBallKernel)
def _clip(kernel, v, tau, x, work):
    U, sizes, V, scale = _decompose(v)
    if sizes[0] * scale <= kernel.radius:
        for i in range(x.shape[0]):
            copyto(x[i], v[i])
    else:
        _compose(U, np.minimum(sizes, kernel.radius / scale), V, scale, x)


@implements(prox, RankBallKernel)
def _truncate(kernel, v, tau, x, work):
    U, sizes, V, scale = _decompose(v)
    sizes[kernel.rank :] = 0.0
    _compose(U, sizes, V, scale, x)

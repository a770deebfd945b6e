"""L2-regularised logistic regression on real or given data, dense or sparse."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike

from ..core.compiled import njit
from ..core.dispatch import implements
from ..core.inner import inner
from ..core.lanes import add_transposed_products, products_of_runs
from ..core.sparse import add_sparse, add_sparse_to_8, sparse_dot, sparse_dot_of_8
from ..core.vectors import BLOCK, add_transposed_product, logistic_weights, matrix_vector
from .data import DEFAULT
from .data import load as load_data
from .data.libsvm import two_labels
from .functions import Function
from .oracles import (
    component_gradient,
    gradient,
    gradient_of_runs,
    local_steps,
    repeat_gradient_steps,
    work_size,
)
from .prepared import Prepared
from .samples import OfSamples, SparseMatrix, checked_data, kernels_of_samples
from .solution import solve_by_products

# Up to this size a dense Newton system is a matter of a second.
_DENSE_SIZE = 2048
# For more clients than this, one product for all of them is quicker than one of each.
_MANY_CLIENTS = 256


class DenseLogisticKernel(NamedTuple):
    """The compiled form of :class:`Logistic` on a dense array.

    Row j of B is ``label * features`` of one sample; client i owns rows ``start[i]`` to ``start[i + 1]``.
    """

    B: np.ndarray
    start: np.ndarray
    l2: float
    psi: Any
    server: Any = ()


class SparseLogisticKernel(NamedTuple):
    """The same on a CSR matrix: row j of B has ``values[pointer[j]:pointer[j + 1]]`` in ``columns`` of that range."""

    values: np.ndarray
    columns: np.ndarray
    pointer: np.ndarray
    start: np.ndarray
    d: int
    l2: float
    psi: Any
    server: Any = ()


class Logistic(OfSamples):
    r""":math:`f_i(x) = \frac1{m_i} \sum_{j=1}^{m_i} \log(1 + e^{-y_{ij} a_{ij}^\top x}) + \frac{\lambda}{2}\|x\|^2`.

    Parameters
    ----------
    features : array_like or scipy.sparse matrix, shape (N, d)
        One row a sample, finite. A sparse matrix is kept sparse.
    labels : array_like, shape (N,)
        Two different values, numbers or text; the larger one becomes +1, the other -1.
    clients : int
        The number n, at most N.
    l2 : float, optional
        The regularisation :math:`\lambda`, positive. Give either this or ``kappa``.
    kappa : float, optional
        The condition number, above 1: :math:`\lambda` is chosen such that L / mu is just that.
    partition : str or array_like, shape (N,)
        How the samples go to the clients: "contiguous", "shuffled", "by_label" (or "label"), "dirichlet", or each
        sample's client.
    alpha : float
        The concentration of the Dirichlet partition, positive; smaller is more heterogeneous.
    seed : int
        For the partitions that draw.
    psi : Function, optional
        A nonsmooth term, for example ``functions.L1(0.01)``.
    server : float or array_like of int, optional
        Data of the server's own, without weight in F: the share of all samples, drawn uniformly by the seed, or their
        indices. The clients hold these samples too: the server has seen a sample of the pooled data.
    weights : {"clients", "samples"}, optional
        Whether clients count equally in F, which is so where nothing is said, or each by its samples: then F is the
        mean loss of all samples, the pooled loss, with the same ridge.
    intercept : bool or "penalised"
        Whether a last feature that is 1 is added, whose weight is the model's last. With True it is not
        penalised, and no theorem applies, see Notes; "penalised" gives it the ridge of all others.
    standardise : bool
        Whether each feature is shifted and scaled to mean 0 and variance 1 over all samples; constant ones become 0.

    Attributes
    ----------
    classes : ndarray, shape (2,)
        The two labels, that of -1 first.

    Raises
    ------
    InputError
        If an argument is outside its range or the data cannot be used.

    Notes
    -----
    ``L_i`` is exact for this class of functions: the largest eigenvalue of the client's Hessian at 0. ``mu`` is
    the bound :math:`\lambda`.

    With weights of samples :math:`f_i = \frac{n m_i}{N} \ell_i + \frac\lambda2 \|x\|^2` for the mean loss
    :math:`\ell_i` of the client's :math:`m_i` samples of N, so that the mean over clients, which all methods minimise,
    is the pooled loss. ``L_i`` is that of this function.

    A loss flattens where its margins grow, so that without penalty no curvature along the intercept is sure. ``mu`` is
    then the bound of the other coordinates, by which methods choose their letters, and ``unpromised`` says why no
    theorem applies; F has a minimiser as long as both labels are there.

    Examples
    --------
    >>> problem = Logistic([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [-1, 1, 1], clients=1, kappa=10.0)
    >>> round(problem.kappa, 12), problem.solution().residual < 1e-13
    (10.0, True)
    """

    classes: np.ndarray

    _kind, _curvature, _bound = "logistic", 1 / 4, "eigenvalues"

    def __init__(
        self,
        features: ArrayLike | SparseMatrix,
        labels: ArrayLike,
        clients: int = 10,
        l2: float | None = None,
        kappa: float | None = None,
        partition: str | ArrayLike = "contiguous",
        alpha: float = 0.5,
        seed: int = 0,
        psi: Function | None = None,
        server: float | ArrayLike | None = None,
        weights: str | None = None,
        intercept: bool | str = False,
        standardise: bool = False,
    ) -> None:
        rows, given = checked_data(features, labels)
        self.prepared = Prepared.of(rows, intercept, standardise)
        rows, signs = self.prepared.apply(rows), two_labels(given)
        self.classes = np.unique(given)
        self.d = int(rows.shape[1])
        self._free = np.array([self.d - 1])
        self._make(_scaled_rows(rows, signs), signs, clients, l2, kappa, partition, alpha, seed, psi, server, weights)

    def _compiled(self) -> Any:
        last = (self._start, self.l2, self.psi.kernel)
        if isinstance(self._samples, np.ndarray):
            return DenseLogisticKernel(self._samples, *last)
        columns, pointer = self._samples.indices.astype(np.int32), self._samples.indptr.astype(np.int64)
        return SparseLogisticKernel(self._samples.data, columns, pointer, last[0], self.d, *last[1:])

    @classmethod
    def load(cls, data: str | Path = DEFAULT, **options: Any) -> Self:
        """Return the problem on a data set, by name or by the path of LIBSVM text or of a table.

        Parameters
        ----------
        data : str or Path
            A name that ``rootkappa data`` lists, or a file: LIBSVM text, plain, .gz, .bz2 or .xz, or a table in .csv,
            .tsv, .parquet, .npz or .npy.
        **options
            The other arguments of :class:`Logistic`; ``label`` and ``client``, columns of a table as in
            :meth:`from_frame`; and ``labels``, which makes two groups of any labels.

        Raises
        ------
        InputError
            If the data set cannot be found or read, or an option is outside its range.

        Examples
        --------
        >>> Logistic.load("breast_cancer", clients=10, kappa=100.0).d
        30
        >>> Logistic.load("digits", labels="rest:3", clients=10, kappa=100.0).label_shares.mean(axis=0).round(1)
        array([0.9, 0.1])
        """
        return cls._load(data, load_data, options)

    def work(self, steps: float) -> float:
        return 2.0 * steps * self._stored

    def value(self, x: np.ndarray) -> float:
        losses = np.logaddexp(0.0, -(self._samples @ x))
        return float(self._sample_weights @ losses + self._ridge_value(x)) + self.psi.value(x)

    def bregman(self, x: np.ndarray, y: np.ndarray) -> float:
        error = x - y
        losses = _loss_bregman(self._samples @ y, self._samples @ error)
        return float(self._sample_weights @ losses + self._ridge_value(error))

    def gradient(self, x: np.ndarray) -> np.ndarray:
        slopes = self._sample_weights * _slope(self._samples @ x)
        return self._samples.T @ slopes + self._ridge * x

    def gradients(self, x: np.ndarray) -> np.ndarray:
        slopes = _slope(self._samples @ x)
        return self._client_sums(slopes) + self._ridge * x

    def _client_sums(self, slopes: np.ndarray) -> np.ndarray:
        if self.n > _MANY_CLIENTS:
            return self._sums_of_many(slopes)
        means = np.empty((self.n, self.d), dtype=slopes.dtype)
        for i in range(self.n):
            rows = self._rows(i)
            means[i] = rows.T @ slopes[self._start[i] : self._start[i + 1]] / rows.shape[0] * self._scale[i]
        return means

    def _sums_of_many(self, slopes: np.ndarray) -> np.ndarray:
        """Return the same by one product with a sparse matrix that has a row for each client."""
        from scipy.sparse import csr_array

        samples = len(slopes)
        chosen = csr_array((slopes, np.arange(samples), self._start), shape=(self.n, samples))
        sums = chosen @ self._samples
        dense: np.ndarray = sums if isinstance(sums, np.ndarray) else sums.toarray()
        return dense * (self._scale / self.sizes)[:, None]

    def precise_gradients(self, x: np.ndarray) -> np.ndarray:
        slopes = _slope(self._samples.astype(np.longdouble) @ x)
        return self._client_sums(slopes) + np.asarray(self._ridge, np.longdouble) * x

    def newton_direction(self, x: np.ndarray, g: np.ndarray) -> np.ndarray:
        if self.d <= _DENSE_SIZE:
            return np.linalg.solve(self.hessian(x), g)
        return solve_by_products(self.hessian_times(x), g)

    def hessian(self, x: np.ndarray) -> np.ndarray:
        B, weights = self._samples, self._bends(x)[:, None]
        hessian = B.T @ (B * weights if isinstance(B, np.ndarray) else B.multiply(weights).tocsr())
        return (hessian if isinstance(hessian, np.ndarray) else hessian.toarray()) + self._ridge * np.eye(self.d)

    def hessian_times(self, x: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        weights = self._bends(x)
        return lambda v: self._samples.T @ (weights * (self._samples @ v)) + self._ridge * v

    def _bends(self, x: np.ndarray) -> np.ndarray:
        """Return the second derivative of each sample's loss in its margin, times its weight in F."""
        slopes = _slope(self._samples @ x)
        return -self._sample_weights * slopes * (1.0 + slopes)


def _slope(margins: np.ndarray) -> np.ndarray:
    """Return the derivative of log(1 + exp(-z)), which is -1 / (1 + exp(z)), without overflow."""
    e = np.exp(-np.abs(margins))
    return -np.where(margins >= 0, e, 1.0) / (1.0 + e)


def _loss_bregman(margins: np.ndarray, moves: np.ndarray) -> np.ndarray:
    """Return l(z + t) - l(z) - l'(z) t of l(z) = log(1 + exp(-z)), without cancellation for small moves t."""
    slope = _slope(margins)
    curvature = -slope * (1.0 + slope)
    third = -curvature * (1.0 + 2.0 * slope)
    fourth = curvature * (1.0 - 6.0 * curvature)
    near = ((fourth * moves / 4 + third) * moves / 3 + curvature) * moves**2 / 2
    far = np.logaddexp(0.0, -(margins + moves)) - np.logaddexp(0.0, -margins) - slope * moves
    return np.where(np.abs(moves) < 1e-3, near, far)


def _scaled_rows(features: Any, labels: np.ndarray) -> Any:
    if isinstance(features, np.ndarray):
        return np.ascontiguousarray(features * labels[:, None])
    scaled = features.copy()
    scaled.data *= np.repeat(labels, np.diff(scaled.indptr))
    return scaled


kernels_of_samples(DenseLogisticKernel, SparseLogisticKernel)


@implements(work_size, DenseLogisticKernel)
def _dense_work_size(kernel):
    return kernel.B.shape[1] + BLOCK


@implements(work_size, SparseLogisticKernel)
def _sparse_work_size(kernel):
    return kernel.d + BLOCK


@implements(gradient, DenseLogisticKernel)
def _dense_gradient(kernel, i, x, g, work):
    first, last = kernel.start[i], kernel.start[i + 1]
    _dense_losses(kernel.B, first, last, kernel.l2, x, g, work)


@implements(gradient, SparseLogisticKernel)
def _sparse_gradient(kernel, i, x, g, work):
    first, last = kernel.start[i], kernel.start[i + 1]
    _sparse_losses(kernel.values, kernel.columns, kernel.pointer, first, last, kernel.l2, x, g, work)


@implements(component_gradient, DenseLogisticKernel)
def _dense_component_gradient(kernel, i, j, x, g, work):
    row = kernel.start[i] + j
    _dense_losses(kernel.B, row, row + 1, kernel.l2, x, g, work)


@implements(component_gradient, SparseLogisticKernel)
def _sparse_component_gradient(kernel, i, j, x, g, work):
    row = kernel.start[i] + j
    _sparse_losses(kernel.values, kernel.columns, kernel.pointer, row, row + 1, kernel.l2, x, g, work)


implements(local_steps, DenseLogisticKernel)(repeat_gradient_steps)
implements(local_steps, SparseLogisticKernel)(repeat_gradient_steps)


@njit
def _dense_losses(B, first, last, l2, x, g, z):
    """Block by block: margins, weights, gradient, so that each block is read from memory once."""
    for j in range(x.shape[0]):
        g[j] = l2 * x[j]
    for begin in range(first, last, BLOCK):
        end = min(begin + BLOCK, last)
        rows = B[begin:end]
        matrix_vector(rows, x, z)
        logistic_weights(z, end - begin, -1.0 / (last - first))
        add_transposed_product(rows, z, g)


@njit
def _sparse_losses(values, columns, pointer, first, last, l2, x, g, z):
    for j in range(x.shape[0]):
        g[j] = l2 * x[j]
    for begin in range(first, last, BLOCK):
        end = min(begin + BLOCK, last)
        for j in range(begin, end):
            sparse_dot(values, columns, pointer[j], pointer[j + 1], x, z, j - begin)
        logistic_weights(z, end - begin, -1.0 / (last - first))
        for j in range(begin, end):
            add_sparse(values, columns, pointer[j], pointer[j + 1], z, j - begin, g)


@implements(gradient_of_runs, DenseLogisticKernel)
def _dense_gradient_of_runs(kernel, i, X, G, Z):
    _dense_losses_of_runs(kernel.B, kernel.start[i], kernel.start[i + 1], kernel.l2, X, G, Z)


@implements(gradient_of_runs, SparseLogisticKernel)
def _sparse_gradient_of_runs(kernel, i, X, G, Z):
    first, last = kernel.start[i], kernel.start[i + 1]
    _sparse_losses_of_runs(kernel.values, kernel.columns, kernel.pointer, first, last, kernel.l2, X, G, Z)


@inner
def _dense_losses_of_runs(B, first, last, l2, X, G, Z):
    """Do what :func:`_dense_losses` does, for eight runs that stand side by side."""
    d, runs = X.shape
    for j in range(d):
        for s in range(runs):
            G[j, s] = l2 * X[j, s]
    for begin in range(first, last, BLOCK):
        end = min(begin + BLOCK, last)
        products_of_runs(B, begin, end, X, Z)
        logistic_weights(Z.reshape(-1), (end - begin) * runs, -1.0 / (last - first))
        add_transposed_products(B, begin, end, Z, G)


@inner
def _sparse_losses_of_runs(values, columns, pointer, first, last, l2, X, G, Z):
    d, runs = X.shape
    for j in range(d):
        for s in range(runs):
            G[j, s] = l2 * X[j, s]
    for begin in range(first, last, BLOCK):
        end = min(begin + BLOCK, last)
        for j in range(begin, end):
            sparse_dot_of_8(values, columns, pointer[j], pointer[j + 1], X, Z, j - begin)
        logistic_weights(Z.reshape(-1), (end - begin) * runs, -1.0 / (last - first))
        for j in range(begin, end):
            add_sparse_to_8(values, columns, pointer[j], pointer[j + 1], Z, j - begin, G)

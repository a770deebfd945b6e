"""L2-regularised logistic regression on real or given data, dense or sparse."""

from copy import copy
from pathlib import Path
from typing import Any, NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import ArrayLike

from ..core.checks import as_number, checked_array, checked_count, checked_kappa, refuse_kind, refuse_mask
from ..core.compiled import njit
from ..core.dispatch import implements
from ..core.errors import InputError, shown
from ..core.randomness import generator
from ..core.vectors import BLOCK, add_transposed_product, logistic_weights, matrix_vector
from .data import DEFAULT
from .data import load as load_data
from .data.libsvm import LARGEST_INDEX, two_labels
from .functions import Function
from .oracles import (
    clients,
    component_gradient,
    components,
    gradient,
    local_steps,
    repeat_gradient_steps,
    without_ridge,
    work_size,
)
from .partitions import assign, server_samples
from .problem import Problem, checked_psi

# Up to this size an exact dense eigenvalue or Newton system is a matter of a second.
_DENSE_SIZE = 2048
# Sizes of features whose squares, summed over all samples, stay far inside the range of floats.
_SMALLEST_ENTRY, _LARGEST_ENTRY = 1e-100, 1e100


class SparseMatrix(Protocol):
    """What all sparse matrices of SciPy have, whose classes no type checker knows."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def tocsr(self) -> Any: ...


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


class Logistic(Problem):
    r""":math:`f_i(x) = \frac1{m_i} \sum_{j=1}^{m_i} \log(1 + e^{-y_{ij} a_{ij}^\top x}) + \frac{\lambda}{2}\|x\|^2`.

    Parameters
    ----------
    features : array_like or scipy.sparse matrix, shape (N, d)
        One row a sample, finite. A sparse matrix is kept sparse.
    labels : array_like, shape (N,)
        Two different values; the larger one becomes +1, the other -1.
    clients : int
        The number n, at most N.
    l2 : float, optional
        The regularisation :math:`\lambda`, positive. Give either this or ``kappa``.
    kappa : float, optional
        The condition number, above 1: :math:`\lambda` is chosen such that L / mu is just that.
    partition : str or array_like, shape (N,)
        How the samples go to the clients: "contiguous", "shuffled", "by_label", "dirichlet", or each sample's client.
    alpha : float
        The concentration of the Dirichlet partition, positive; smaller is more heterogeneous.
    seed : int
        For the partitions that draw.
    psi : Function, optional
        A nonsmooth term, for example ``functions.L1(0.01)``.
    server : float or array_like of int, optional
        Data of the server's own, without weight in F: the share of all samples, drawn uniformly by the seed, or their
        indices. The clients hold these samples too: the server has seen a sample of the pooled data.

    Raises
    ------
    InputError
        If an argument is outside its range or the data cannot be used.

    Notes
    -----
    ``L_i`` is exact for this class of functions: the largest eigenvalue of the client's Hessian at 0. ``mu`` is
    the bound :math:`\lambda`.

    Examples
    --------
    >>> problem = Logistic([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [-1, 1, 1], clients=1, kappa=10.0)
    >>> round(problem.kappa, 12), problem.solution().residual < 1e-13
    (10.0, True)
    """

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
    ) -> None:
        rows, signs = _checked_data(features, labels)
        self.n, self.d = checked_count("clients", clients), int(rows.shape[1])
        owner = assign(partition, signs, self.n, seed, alpha)
        order = np.argsort(owner, kind="stable")
        start = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=self.n))])
        self._fill(_scaled_rows(rows[order], signs[order]), start, l2, kappa, psi)
        how = partition if isinstance(partition, str) else "given"
        how += {"dirichlet": f" alpha={alpha:g} seed={seed}", "shuffled": f" seed={seed}"}.get(how, "")
        label = f"logistic N={len(signs)} n={self.n} d={self.d} kappa={self.kappa:g} partition={how}"
        if server is not None:
            chosen = server_samples(server, len(signs), seed)
            self._have_server(_scaled_rows(rows[chosen], signs[chosen]))
            label += f" server={len(chosen)}" + ("" if np.ndim(server) else f" seed={seed}")
        self.label = label if self.is_smooth else f"{label} psi={self.psi!r}"

    def _have_server(self, rows: Any) -> None:
        """Give the server data of its own."""
        server = copy(self)
        server.n = 1
        server._fill(rows, np.array([0, rows.shape[0]]), self.l2, None, None)
        server.label = f"server of N={rows.shape[0]} d={self.d}"
        self.server, self.kernel = server, self.kernel._replace(server=server.kernel)

    def _fill(self, B: Any, start: np.ndarray, l2: float | None, kappa: float | None, psi: Function | None) -> None:
        self._start, self._B = start, B
        largest = np.array([_largest_eigenvalue(self._rows(i)) for i in range(self.n)]) / 4
        self.l2 = _regularisation(l2, kappa, float(largest.max()))
        self.L_i = largest + self.l2
        self.mu_i = np.full(self.n, self.l2)
        self.how = {"L": "eigenvalues", "mu": "bound"}
        self.psi = checked_psi(psi, self.d)
        if isinstance(self._B, np.ndarray):
            self.kernel = DenseLogisticKernel(self._B, self._start, self.l2, self.psi.kernel)
        else:
            columns, pointer = self._B.indices.astype(np.int32), self._B.indptr.astype(np.int64)
            self.kernel = SparseLogisticKernel(
                self._B.data, columns, pointer, self._start, self.d, self.l2, self.psi.kernel
            )

    @classmethod
    def load(cls, data: str | Path = DEFAULT, **options: Any) -> Self:
        """Return the problem on a data set, by name or by the path of LIBSVM text.

        Parameters
        ----------
        data : str or Path
            A name that ``rootkappa data`` lists, or a file: plain, .gz, .bz2 or .xz.
        **options
            The other arguments of :class:`Logistic`.

        Raises
        ------
        InputError
            If the data set cannot be found or read, or an option is outside its range.

        Examples
        --------
        >>> Logistic.load("breast_cancer", clients=10, kappa=100.0).d
        30
        """
        features, labels = load_data(data)
        problem = cls(features, labels, **options)
        problem.label = problem.label.replace("logistic", f"logistic {Path(data).name}", 1)
        return problem

    def _rows(self, i: int) -> Any:
        return self._B[self._start[i] : self._start[i + 1]]

    @property
    def _sample_weights(self) -> np.ndarray:
        """Each sample's weight in F, one over the number of clients times the client's samples; shape (N,)."""
        sizes = np.diff(self._start)
        return np.repeat(1.0 / (self.n * sizes), sizes)

    @property
    def component_L(self) -> float:
        rows = self._B
        squares = (rows**2).sum(axis=1) if isinstance(rows, np.ndarray) else rows.multiply(rows).sum(axis=1)
        return float(np.max(squares)) / 4 + self.l2

    def work(self, steps: float) -> float:
        return 2.0 * steps * (self._B.size if isinstance(self._B, np.ndarray) else self._B.nnz)

    def value(self, x: np.ndarray) -> float:
        losses = np.logaddexp(0.0, -(self._B @ x))
        return float(self._sample_weights @ losses + self.l2 / 2 * (x @ x)) + self.psi.value(x)

    def bregman(self, x: np.ndarray, y: np.ndarray) -> float:
        error = x - y
        losses = _loss_bregman(self._B @ y, self._B @ error)
        return float(self._sample_weights @ losses + self.l2 / 2 * (error @ error))

    def gradient(self, x: np.ndarray) -> np.ndarray:
        slopes = self._sample_weights * _slope(self._B @ x)
        return self._B.T @ slopes + self.l2 * x

    def gradients(self, x: np.ndarray) -> np.ndarray:
        slopes = _slope(self._B @ x)
        return self._client_sums(slopes) + self.l2 * x

    def _client_sums(self, slopes: np.ndarray) -> np.ndarray:
        means = np.empty((self.n, self.d), dtype=slopes.dtype)
        for i in range(self.n):
            rows = self._rows(i)
            means[i] = rows.T @ slopes[self._start[i] : self._start[i + 1]] / rows.shape[0]
        return means

    def precise_gradients(self, x: np.ndarray) -> np.ndarray:
        slopes = _slope(self._B.astype(np.longdouble) @ x)
        return self._client_sums(slopes) + np.longdouble(self.l2) * x

    def newton_direction(self, x: np.ndarray, g: np.ndarray) -> np.ndarray:
        slopes = _slope(self._B @ x)
        weights = -self._sample_weights * slopes * (1.0 + slopes)
        if self.d <= _DENSE_SIZE:
            B = self._B
            scaled = B * weights[:, None] if isinstance(B, np.ndarray) else B.multiply(weights[:, None]).tocsr()
            hessian = B.T @ scaled
            hessian = hessian if isinstance(hessian, np.ndarray) else hessian.toarray()
            return np.linalg.solve(hessian + self.l2 * np.eye(self.d), g)
        from scipy.sparse.linalg import LinearOperator, cg

        def hessian_times(v: np.ndarray) -> np.ndarray:
            return self._B.T @ (weights * (self._B @ v)) + self.l2 * v

        operator: Any = LinearOperator((self.d, self.d), hessian_times, dtype=np.dtype(float))  # pyright: ignore[reportCallIssue]
        return cg(operator, g, rtol=1e-10, maxiter=10 * self.d)[0]


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


def _checked_data(features: ArrayLike | SparseMatrix, labels: ArrayLike) -> tuple[Any, np.ndarray]:
    from scipy.sparse import issparse

    rows: Any = _checked_sparse(features) if issparse(features) else checked_array("features", features)
    if rows.ndim != 2 or 0 in rows.shape:
        raise InputError(f"features has shape {rows.shape}, but (N, d) is needed: give one row for each sample.")
    entries = rows if isinstance(rows, np.ndarray) else rows.data
    if not np.isfinite(entries).all():
        raise InputError("features holds entries that are NaN or infinite: remove or fill in those samples.")
    largest = max(entries.max(initial=0.0), -entries.min(initial=0.0))
    if largest == 0.0:
        raise InputError("features are all zero, so there is nothing to learn: give data with nonzero entries.")
    if not _SMALLEST_ENTRY <= largest <= _LARGEST_ENTRY:
        raise InputError(
            f"features are of size {largest:.3g}, and their squares leave the range of floats: rescale them, "
            "for example to size 1."
        )
    signs = checked_array("labels", labels)
    if signs.shape != (rows.shape[0],):
        raise InputError(
            f"labels has shape {signs.shape}, but features has {rows.shape[0]} rows: give one label for each."
        )
    return rows, two_labels(signs)


def _checked_sparse(features: Any) -> Any:
    """Return a sparse matrix as CSR, whose indices compiled code can trust."""
    from scipy.sparse import csr_array

    if features.shape[-1] > LARGEST_INDEX:
        raise InputError(
            f"features has {features.shape[-1]} columns, and every model would have as many coordinates: give at most "
            f"{LARGEST_INDEX}, for example without those that are empty."
        )
    try:
        for part in ("indices", "indptr", "row", "col"):
            if np.asarray(getattr(features, part, 0)).dtype.kind not in "iu":
                raise TypeError(f"{part} are no integers")
        entries = getattr(features, "data", None)
        if isinstance(entries, np.ndarray):
            refuse_kind("features", entries)
            refuse_mask("features", entries)
        if hasattr(features, "check_format"):
            # Before its layout is changed, which trusts the indices too.
            features.check_format(full_check=True)
        rows = csr_array(features, dtype=float)
        rows.check_format(full_check=True)
    except InputError:
        raise
    except (AttributeError, OverflowError, TypeError, ValueError) as error:
        raise InputError(
            f"features is no matrix that SciPy can read ({error}): build it anew, from rows, columns and values."
        ) from None
    return rows


def _scaled_rows(features: Any, labels: np.ndarray) -> Any:
    if isinstance(features, np.ndarray):
        return np.ascontiguousarray(features * labels[:, None])
    scaled = features.copy()
    scaled.data *= np.repeat(labels, np.diff(scaled.indptr))
    return scaled


def _regularisation(l2: float | None, kappa: float | None, largest: float) -> float:
    if (l2 is None) == (kappa is None):
        raise InputError(f"l2 = {shown(l2)} and kappa = {shown(kappa)} were given: give exactly one of the two.")
    if kappa is not None:
        return largest / (checked_kappa(kappa) - 1.0)
    number = as_number(l2)
    if not 0.0 < number < np.inf:
        raise InputError(f"l2 = {shown(l2)} does not make the problem strongly convex: give a finite number above 0.")
    return number


def _largest_eigenvalue(rows: Any) -> float:
    """Return the largest eigenvalue of ``rows.T @ rows / len(rows)``, from the smaller of the two Gram matrices."""
    m, d = rows.shape
    if min(m, d) > _DENSE_SIZE:
        from scipy.sparse.linalg import svds

        if abs(rows).max() == 0.0:
            return 0.0
        # Without a start of ours the last digits of L would change from run to run.
        start = generator(0, "logistic", "largest eigenvalue").standard_normal(min(m, d))
        largest: Any = svds(rows, k=1, v0=start, return_singular_vectors=False)
        return float(largest[0]) ** 2 / m
    gram = rows @ rows.T if m <= d else rows.T @ rows
    gram = gram if isinstance(gram, np.ndarray) else gram.toarray()
    return float(np.linalg.eigvalsh(gram)[-1]) / m


@without_ridge.register(DenseLogisticKernel)
@without_ridge.register(SparseLogisticKernel)
def _without_ridge(kernel, mu):
    server = without_ridge(kernel.server, mu) if kernel.server else ()
    return kernel._replace(l2=kernel.l2 - mu, server=server)


@implements(clients, DenseLogisticKernel)
@implements(clients, SparseLogisticKernel)
def _clients(kernel):
    return kernel.start.shape[0] - 1


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


@implements(components, DenseLogisticKernel)
@implements(components, SparseLogisticKernel)
def _components(kernel, i):
    return kernel.start[i + 1] - kernel.start[i]


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
            margin = 0.0
            for k in range(pointer[j], pointer[j + 1]):
                margin += values[k] * x[columns[k]]
            z[j - begin] = margin
        logistic_weights(z, end - begin, -1.0 / (last - first))
        for j in range(begin, end):
            weight = z[j - begin]
            for k in range(pointer[j], pointer[j + 1]):
                g[columns[k]] += weight * values[k]

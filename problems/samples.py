"""What problems of samples share: features that are checked, whose sample is whose, and the constants."""

from abc import abstractmethod
from copy import copy
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import ArrayLike

from ..core.blas import one_blas_thread
from ..core.checks import as_number, checked_array, checked_count, checked_kappa, refuse_kind, refuse_mask
from ..core.dispatch import implements
from ..core.errors import InputError, shown
from ..core.randomness import generator
from .data.libsvm import LARGEST_INDEX
from .functions import Function
from .functions.zero import Zero
from .oracles import clients, components, without_ridge
from .partitions import assign, full_name, server_samples
from .problem import Problem, checked_psi

# Up to this size an exact dense eigenvalue is a matter of a second.
_DENSE_SIZE = 2048
# Sizes of features whose squares, summed over all samples, stay far inside the range of floats.
_SMALLEST_ENTRY, _LARGEST_ENTRY = 1e-100, 1e100


class SparseMatrix(Protocol):
    """What all sparse matrices of SciPy have, whose classes no type checker knows."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def tocsr(self) -> Any: ...


class OfSamples(Problem):
    r""":math:`f_i` is the mean loss of client i's samples plus :math:`\frac{\lambda}{2} \|x\|^2`.

    Attributes
    ----------
    l2 : float
        The regularisation :math:`\lambda`.
    """

    l2: float
    # No loss bends more than this in its margins; and how good a bound on L that gives, in the words of Problem.how.
    _curvature: float
    _bound: str
    _kind: str
    # One row a sample with what it is labelled, in the clients' order: client i owns rows _start[i] to _start[i + 1].
    _samples: Any
    _y: np.ndarray
    _start: np.ndarray

    @abstractmethod
    def _compiled(self) -> Any:
        """Return the kernel, once everything else is there."""

    @property
    def _size(self) -> str:
        return f"d={self.d}"

    def _make(
        self,
        rows: Any,
        y: np.ndarray,
        clients: int,
        l2: float | None,
        kappa: float | None,
        partition: str | ArrayLike,
        alpha: float,
        seed: int,
        psi: Function | None,
        server: float | ArrayLike | None,
    ) -> None:
        """Give each client its samples and the server its own, and derive everything from them."""
        self.n = checked_count("clients", clients)
        owner = assign(partition, y, self.n, seed, alpha)
        order = np.argsort(owner, kind="stable")
        start = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=self.n))])
        self._fill(rows[order], y[order], start, l2, kappa, psi)
        how = full_name(partition) if isinstance(partition, str) else "given"
        how += {"dirichlet": f" alpha={alpha:g} seed={seed}", "shuffled": f" seed={seed}"}.get(how, "")
        label = f"{self._kind} N={len(y)} n={self.n} {self._size} kappa={self.kappa:g} partition={how}"
        if server is not None:
            chosen = server_samples(server, len(y), seed)
            self._have_server(rows[chosen], y[chosen])
            label += f" server={len(chosen)}" + ("" if np.ndim(server) else f" seed={seed}")
        self.label = label if self.is_smooth else f"{label} psi={self.psi!r}"

    def _have_server(self, rows: Any, y: np.ndarray) -> None:
        """Give the server data of its own."""
        server = copy(self)
        server.n = 1
        server._fill(rows, y, np.array([0, rows.shape[0]]), self.l2, None, None)
        server.label = f"server of N={rows.shape[0]} {self._size}"
        self.server, self.kernel = server, self.kernel._replace(server=server.kernel)

    # Set-ups of several processes at once would wait for each other's threads.
    @one_blas_thread()
    def _fill(
        self, rows: Any, y: np.ndarray, start: np.ndarray, l2: float | None, kappa: float | None, psi: Function | None
    ) -> None:
        self._samples, self._y, self._start = rows, y, start
        largest = np.array([_largest_eigenvalue(self._rows(i)) for i in range(self.n)]) * self._curvature
        self.l2 = _regularisation(l2, kappa, float(largest.max()))
        self.L_i = largest + self.l2
        self.mu_i = np.full(self.n, self.l2)
        self.how = {"L": self._bound, "mu": "bound"}
        self.psi = checked_psi(psi, self.d)
        self.kernel = self._compiled()

    def of_client(self, i: int) -> Self:
        """Return client i's function alone, as a problem of one client without a nonsmooth term and a server."""
        first, last = self._start[i], self._start[i + 1]
        alone = copy(self)
        for derived in ("_solution", "_size_at_zero"):
            vars(alone).pop(derived, None)
        alone.n, alone.L_i, alone.mu_i = 1, self.L_i[i : i + 1], self.mu_i[i : i + 1]
        alone._samples, alone._y, alone._start = self._rows(i), self._y[first:last], np.array([0, last - first])
        alone.psi, alone.server = Zero(), None
        alone.kernel = alone._compiled()
        alone.label = f"client {i} of {self.label}"
        return alone

    def _rows(self, i: int) -> Any:
        return self._samples[self._start[i] : self._start[i + 1]]

    @property
    def label_shares(self) -> np.ndarray:
        """The share of each label, in ascending order, among every client's samples; shape (n, labels)."""
        labels, places = np.unique(self._y, return_inverse=True)
        counts = np.zeros((self.n, len(labels)))
        np.add.at(counts, (np.repeat(np.arange(self.n), np.diff(self._start)), places), 1.0)
        return counts / counts.sum(axis=1, keepdims=True)

    @property
    def _sample_weights(self) -> np.ndarray:
        """Each sample's weight in F, one over the number of clients times the client's samples; shape (N,)."""
        sizes = np.diff(self._start)
        return np.repeat(1.0 / (self.n * sizes), sizes)

    @property
    def _stored(self) -> int:
        return self._samples.size if isinstance(self._samples, np.ndarray) else self._samples.nnz

    @property
    def component_L(self) -> float:
        rows = self._samples
        squares = (rows**2).sum(axis=1) if isinstance(rows, np.ndarray) else rows.multiply(rows).sum(axis=1)
        return float(np.max(squares)) * self._curvature + self.l2


def checked_data(features: ArrayLike | SparseMatrix, labels: ArrayLike) -> tuple[Any, np.ndarray]:
    """Return features and labels as arrays of numbers, or the features as CSR; which labels is for the caller."""
    rows = checked_features(features)
    entries = rows if isinstance(rows, np.ndarray) else rows.data
    largest = max(entries.max(initial=0.0), -entries.min(initial=0.0))
    if largest == 0.0:
        raise InputError("features are all zero, so there is nothing to learn: give data with nonzero entries.")
    if not _SMALLEST_ENTRY <= largest <= _LARGEST_ENTRY:
        raise InputError(
            f"features are of size {largest:.3g}, and their squares leave the range of floats: rescale them, "
            "for example to size 1."
        )
    of_samples = checked_array("labels", labels)
    if of_samples.shape != (rows.shape[0],):
        raise InputError(
            f"labels has shape {of_samples.shape}, but features has {rows.shape[0]} rows: give one label for each."
        )
    return rows, of_samples


def checked_features(features: ArrayLike | SparseMatrix) -> Any:
    """Return samples as an array of finite numbers, or as CSR, one row a sample."""
    from scipy.sparse import issparse

    rows: Any = _checked_sparse(features) if issparse(features) else checked_array("features", features)
    if rows.ndim != 2 or 0 in rows.shape:
        raise InputError(f"features has shape {rows.shape}, but (N, d) is needed: give one row for each sample.")
    if not np.isfinite(rows if isinstance(rows, np.ndarray) else rows.data).all():
        raise InputError("features holds entries that are NaN or infinite: remove or fill in those samples.")
    return rows


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
        if np.any(np.diff(getattr(features, "indptr", ())) < 0):
            # Which SciPy does not look for where the last one is negative.
            raise ValueError("indptr decreases")
        rows = csr_array(features, dtype=float)
        rows.check_format(full_check=True)
    except InputError:
        raise
    except (AttributeError, OverflowError, TypeError, ValueError) as error:
        raise InputError(
            f"features is no matrix that SciPy can read ({error}): build it anew, from rows, columns and values."
        ) from None
    return rows


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


def kernels_of_samples(*kinds: type) -> None:
    """Register what all kernels with a ``start`` of each client's rows, ``l2`` and ``server`` answer alike."""
    for kind in kinds:
        without_ridge.register(kind)(_without_ridge)
        implements(clients, kind)(_clients)
        implements(components, kind)(_components)


def _without_ridge(kernel, mu):
    server = without_ridge(kernel.server, mu) if kernel.server else ()
    return kernel._replace(l2=kernel.l2 - mu, server=server)


def _clients(kernel):
    return kernel.start.shape[0] - 1


def _components(kernel, i):
    return kernel.start[i + 1] - kernel.start[i]

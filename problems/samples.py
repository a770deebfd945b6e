"""What problems of samples share: features that are checked, whose sample is whose, and the constants."""

import warnings
from abc import abstractmethod
from collections.abc import Callable
from copy import copy
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import ArrayLike

from ..core.blas import one_blas_thread
from ..core.checks import (
    as_number,
    checked_array,
    checked_count,
    checked_kappa,
    checked_labels,
    refuse_kind,
    refuse_mask,
)
from ..core.dispatch import implements
from ..core.errors import InputError, shown, unknown
from ..core.randomness import generator
from .data import load_classes, tables
from .data.groups import group_names, grouped
from .data.libsvm import LARGEST_INDEX
from .functions import Function
from .functions.zero import Zero
from .oracles import clients, components, without_ridge
from .partitions import assign, full_name, server_samples
from .prepared import Prepared
from .problem import Problem, checked_psi
from .weighted import WeightedKernel

# Up to this size an exact dense eigenvalue is a matter of a second.
_DENSE_SIZE = 2048
#: What may weigh clients in F: each as much as any other, or as its samples.
WEIGHTS = ("clients", "samples")
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
    prepared : Prepared
        What becomes of features before they are used: whether they are standardised, and have an intercept.
    client_ids : ndarray or None, shape (n,)
        What the clients are called in a table, sorted; None where nothing calls them.
    classes : ndarray
        The labels, increasing; of groups of labels, their texts in the order of the groups.
    feature_names : tuple of str
        What the features are called in a table, in their order; empty where nothing calls them.
    """

    l2: float
    prepared: Prepared
    client_ids: np.ndarray | None = None
    classes: np.ndarray
    feature_names: tuple[str, ...] = ()
    # No loss bends more than this in its margins; and how good a bound on L that gives, in the words of Problem.how.
    _curvature: float
    _bound: str
    _kind: str
    # One row a sample with what it is labelled, in the clients' order: client i owns rows _start[i] to _start[i + 1].
    _samples: Any
    _y: np.ndarray
    _start: np.ndarray
    # Each client's loss counts so many times in its function. A ridge for each coordinate if not all have the same.
    _weights: str | None
    _scale: np.ndarray
    _ridge: Any
    _free: np.ndarray

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
        weights: str | None,
    ) -> None:
        """Give each client its samples and the server its own, and derive everything from them."""
        self.n, self._weights = checked_count("clients", clients), weights
        if weights not in (None, *WEIGHTS):
            raise unknown("weights", weights, WEIGHTS)
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
        label += f" weights={weights}" if weights else ""
        label += self.prepared.label
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
        # Compiled code reads rows as they lie behind each other.
        self._samples = np.ascontiguousarray(rows) if isinstance(rows, np.ndarray) else rows
        self._y, self._start = np.ascontiguousarray(y), start
        self._scale = np.ones(self.n)
        if self._weights == "samples":
            # Where all have as many samples this is 1, to the bit.
            self._scale = self.n * np.diff(start) / len(y)
        largest = np.array([_largest_eigenvalue(self._rows(i)) for i in range(self.n)]) * self._curvature * self._scale
        self.l2 = _regularisation(l2, kappa, float(largest.max()))
        self.L_i = largest + self.l2
        self.mu_i = np.full(self.n, self.l2)
        self.how = {"L": self._bound, "mu": "bound"}
        self._ridge = self.l2
        if self.prepared.is_free:
            self._ridge = np.full(self.d, self.l2)
            self._ridge[self._free] = 0.0
            # An eigenvalue of a client's Hessian would need less where a coordinate has no ridge.
            self.how = {"L": "bound", "mu": "bound where the ridge is"}
            self.unpromised = (
                "the intercept is not penalised, so that the functions of clients are not strongly convex: for a "
                'promise take intercept = "penalised"'
            )
        self.psi = checked_psi(psi, self.d)
        self.kernel = self._weighted()

    def _weighted(self) -> Any:
        """Return the kernel, behind one that weighs where clients or coordinates are not alike."""
        kernel = self._compiled()
        if np.all(self._scale == 1.0) and not self.prepared.is_free:
            return kernel
        ridge = np.broadcast_to(np.asarray(self._ridge), self.d).copy()
        return WeightedKernel(kernel._replace(l2=0.0), self._scale, ridge, self.psi.kernel)

    def _ridge_value(self, x: np.ndarray) -> float:
        """Return the ridge of a model."""
        return float(self.l2 / 2 * (x @ x) if np.ndim(self._ridge) == 0 else self._ridge @ x**2 / 2)

    @classmethod
    def from_frame(
        cls, frame: Any, label: str, client: str | None = None, labels: str | None = None, **options: Any
    ) -> Self:
        """Return the problem of a table, whose clients are those that a column names.

        Parameters
        ----------
        frame : pandas.DataFrame
            One row a sample. All columns but two are features and hold finite numbers.
        label : str
            The column of labels, numbers or text.
        client : str, optional
            The column of each sample's client, numbers or text: there are as many clients as different ids. Without it
            ``clients`` and ``partition`` say how the rows are shared.
        labels : str, optional
            Groups of labels, such as "0-4:5-9", or "rest:3" for one against all others; rows of other labels are left
            out. Then ``classes`` are the texts of the groups, here "rest" and "3".
        **options
            The other arguments of the class.

        Warns
        -----
        UserWarning
            If clients hold different numbers of samples and ``weights`` are not given.

        Raises
        ------
        InputError
            If a column is missing or cannot be used, or an option is outside its range.

        Examples
        --------
        >>> import pandas as pd
        >>> from rootkappa import problems
        >>> rows = {"age": [1.0, 2.0, 4.0], "hospital": ["north", "south", "south"], "ill": ["no", "yes", "no"]}
        >>> problem = problems.Logistic.from_frame(
        ...     pd.DataFrame(rows), label="ill", client="hospital", l2=0.1, weights="samples", intercept=True
        ... )
        >>> problem.n, problem.client_ids.tolist(), problem.d
        (2, ['north', 'south'], 2)
        """
        problem = cls._of_table(tables.of_frame(frame, label, client), client, labels, options)
        if problem.notice:
            warnings.warn(problem.notice, UserWarning, stacklevel=2)
        return problem

    @classmethod
    def _load(cls, data: Any, load: Callable[[Any], tuple[Any, np.ndarray]], options: dict[str, Any]) -> Self:
        """Return the problem on a data set or a file; ``load`` reads what is no table."""
        label, client, labels = (options.pop(name, None) for name in ("label", "client", "labels"))
        if tables.is_table(data):
            problem = cls._of_table(tables.read(data, label, client), client, labels, options)
        else:
            for name, column in (("label", label), ("client", client)):
                if column is not None:
                    raise InputError(
                        f"{name} = {shown(column)} names a column, and {data} is no table with names: leave it out, or "
                        "give a file in .csv, .parquet, .npz or .npy."
                    )
            features, given = load(data) if labels is None else load_classes(data)
            problem = cls._of_table(tables.Table(features, given, None, ()), None, labels, options)
        problem.label = problem.label.replace(cls._kind, f"{cls._kind} {Path(data).name}", 1)
        return problem

    @classmethod
    def _of_table(cls, table: tables.Table, client: str | None, labels: str | None, options: dict[str, Any]) -> Self:
        """Return the problem of features, labels and clients."""
        rows, y, ids = table.features, table.labels, table.clients
        if labels is not None:
            taken, y = grouped(y, labels)
            rows, ids = rows[taken], None if ids is None else ids[taken]
        construct: Any = cls
        if ids is None:
            problem = construct(rows, y, **options)
        else:
            for name in ("clients", "partition"):
                if name in options:
                    raise InputError(
                        f"{name} = {shown(options[name])} says again what the column {client!r} of clients says: leave "
                        "one of the two out."
                    )
            names, owner = np.unique(ids, return_inverse=True)
            problem = construct(rows, y, clients=len(names), partition=owner, **options)
            problem.client_ids = names
            problem.label = problem.label.replace("partition=given", f"clients={client}", 1)
        problem.feature_names = table.names
        if labels is not None:
            problem.label += f" labels={labels}"
            problem._name_classes(group_names(labels))
        return problem

    def _name_classes(self, names: np.ndarray) -> None:
        """Call the classes, in their order, by other names."""
        self.classes = names

    @property
    def notice(self) -> str:
        """What somebody should know who has not said how unequal clients are weighed; empty if there is nothing."""
        sizes = self.sizes
        if self._weights is not None or sizes.max() - sizes.min() <= 1:
            return ""
        return (
            f"{self.n} clients of {sizes.min()} to {sizes.max()} samples count equally, so F is not the pooled loss, "
            'whose model is another: take weights = "samples" (--weights) for it, or "clients" if this is meant.'
        )

    @property
    def sizes(self) -> np.ndarray:
        """How many samples each client has, shape (n,)."""
        return np.diff(self._start)

    def without(self, out: np.ndarray) -> tuple[Self, Any, np.ndarray]:
        """Return the problem without some samples, and these with what they are labelled, as the problem keeps them.

        ``out``, shape (N,), says which, in the order of the clients; each keeps at least one. Regularisation and server
        stay.
        """
        kept = self._underived()
        owner = np.repeat(np.arange(self.n), self.sizes)[~out]
        start = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=self.n))])
        kept._fill(self._samples[~out], self._y[~out], start, self.l2, None, self.psi)
        if self.server is not None:
            kept.kernel = kept.kernel._replace(server=self.server.kernel)
        kept.label = f"{self.label} without {out.sum()} held out"
        return kept, self._samples[out], self._y[out]

    def _underived(self) -> Self:
        """Return a copy without what has been computed of the samples."""
        other = copy(self)
        for derived in ("_solution", "_size_at_zero"):
            vars(other).pop(derived, None)
        return other

    def of_client(self, i: int) -> Self:
        """Return client i's function alone, as a problem of one client without a nonsmooth term and a server."""
        first, last = self._start[i], self._start[i + 1]
        alone = self._underived()
        alone.n, alone.L_i, alone.mu_i = 1, self.L_i[i : i + 1], self.mu_i[i : i + 1]
        alone._samples, alone._y, alone._start = self._rows(i), self._y[first:last], np.array([0, last - first])
        alone.psi, alone.server, alone._scale = Zero(), None, self._scale[i : i + 1]
        alone.kernel = alone._weighted()
        alone.label = f"client {i} of {self.label}"
        return alone

    def _rows(self, i: int) -> Any:
        return self._samples[self._start[i] : self._start[i + 1]]

    @property
    def label_shares(self) -> np.ndarray:
        """The share of each label, in ascending order, among every client's samples; shape (n, labels)."""
        labels, places = np.unique(self._y, return_inverse=True)
        counts = np.zeros((self.n, len(labels)))
        np.add.at(counts, (np.repeat(np.arange(self.n), self.sizes), places), 1.0)
        return counts / counts.sum(axis=1, keepdims=True)

    @property
    def _sample_weights(self) -> np.ndarray:
        """Each sample's weight in F, one over the number of clients times the client's samples; shape (N,)."""
        sizes = self.sizes
        return np.repeat(self._scale / (self.n * sizes), sizes)

    @property
    def _stored(self) -> int:
        return self._samples.size if isinstance(self._samples, np.ndarray) else self._samples.nnz

    @property
    def component_L(self) -> float:
        rows = self._samples
        squares = (rows**2).sum(axis=1) if isinstance(rows, np.ndarray) else rows.multiply(rows).sum(axis=1)
        scales = np.repeat(self._scale, self.sizes)
        return float(np.max(squares * scales)) * self._curvature + self.l2


def checked_data(features: ArrayLike | SparseMatrix, labels: ArrayLike) -> tuple[Any, np.ndarray]:
    """Return features and labels as arrays, the features dense or as CSR; which labels is for the caller."""
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
    of_samples = numbers_or_text("labels", labels)
    if of_samples.shape != (rows.shape[0],):
        raise InputError(
            f"labels has shape {of_samples.shape}, but features has {rows.shape[0]} rows: give one label for each."
        )
    return rows, of_samples


def numbers_or_text(name: str, labels: Any) -> np.ndarray:
    """Return labels as floats or, where they are text, as text."""
    given = checked_labels(name, labels)
    return given if given.dtype.kind == "U" else checked_array(name, labels)


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

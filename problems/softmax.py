"""Multinomial logistic regression: a softmax over any number of classes, on dense or sparse data."""

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike

from ..core.errors import InputError
from .data import load_classes
from .data.libsvm import LARGEST_INDEX, class_labels
from .functions import Function
from .prepared import Prepared
from .samples import OfSamples, SparseMatrix, checked_data, checked_features, numbers_or_text
from .softmax_kernels import DenseSoftmaxKernel, SparseSoftmaxKernel
from .solution import solve_by_products

#: The data set for a user who has not chosen one.
DEFAULT = "digits"
# Up to so many coordinates a dense Newton system is a matter of a second.
_DENSE_SIZE = 1024
# Beyond this exponentials leave the range of floats.
_LARGEST_MOVE = 700.0


class Blocks(NamedTuple):
    """A flat model as a matrix: the row c holds the weights of class c, one column a feature.

    Examples
    --------
    >>> Blocks(2, 3, np.array([3.0, 7.0])).matrix(np.arange(6.0))
    array([[0., 1., 2.],
           [3., 4., 5.]])
    """

    rows: int
    """The number C of classes."""
    columns: int
    """The number of features."""
    classes: np.ndarray
    """The label of each row's class, those of ``Softmax.classes``, shape (C,)."""

    def matrix(self, x: np.ndarray) -> np.ndarray:
        """Return a flat model as a matrix of shape (rows, columns), a view of the same numbers."""
        return np.asarray(x).reshape(self.rows, self.columns)


class Softmax(OfSamples):
    r"""Multinomial logistic regression with C classes and one vector of weights for each.

    .. math:: f_i(W) = \frac1{m_i} \sum_{j=1}^{m_i} \Bigl(\log \sum_{c=1}^C e^{w_c^\top a_{ij}}
              - w_{y_{ij}}^\top a_{ij}\Bigr) + \frac{\lambda}{2}\|W\|^2

    A model is the matrix W of shape (C, features), row by row in one vector of ``d = C * features`` numbers.

    Parameters
    ----------
    features : array_like or scipy.sparse matrix, shape (N, features)
        One row a sample, finite. A sparse matrix is kept sparse.
    labels : array_like, shape (N,)
        Numbers or text of at least two different values, of which each is a class.
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
        indices, as in :class:`~rootkappa.problems.Logistic`.
    weights : {"clients", "samples"}, optional
        Whether clients count equally in F, which is so where nothing is said, or each by its samples: then F is the
        mean loss of all samples, the pooled loss, with the same ridge.
    intercept : bool or "penalised"
        Whether a last feature that is 1 is added, whose weights are the last column of W. With True it is not
        penalised, and no theorem applies, see Notes; "penalised" gives it the ridge of all others.
    standardise : bool
        Whether each feature is shifted and scaled to mean 0 and variance 1 over all samples; constant ones become 0.

    Attributes
    ----------
    classes : ndarray, shape (C,)
        The label of each class, increasing; of groups of labels, their texts in the order of the groups.
    blocks : Blocks
        The numbers of rows and columns of W; ``blocks.matrix(x)`` shows a flat model as W.

    Raises
    ------
    InputError
        If an argument is outside its range or the data cannot be used.

    Notes
    -----
    The Hessian of a sample's loss is :math:`(\mathrm{diag}(p) - p p^\top) \otimes a a^\top` with the probabilities p
    of the classes. The sizes in row c of the first factor sum to :math:`2 p_c (1 - p_c) \le \frac12`, which bounds its
    eigenvalues; ``L_i`` is half the largest eigenvalue of :math:`A_i^\top A_i / m_i`, plus :math:`\lambda`. Two classes
    attain that at W = 0, so that it is exact there; for more it is a bound. ``mu`` is the bound :math:`\lambda`.
    Weights and an intercept change both as in :class:`~rootkappa.problems.Logistic`. Adding a number to all intercepts
    changes no probability: without penalty the minimiser is the one whose intercepts sum to 0, where methods that start
    at 0 stay.

    Examples
    --------
    >>> problem = Softmax([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [3, 5, 8], clients=1, kappa=10.0)
    >>> problem.d, problem.classes.tolist(), round(problem.kappa, 12), problem.solution().residual < 1e-12
    (6, [3.0, 5.0, 8.0], 10.0, True)
    """

    classes: np.ndarray
    blocks: Blocks

    _kind, _curvature = "softmax", 1 / 2

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
        rows = self.prepared.apply(rows)
        self.classes, y = class_labels(given)
        self.blocks = Blocks(len(self.classes), int(rows.shape[1]), self.classes)
        self.d = self.blocks.rows * self.blocks.columns
        if self.d > LARGEST_INDEX:
            raise InputError(
                f"labels has {self.blocks.rows} different values, and with {self.blocks.columns} features a model "
                f"would have {self.d} coordinates: give classes, no measured values, and at most {LARGEST_INDEX}."
            )
        # The bound is attained where two classes share every sample, which only two of two need.
        self._bound = "eigenvalues" if self.blocks.rows == 2 else "bound"
        self._free = np.arange(1, self.blocks.rows + 1) * self.blocks.columns - 1
        self._make(rows, y, clients, l2, kappa, partition, alpha, seed, psi, server, weights)

    @property
    def _size(self) -> str:
        return f"d={self.d} classes={self.blocks.rows}"

    def _name_classes(self, names: np.ndarray) -> None:
        super()._name_classes(names)
        self.blocks = self.blocks._replace(classes=names)

    def _compiled(self) -> Any:
        last = (self._y, self._start, self.blocks.rows, self.l2, self.psi.kernel)
        if isinstance(self._samples, np.ndarray):
            return DenseSoftmaxKernel(self._samples, *last)
        columns, pointer = self._samples.indices.astype(np.int32), self._samples.indptr.astype(np.int64)
        return SparseSoftmaxKernel(self._samples.data, columns, pointer, *last[:2], self.blocks.columns, *last[2:])

    @classmethod
    def load(cls, data: str | Path = DEFAULT, **options: Any) -> Self:
        """Return the problem on a data set, by name or by the path of LIBSVM text or of a table.

        Parameters
        ----------
        data : str or Path
            A name that ``rootkappa data`` lists, or a file, as in :meth:`rootkappa.problems.Logistic.load`.
        **options
            The other arguments of :class:`Softmax`; ``label`` and ``client``, columns of a table as in
            :meth:`from_frame`; and ``labels``, which makes classes of groups of labels, called by their texts.

        Raises
        ------
        InputError
            If the data set cannot be found or read, has one label only, or an option is outside its range.

        Examples
        --------
        >>> problem = Softmax.load("digits", clients=10, kappa=100.0, partition="label")
        >>> problem.d, problem.blocks.rows, problem.blocks.columns
        (640, 10, 64)
        """
        return cls._load(data, load_classes, options)

    def accuracy(
        self, x: np.ndarray, features: ArrayLike | SparseMatrix | None = None, labels: ArrayLike | None = None
    ) -> float:
        """Return the share of samples whose own class has the largest logit; the first of equal ones counts.

        Parameters
        ----------
        x : ndarray, shape (d,)
            The model.
        features : array_like or scipy.sparse matrix, shape (M, features), optional
            Samples that were held out; the problem's own if not given.
        labels : array_like, shape (M,), optional
            Their labels, as in ``classes``. Give both or neither.

        Raises
        ------
        InputError
            If one of both is missing, or they do not fit the problem's features and classes.

        Examples
        --------
        >>> problem = Softmax([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]], [3, 5, 8], clients=1, kappa=10.0)
        >>> best = problem.solution().x
        >>> problem.accuracy(best), problem.accuracy(best, [[2.0, 0.0], [2.0, 0.0]], [3, 5])
        (1.0, 0.5)
        """
        rows, y = self._samples, self._y
        if features is not None or labels is not None:
            rows, y = self._held_out(features, labels)
        return float(np.mean((rows @ self.blocks.matrix(x).T).argmax(axis=1) == y))

    def _held_out(self, features: Any, labels: ArrayLike | None) -> tuple[Any, np.ndarray]:
        if features is None or labels is None:
            missing, given = ("features", "labels") if features is None else ("labels", "features")
            raise InputError(f"{missing} are missing although {given} were given: give both or neither.")
        rows, given = checked_features(features), numbers_or_text("labels", labels)
        columns = self.blocks.columns - self.prepared.has_intercept
        if rows.shape[1] != columns or given.shape != (rows.shape[0],):
            raise InputError(
                f"features has shape {rows.shape} and labels {given.shape}, but (M, {columns}) and (M,) "
                "are needed: give samples with the features that the model knows, and a label for each."
            )
        unknown = given[~np.isin(given, self.classes)]
        if unknown.size:
            raise InputError(
                f"labels has {_told(unknown[0])}, which is none of the {len(self.classes)} classes "
                f"({_told(self.classes[0])} to {_told(self.classes[-1])}): leave out samples of other classes."
            )
        # Groups of labels keep the order in which they were given.
        order = np.argsort(self.classes)
        return self.prepared.apply(rows), order[np.searchsorted(self.classes, given, sorter=order)]

    def work(self, steps: float) -> float:
        return 2.0 * steps * self._stored * self.blocks.rows

    def _logits(self, x: np.ndarray) -> np.ndarray:
        return self._samples @ self.blocks.matrix(x).T

    def value(self, x: np.ndarray) -> float:
        losses = -_log_probabilities(self._logits(x))[np.arange(len(self._y)), self._y]
        return float(self._sample_weights @ losses + self._ridge_value(x)) + self.psi.value(x)

    def bregman(self, x: np.ndarray, y: np.ndarray) -> float:
        error = x - y
        losses = _loss_bregman(self._logits(y), self._logits(error))
        return float(self._sample_weights @ losses + self._ridge_value(error))

    def gradient(self, x: np.ndarray) -> np.ndarray:
        slopes = self._sample_weights[:, None] * _slopes(self._logits(x), self._y)
        return (self._samples.T @ slopes).T.ravel() + self._ridge * x

    def gradients(self, x: np.ndarray) -> np.ndarray:
        return self._client_means(_slopes(self._logits(x), self._y)) + self._ridge * x

    def _client_means(self, slopes: np.ndarray) -> np.ndarray:
        means = np.empty((self.n, self.d), dtype=slopes.dtype)
        for i in range(self.n):
            rows = self._rows(i)
            sums = rows.T @ slopes[self._start[i] : self._start[i + 1]]
            means[i] = sums.T.ravel() / rows.shape[0] * self._scale[i]
        return means

    def precise_gradients(self, x: np.ndarray) -> np.ndarray:
        logits = self._samples.astype(np.longdouble) @ self.blocks.matrix(x).T
        return self._client_means(_slopes(logits, self._y)) + np.asarray(self._ridge, np.longdouble) * x

    def newton_direction(self, x: np.ndarray, g: np.ndarray) -> np.ndarray:
        if self.d <= _DENSE_SIZE:
            hessian = self.hessian(x)
            if self.prepared.is_free:
                # Along the sum of the intercepts F is flat, and no gradient points there.
                hessian[np.ix_(self._free, self._free)] += 1.0 / self.blocks.rows
            return np.linalg.solve(hessian, g)
        # Far from the minimum a rough direction is as good, and near it this keeps the quadratic convergence.
        accuracy = min(max(np.sqrt(np.linalg.norm(g) / self._size_at_zero), 1e-10), 0.1)
        return solve_by_products(self.hessian_times(x), g, accuracy)

    @cached_property
    def _size_at_zero(self) -> float:
        return float(np.linalg.norm(self.gradient(np.zeros(self.d)))) or 1.0

    def hessian_times(self, x: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        P, weights = np.exp(_log_probabilities(self._logits(x))), self._sample_weights[:, None]

        def times(v: np.ndarray) -> np.ndarray:
            weighted = P * self._logits(v)
            bent = weights * (weighted - P * weighted.sum(axis=1, keepdims=True))
            return (self._samples.T @ bent).T.ravel() + self._ridge * v

        return times

    def hessian(self, x: np.ndarray) -> np.ndarray:
        A, C, k = self._samples, self.blocks.rows, self.blocks.columns
        P, H = np.exp(_log_probabilities(self._logits(x))), np.empty((C, k, C, k))
        # One block of two classes after the other, from each sample's probabilities.
        for c in range(C):
            for e in range(c + 1):
                bends = self._sample_weights * (P[:, c] * ((c == e) - P[:, e]))
                scaled = A * bends[:, None] if isinstance(A, np.ndarray) else A.multiply(bends[:, None]).tocsr()
                block = A.T @ scaled
                H[c, :, e] = block if isinstance(block, np.ndarray) else block.toarray()
                H[e, :, c] = H[c, :, e]
        return H.reshape(self.d, self.d) + self._ridge * np.eye(self.d)


def _told(label: Any) -> str:
    return repr(str(label)) if isinstance(label, str) else f"{label:.12g}"


def _log_probabilities(logits: np.ndarray) -> np.ndarray:
    """Return the logarithm of each sample's probability of each class, shape (N, C), without overflow."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def _slopes(logits: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the derivative of each sample's loss in its logits, p_c for other classes and p_y - 1 for its own."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    samples = np.arange(len(y))
    own = powers[samples, y]
    # 1 - p_y is the sum of the others: as a difference it would lose its digits where p_y is nearly 1.
    powers[samples, y] = 0.0
    others = powers.sum(axis=1)
    powers[samples, y] = -others
    return powers / (own + others)[:, None]


def _loss_bregman(logits: np.ndarray, moves: np.ndarray) -> np.ndarray:
    r"""Return l(z + t) - l(z) - <l'(z), t> of each sample's loss, without cancellation for small moves t.

    With the probabilities p at z and :math:`s = t - \sum_c p_c t_c` it is :math:`\log \sum_c p_c e^{s_c}`. As s has
    mean 0 that is :math:`\log(1 + \sum_c p_c (e^{s_c} - 1 - s_c))`, a sum of terms of one sign.
    """
    logs = _log_probabilities(logits)
    P = np.exp(logs)
    s = moves - (P * moves).sum(axis=1, keepdims=True)
    near = np.log1p((P * _exponential_bregman(np.minimum(s, _LARGEST_MOVE))).sum(axis=1))
    far = logs + s
    top = far.max(axis=1)
    far = top + np.log(np.exp(far - top[:, None]).sum(axis=1))
    return np.where(s.max(axis=1) < _LARGEST_MOVE, near, far)


def _exponential_bregman(s: np.ndarray) -> np.ndarray:
    """Return e^s - 1 - s, also for small s."""
    series = s**2 / 2 * (1 + s / 3 * (1 + s / 4 * (1 + s / 5 * (1 + s / 6 * (1 + s / 7)))))
    return np.where(np.abs(s) < 1e-2, series, np.expm1(s) - s)

"""Problems in which a part of the model is every client's own, and their joint solutions."""

from collections.abc import Callable
from functools import cached_property
from operator import index
from typing import Any, NamedTuple, Never

import numpy as np
from numpy.typing import ArrayLike

from ..core.checks import checked_array
from ..core.dispatch import dispatched, implements
from ..core.errors import InputError, shown
from .functions import Function
from .functions.zero import Zero
from .logistic import Logistic
from .oracles import (
    clients,
    component_gradient,
    components,
    gradient,
    local_steps,
    repeat_gradient_steps,
    work_size,
)
from .problem import Problem
from .quadratic import Quadratic
from .softmax import Softmax
from .softmax_kernels import DenseSoftmaxKernel, SparseSoftmaxKernel
from .solution import solve_by_products
from .weighted import WeightedKernel

# Up to so many coordinates the Hessians of all clients are a matter of a second.
_DENSE_SIZE = 1024
# Entries of all clients' gradients in the joint vector: 2 GB of them.
_LARGEST = 250_000_000


class PersonalKernel(NamedTuple):
    """The compiled form of :class:`Personal`; its oracles speak of the joint vector."""

    own: Any
    """The kernel of ``inner``, whose oracles are asked for gradients at a client's own model."""
    shared: np.ndarray
    """The shared coordinates of a client's model, increasing."""
    private: np.ndarray
    """The private ones, increasing."""
    psi: Any
    width: int = 1
    """How many shared coordinates make a row that belongs together: the classes' weights of a feature, else 1. Row r
    of R has the shared coordinates r, R + r, 2R + r and so on."""


class Personal(Problem):
    r"""Minimise :math:`F(u, b_1, \dots, b_n) = \frac1n \sum_i f_i(u, b_i)`: u is shared, :math:`b_i` is client i's own.

    A point is the joint vector :math:`z = (u, b_1, \dots, b_n)`. Client i's own model takes the shared coordinates from
    u and the private ones from :math:`b_i`; :math:`f_i` there is that of another problem, in its coordinates.

    Parameters
    ----------
    inner : Quadratic, Logistic or Softmax
        Whose functions these are, without a nonsmooth term and without data of a server.
    private : "all" or array_like of int, optional
        The private coordinates of a client's model, from 0; an empty list for none. Give either this or
        ``private_features``.
    private_features : int, optional
        Of a Softmax: the last so many features are private, in the weights of every class.

    Attributes
    ----------
    inner : Problem
        The problem that it is made of.
    shared, private : ndarray of int
        The coordinates of a client's model that are shared and those that are private, each increasing.
    d : int
        The size of the joint vector, ``len(shared) + n * len(private)``.
    L_i, mu_i : ndarray, shape (n,)
        The constants of each :math:`f_i` as a function of the client's own model. F itself bends n times less in a
        private coordinate.

    Raises
    ------
    InputError
        If ``inner`` is of another kind, or what is private does not fit it.

    Examples
    --------
    >>> inner = Quadratic([[[1.0, 0.0], [0.0, 1.0]]], [[1.0, 5.0], [3.0, 7.0]])
    >>> problem = Personal(inner, private=[1])
    >>> problem.solution().x
    array([2., 5., 7.])
    >>> problem.client_models(problem.solution().x)
    array([[2., 5.],
           [2., 7.]])
    """

    def __init__(
        self, inner: Problem, private: str | ArrayLike | None = None, private_features: int | None = None
    ) -> None:
        if not isinstance(inner, Quadratic | Logistic | Softmax):
            raise InputError(f"inner = {shown(inner)} is no problem of one model: give a Quadratic or a Softmax.")
        if not inner.is_smooth:
            raise InputError(f"inner has psi = {inner.psi!r}, and no private model has a prox: give it without psi.")
        if inner.server is not None:
            raise InputError("inner has a server with data of its own, which has no private model: give none.")
        if inner.unpromised:
            raise InputError(
                "inner has an intercept without penalty, by which the private parts would not be determined: take "
                "intercept = 'penalised'."
            )
        if (private is None) == (private_features is None):
            raise InputError(
                f"private = {shown(private)} and private_features = {shown(private_features)} were given: give "
                "exactly one of the two."
            )
        self.inner, self.n = inner, inner.n
        if private_features is not None:
            self.private = _of_features(inner, private_features)
        else:
            self.private = _coordinates(private, inner.d)
        self.shared = np.setdiff1d(np.arange(inner.d), self.private)
        self.d = len(self.shared) + self.n * len(self.private)
        if self.n * self.d > _LARGEST:
            raise InputError(
                f"private has {len(self.private)} coordinates, and with {self.n} clients the joint gradients would fit "
                "into no memory: give fewer."
            )
        self.psi, self.L_i, self.mu_i, self.how = Zero(), inner.L_i, inner.mu_i, inner.how
        self.kernel = PersonalKernel(
            inner.kernel, self.shared, self.private, self.psi.kernel, _width(inner, self.private)
        )
        self.label = f"{inner.label} private={len(self.private)} of {inner.d}"

    @cached_property
    def alone(self) -> tuple[Problem, ...]:
        """Every client's function as a problem of one client."""
        return tuple(self.inner.of_client(i) for i in range(self.n))

    def client_models(self, z: np.ndarray) -> np.ndarray:
        """Return every client's own model, shape (n, inner.d).

        Parameters
        ----------
        z : ndarray, shape (d,)
            A joint vector.
        """
        z = np.asarray(z)
        models = np.empty((self.n, self.inner.d), dtype=z.dtype)
        models[:, self.shared] = z[: len(self.shared)]
        models[:, self.private] = z[len(self.shared) :].reshape(self.n, -1)
        return models

    def joint(self, u: np.ndarray, B: np.ndarray) -> np.ndarray:
        """Return the joint vector, shape (d,).

        Parameters
        ----------
        u : ndarray, shape (len(shared),)
            The shared part.
        B : ndarray, shape (n, len(private))
            Each client's private part.
        """
        return np.concatenate([u, np.ravel(B)])

    def _spread(self, gradients: np.ndarray) -> np.ndarray:
        """Return gradients in clients' own models, shape (n, inner.d), as gradients in the joint vector."""
        spread = np.zeros((self.n, self.d), dtype=gradients.dtype)
        spread[:, : len(self.shared)] = gradients[:, self.shared]
        # Client i's row holds its private part, and zeros for the others.
        private = spread[:, len(self.shared) :].reshape(self.n, self.n, len(self.private))
        private[np.arange(self.n), np.arange(self.n)] = gradients[:, self.private]
        return spread

    @property
    def component_L(self) -> float:
        return self.inner.component_L

    def work(self, steps: float) -> float:
        return self.inner.work(steps)

    def value(self, x: np.ndarray) -> float:
        models = self.client_models(x)
        return float(np.mean([own.value(model) for own, model in zip(self.alone, models, strict=True)]))

    def bregman(self, x: np.ndarray, y: np.ndarray) -> float:
        pairs = zip(self.alone, self.client_models(x), self.client_models(y), strict=True)
        return float(np.mean([own.bregman(there, here) for own, there, here in pairs]))

    def gradients(self, x: np.ndarray) -> np.ndarray:
        return self._spread(self.inner.gradients_at(self.client_models(x)))

    def precise_gradients(self, x: np.ndarray) -> np.ndarray:
        models = self.client_models(x)
        return self._spread(np.vstack([own.precise_gradients(z) for own, z in zip(self.alone, models, strict=True)]))

    def hessian(self, x: np.ndarray) -> np.ndarray:
        p, q = len(self.shared), len(self.private)
        H = np.zeros((self.d, self.d))
        for i, (own, model) in enumerate(zip(self.alone, self.client_models(x), strict=True)):
            there = np.concatenate([np.arange(p), np.arange(p + i * q, p + (i + 1) * q)])
            order = np.concatenate([self.shared, self.private])
            H[np.ix_(there, there)] += own.hessian(model)[np.ix_(order, order)] / self.n
        return H

    def hessian_times(self, x: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        own = [own.hessian_times(model) for own, model in zip(self.alone, self.client_models(x), strict=True)]

        def times(v: np.ndarray) -> np.ndarray:
            products = np.array([product(move) for product, move in zip(own, self.client_models(v), strict=True)])
            return self.joint(products[:, self.shared].mean(axis=0), products[:, self.private] / self.n)

        return times

    def newton_direction(self, x: np.ndarray, g: np.ndarray) -> np.ndarray:
        p = len(self.shared)
        if self.inner.d > _DENSE_SIZE:
            # As all private parts bend n times less, other units make steps towards them as short as towards u.
            units, times = np.ones(self.d), self.hessian_times(x)
            units[p:] = np.sqrt(self.n)
            return units * solve_by_products(lambda v: units * times(units * v), units * g)
        # Private parts are only coupled by u: without them is a system for u alone, of Schur complements.
        g_u, g_b = g[:p], self.n * g[p:].reshape(self.n, -1)
        schur, right, back = np.zeros((p, p)), g_u.copy(), []
        for i, (own, model) in enumerate(zip(self.alone, self.client_models(x), strict=True)):
            H = own.hessian(model)
            across = H[np.ix_(self.private, self.shared)]
            solved = np.linalg.solve(H[np.ix_(self.private, self.private)], np.column_stack([across, g_b[i]]))
            schur += (H[np.ix_(self.shared, self.shared)] - across.T @ solved[:, :-1]) / self.n
            right -= across.T @ solved[:, -1] / self.n
            back.append(solved)
        u = np.linalg.solve(schur, right)
        return self.joint(u, np.array([solved[:, -1] - solved[:, :-1] @ u for solved in back]))

    def with_psi(self, psi: Function) -> Never:
        """Refuse: no promise covers private models with a nonsmooth term."""
        raise InputError(f"psi = {psi!r} goes with no private models, of which none has a prox: leave psi out.")


def _coordinates(private: Any, d: int) -> np.ndarray:
    """Return the private coordinates of a model with d of them."""
    if isinstance(private, str):
        if private != "all":
            raise InputError(f"private = {private!r} are no coordinates: give their indices, or 'all'.")
        return np.arange(d)
    given = checked_array("private", private)
    if given.ndim != 1 or np.asarray(private).dtype.kind == "b":
        raise InputError(f"private = {shown(private)} is no list of coordinates: give their indices, or 'all'.")
    outside = given[~((given >= 0) & (given < d) & (given == np.floor(given)))]
    if len(outside):
        raise InputError(
            f"private holds {outside[0]:.12g}, which is no coordinate of a model with {d}: give integers from 0 to "
            f"{d - 1}."
        )
    found, counts = np.unique(given.astype(np.int64), return_counts=True)
    if counts.max(initial=1) > 1:
        raise InputError(f"private holds {found[counts > 1][0]} twice: give each coordinate once.")
    return found


def _of_features(inner: Problem, features: Any) -> np.ndarray:
    """Return the coordinates of the last features, in the weights of all classes."""
    if not isinstance(inner, Softmax):
        raise InputError(f"private_features = {shown(features)} is for a Softmax: give private, the coordinates.")
    rows, columns = inner.blocks.rows, inner.blocks.columns
    try:
        count = -1 if isinstance(features, bool | np.bool_) else index(features)
    except TypeError:
        count = -1
    if not 0 <= count <= columns:
        raise InputError(
            f"private_features = {shown(features)} is no number of features: give an integer from 0 to {columns}."
        )
    return np.arange(rows * columns).reshape(rows, columns)[:, columns - count :].ravel()


def _width(inner: Problem, private: np.ndarray) -> int:
    """Return the number of classes of a Softmax whose features are private or shared as a whole, else 1."""
    if not isinstance(inner, Softmax):
        return 1
    counts = np.bincount(private % inner.blocks.columns, minlength=inner.blocks.columns)
    return inner.blocks.rows if set(counts.tolist()) <= {0, inner.blocks.rows} else 1


@dispatched
def own_oracles(kernel: Any) -> Any:
    """Return the kernel whose gradients are in a client's own model: that of ``inner``, or the problem's own."""
    return kernel


@dispatched
def private_size(kernel: Any) -> int:
    """Return how many coordinates of a client's model are private."""
    return 0


@dispatched
def row_width(kernel: Any) -> int:
    """Return the width of :class:`PersonalKernel`, also of a problem without private models."""
    return 1


@dispatched
def split_model(kernel: Any, x: np.ndarray, u: np.ndarray, b: np.ndarray) -> None:
    """Write the shared part of what is like a client's model to ``u``, and the private one to ``b``.

    Parameters
    ----------
    kernel : NamedTuple
        ``problem.kernel``; where nothing is private, ``u`` is all of it.
    x : ndarray, shape (inner.d,)
        A client's own model, or its gradient there.
    u, b : ndarray, shapes (len(shared),) and (len(private),)
        Its parts; none may be ``x``.
    """
    u[:] = x


@dispatched
def join_model(kernel: Any, u: np.ndarray, b: np.ndarray, x: np.ndarray) -> None:
    """Write a client's own model to ``x``: what :func:`split_model` takes apart."""
    x[:] = u


@implements(own_oracles, PersonalKernel)
def _own_oracles(kernel):
    return kernel.own


@implements(private_size, PersonalKernel)
def _private_size(kernel):
    return kernel.private.shape[0]


@implements(row_width, PersonalKernel)
def _row_width(kernel):
    return kernel.width


@implements(row_width, DenseSoftmaxKernel)
@implements(row_width, SparseSoftmaxKernel)
def _softmax_row_width(kernel):
    return kernel.classes


@implements(row_width, WeightedKernel)
def _weighted_row_width(kernel):
    return row_width(kernel.own)


@implements(split_model, PersonalKernel)
def _split_model(kernel, x, u, b):
    for j in range(u.shape[0]):
        u[j] = x[kernel.shared[j]]
    for j in range(b.shape[0]):
        b[j] = x[kernel.private[j]]


@implements(join_model, PersonalKernel)
def _join_model(kernel, u, b, x):
    for j in range(u.shape[0]):
        x[kernel.shared[j]] = u[j]
    for j in range(b.shape[0]):
        x[kernel.private[j]] = b[j]


@implements(clients, PersonalKernel)
def _clients(kernel):
    return clients(kernel.own)


@implements(work_size, PersonalKernel)
def _work_size(kernel):
    # For a client's own model and its gradient there; for the gradient in the joint vector, which local steps need.
    p, q = kernel.shared.shape[0], kernel.private.shape[0]
    return 2 * (p + q) + p + clients(kernel.own) * q + work_size(kernel.own)


@implements(components, PersonalKernel)
def _components(kernel, i):
    return components(kernel.own, i)


@implements(gradient, PersonalKernel)
def _gradient(kernel, i, x, g, work):
    p, q = kernel.shared.shape[0], kernel.private.shape[0]
    first, last = p + i * q, p + (i + 1) * q
    own, slope = work[: p + q], work[p + q : 2 * (p + q)]
    join_model(kernel, x[:p], x[first:last], own)
    gradient(kernel.own, i, own, slope, work[2 * (p + q) :])
    g[p:] = 0.0
    split_model(kernel, slope, g[:p], g[first:last])


@implements(component_gradient, PersonalKernel)
def _component_gradient(kernel, i, j, x, g, work):
    p, q = kernel.shared.shape[0], kernel.private.shape[0]
    first, last = p + i * q, p + (i + 1) * q
    own, slope = work[: p + q], work[p + q : 2 * (p + q)]
    join_model(kernel, x[:p], x[first:last], own)
    component_gradient(kernel.own, i, j, own, slope, work[2 * (p + q) :])
    g[p:] = 0.0
    split_model(kernel, slope, g[:p], g[first:last])


implements(local_steps, PersonalKernel)(repeat_gradient_steps)

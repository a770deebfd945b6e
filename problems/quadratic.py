"""Quadratic problems, where every promise can be checked exactly."""

from copy import copy
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike

from ..core.checks import as_number, checked_array, checked_count, checked_kappa
from ..core.compiled import njit
from ..core.dispatch import implements
from ..core.errors import InputError, shown
from ..core.inner import inner
from ..core.randomness import generator
from ..core.simd import stay_apart
from ..core.vectors import (
    add_transposed_product,
    add_transposed_times_rows,
    copyto,
    matrix_times_rows,
    matrix_vector,
    mean_rows,
)
from .functions import Function
from .oracles import (
    clients,
    cohort_phase,
    component_gradient,
    components,
    gradient,
    jump,
    local_phase,
    local_steps,
    repeat_gradient_steps,
    without_ridge,
    work_size,
)
from .problem import Problem, checked_psi

#: How the eigenvectors of the clients' Hessians relate.
BASES = ("common", "client")


class QuadraticKernel(NamedTuple):
    r"""The compiled form of :class:`Quadratic`: :math:`A_i = V_i^\top \mathrm{diag}(\lambda_i) V_i`.

    Where all clients share one Hessian ``A``, ``V`` and ``lam`` hold it once: their first axis has length 1 and not n.
    ``V_mean`` and ``lam_mean`` are the eigenvectors and eigenvalues of the mean of all Hessians.
    """

    A: np.ndarray
    b: np.ndarray
    V: np.ndarray
    lam: np.ndarray
    V_mean: np.ndarray
    lam_mean: np.ndarray
    psi: Any
    server: Any = ()


class Quadratic(Problem):
    r""":math:`f_i(x) = \frac12 x^\top A_i x - b_i^\top x` with explicit arrays.

    Its d components are :math:`f_{ij}(x) = \frac d2 \lambda_{ij} (v_{ij}^\top x)^2 - b_i^\top x`, one for each
    eigenvector :math:`v_{ij}` of :math:`A_i`.

    Parameters
    ----------
    hessians : array_like, shape (n, d, d) or (1, d, d)
        The matrices :math:`A_i`: symmetric, positive definite. A single one is every client's.
    linear : array_like, shape (n, d)
        The vectors :math:`b_i`.
    psi : Function, optional
        A nonsmooth term, for example ``functions.L1(0.1)``.
    server : (array_like, array_like), optional
        The matrix and the vector of a server's own function, which has no weight in F.

    Raises
    ------
    InputError
        If a shape is wrong, an entry is not finite, or a matrix is not symmetric and positive definite.

    Examples
    --------
    >>> problem = Quadratic([[[1.0, 0.0], [0.0, 4.0]]], [[1.0, 4.0]])
    >>> problem.kappa, problem.solution().x
    (4.0, array([1., 1.]))
    """

    def __init__(
        self,
        hessians: ArrayLike,
        linear: ArrayLike,
        psi: Function | None = None,
        server: tuple[ArrayLike, ArrayLike] | None = None,
    ) -> None:
        A = _checked_hessians(hessians)
        lam, columns = np.linalg.eigh(A)
        if not lam[:, 0].min() > 0:
            client = int(lam[:, 0].argmin())
            raise InputError(
                f"hessians[{client}] has the eigenvalue {lam[client, 0]:.3g}, but every f_i must be strongly convex: "
                "give positive definite matrices."
            )
        b = checked_array("linear", linear)
        d = A.shape[1]
        n = len(b) if len(A) == 1 and b.ndim == 2 else len(A)
        if b.shape != (n, d) or not np.isfinite(b).all():
            raise InputError(
                f"linear has shape {b.shape}, but finite numbers of shape ({n}, {d}) are needed: "
                "give one row for each of the hessians."
            )
        self._fill(A, b, columns.transpose(0, 2, 1), lam, psi, "eigenvalues", f"quadratic n={n} d={d}")
        if server is not None:
            self._have_server(server)

    def _have_server(self, server: Any) -> None:
        """Give the server a function of its own."""
        if not isinstance(server, tuple | list) or len(server) != 2:
            raise InputError(f"server = {shown(server)} is no pair of a matrix and a vector: give (A, b).")
        alone = type(self)([server[0]], [server[1]])
        if alone.d != self.d:
            raise InputError(f"server has {alone.d} coordinates, but the clients have {self.d}: give as many.")
        self.server, self.kernel = alone, self.kernel._replace(server=alone.kernel)
        self.label += " server"

    def _fill(self, A, b, V, lam, psi: Function | None, how: str, label: str) -> None:
        self.n, self.d = b.shape
        self.psi = checked_psi(psi, self.d)
        # In one layout: compiled code is compiled again for every other.
        A, b, V, lam, *mean = (np.ascontiguousarray(array) for array in (A, b, V, lam, *_mean_spectrum(A, V, lam)))
        self.kernel = QuadraticKernel(A, b, V, lam, *mean, self.psi.kernel)
        self.L_i = np.broadcast_to(lam.max(axis=1), self.n)
        self.mu_i = np.broadcast_to(lam.min(axis=1), self.n)
        self.how = {"L": how, "mu": how}
        self.label = label if self.is_smooth else f"{label} psi={self.psi!r}"

    @classmethod
    def random(
        cls,
        clients: int = 10,
        dim: int = 20,
        kappa: float = 100.0,
        seed: int = 0,
        heterogeneity: float = 1.0,
        basis: str = "common",
        psi: Function | None = None,
    ) -> Self:
        r"""Draw a problem whose spectrum and solution are planted.

        Every client's Hessian has the eigenvalues ``geomspace(1 / kappa, 1, dim)``, so L is 1 and both ends are
        really there. The solution :math:`x^*` without :math:`\psi` is standard normal, and the clients' gradients
        there are normal with standard deviation ``heterogeneity`` before they are centred.

        Parameters
        ----------
        clients, dim : int
            The numbers n, at least 1, and d, at least 2.
        kappa : float
            The condition number, above 1.
        seed : int
            At least 0; every draw is named, so the directions do not change with ``kappa``.
        heterogeneity : float
            At least 0; at 0 all clients share one minimiser.
        basis : {"common", "client"}
            One eigenbasis for all clients, or one for each.
        psi : Function, optional
            A nonsmooth term, which moves the solution.

        Raises
        ------
        InputError
            If an argument is outside its range.

        Examples
        --------
        >>> problem = Quadratic.random(clients=3, dim=5, kappa=1e4, seed=1)
        >>> problem.L, round(problem.kappa)
        (1.0, 10000)
        """
        n, d, kappa = checked_count("clients", clients), checked_count("dim", dim), checked_kappa(kappa)
        if d < 2:
            raise InputError("dim = 1 cannot hold both ends of a spectrum: give dim at least 2.")
        if not 0.0 <= as_number(heterogeneity) < np.inf:
            raise InputError(f"heterogeneity = {shown(heterogeneity)} is no spread: give a finite number, at least 0.")
        heterogeneity = float(heterogeneity)
        if basis not in BASES:
            raise InputError(f"basis = {shown(basis)} is unknown: give one of {', '.join(BASES)}.")
        spectrum = np.geomspace(1.0 / kappa, 1.0, d)
        spectrum[[0, -1]] = 1.0 / kappa, 1.0
        bases = 1 if basis == "common" else n
        V = np.stack([_random_rotation(d, generator(seed, "quadratic", "basis", i)) for i in range(bases)])
        lam = np.tile(spectrum, (bases, 1))
        A = np.einsum("nkj,nk,nkl->njl", V, lam, V)
        A = (A + A.transpose(0, 2, 1)) / 2
        x_star = generator(seed, "quadratic", "solution").standard_normal(d)
        spread = generator(seed, "quadratic", "heterogeneity").standard_normal((n, d))
        b = A @ x_star + heterogeneity * (spread - spread.mean(axis=0))
        problem = cls.__new__(cls)
        label = f"quadratic n={n} d={d} kappa={kappa:g} seed={seed} basis={basis} heterogeneity={heterogeneity:g}"
        problem._fill(A, b, V, lam, psi, "planted", label)
        return problem

    @property
    def hessians(self) -> np.ndarray:
        """Every client's Hessian, shape (n, d, d), not to be written to."""
        return np.broadcast_to(self.kernel.A, (self.n, self.d, self.d))

    @property
    def component_L(self) -> float:
        return self.d * self.L

    def work(self, steps: float) -> float:
        # However many steps there are, they cost no more than two changes of basis.
        return self.n * self.d**2 * min(steps, 2.0)

    def value(self, x: np.ndarray) -> float:
        A, b = self.kernel.A, self.kernel.b
        return float(x @ _mean_of(A) @ x / 2 - b.mean(axis=0) @ x) + self.psi.value(x)

    def bregman(self, x: np.ndarray, y: np.ndarray) -> float:
        error = x - y
        return float(error @ _mean_of(self.kernel.A) @ error / 2)

    def gradients(self, x: np.ndarray) -> np.ndarray:
        return self.kernel.A @ x - self.kernel.b

    def precise_gradients(self, x: np.ndarray) -> np.ndarray:
        A = self.kernel.A.astype(np.longdouble)
        return (A * x).sum(axis=2) - self.kernel.b

    def newton_direction(self, x: np.ndarray, g: np.ndarray) -> np.ndarray:
        return np.linalg.solve(self.hessian(x), g)

    def hessian(self, x: np.ndarray) -> np.ndarray:
        return self.kernel.A.mean(axis=0)

    def of_client(self, i: int) -> "Quadratic":
        """Return client i's function alone, as a problem of one client without a nonsmooth term and a server."""
        kernel = self.kernel
        own = slice(i, i + 1) if len(kernel.A) > 1 else slice(None)
        alone = copy(self)
        vars(alone).pop("_solution", None)
        A, b, V, lam = kernel.A[own], kernel.b[i : i + 1], kernel.V[own], kernel.lam[own]
        alone._fill(A, b, V, lam, None, self.how["L"], f"client {i} of {self.label}")
        alone.server = None
        return alone


def _checked_hessians(hessians: ArrayLike) -> np.ndarray:
    A = checked_array("hessians", hessians)
    if A.ndim != 3 or A.shape[1] != A.shape[2] or A.size == 0:
        raise InputError(f"hessians has shape {A.shape}, but (n, d, d) is needed: give one matrix for each client.")
    if not np.isfinite(A).all():
        raise InputError("hessians holds entries that are NaN or infinite: give finite numbers.")
    if np.abs(A - A.transpose(0, 2, 1)).max() > 1e-12 * np.abs(A).max():
        raise InputError("hessians holds a matrix that is not symmetric: give (A + A.T) / 2 of each.")
    return (A + A.transpose(0, 2, 1)) / 2


def _mean_of(A: np.ndarray) -> np.ndarray:
    """Return the mean of all Hessians, which is not to be written to: a single one is not copied."""
    return A[0] if len(A) == 1 else A.mean(axis=0)


def _mean_spectrum(A: np.ndarray, V: np.ndarray, lam: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the eigenvectors of the mean of all Hessians, in rows, and its eigenvalues."""
    if len(A) == 1:
        return V[0], lam[0]
    values, columns = np.linalg.eigh(A.mean(axis=0))
    return columns.T, values


def _random_rotation(d: int, rng: np.random.Generator) -> np.ndarray:
    """Return an orthogonal matrix, uniformly distributed (Mezzadri 2007)."""
    Q, R = np.linalg.qr(rng.standard_normal((d, d)))
    return (Q * np.sign(np.diag(R))).T


@without_ridge.register
def _without_ridge(kernel: QuadraticKernel, mu: float) -> QuadraticKernel:
    server = without_ridge(kernel.server, mu) if kernel.server else ()
    A, lam, lam_mean = kernel.A - mu * np.eye(kernel.A.shape[1]), kernel.lam - mu, kernel.lam_mean - mu
    return kernel._replace(A=A, lam=lam, lam_mean=lam_mean, server=server)


@inner
def _own(kernel, i):
    """Return where client i's Hessian is."""
    return i if kernel.A.shape[0] > 1 else 0


@implements(clients, QuadraticKernel)
def _clients(kernel):
    return kernel.b.shape[0]


@implements(work_size, QuadraticKernel)
def _work_size(kernel):
    n, d = kernel.b.shape
    # All clients together take their steps in a common basis.
    return (2 + 2 * n) * d if kernel.A.shape[0] == 1 else 4 * d


@implements(gradient, QuadraticKernel)
def _gradient(kernel, i, x, g, work):
    matrix_vector(kernel.A[_own(kernel, i)], x, g)
    for j in range(x.shape[0]):
        g[j] -= kernel.b[i, j]


@implements(components, QuadraticKernel)
def _components(kernel, i):
    return kernel.A.shape[1]


@implements(component_gradient, QuadraticKernel)
def _component_gradient(kernel, i, j, x, g, work):
    own = _own(kernel, i)
    v = kernel.V[own, j]
    size = 0.0
    for k in range(x.shape[0]):
        size += v[k] * x[k]
    size *= x.shape[0] * kernel.lam[own, j]
    for k in range(x.shape[0]):
        g[k] = size * v[k] - kernel.b[i, k]


@implements(local_steps, QuadraticKernel)
def _local_steps(kernel, i, x, h, gamma, k, work):
    # Up to two products with A_i are no dearer than the two changes of basis.
    if k <= 2:
        repeat_gradient_steps(kernel, i, x, h, gamma, k, work)
    else:
        own = _own(kernel, i)
        _jump(kernel.V[own], kernel.lam[own], kernel.b[i], x, h, gamma, k, work)


@implements(local_phase, QuadraticKernel)
def _local_phase(kernel, X, H, gamma, k, work):
    n, d = X.shape
    if k <= 2 or kernel.A.shape[0] > 1:
        for i in range(n):
            local_steps(kernel, i, X[i], H[i], gamma, k, work)
    else:
        # The powers, which cost as much as the products, are the same for all clients.
        powers, sums = work[:d], work[d : 2 * d]
        _factors(kernel.lam[0], gamma, k, powers, sums)
        _move_all(kernel.V[0], kernel.b, X, H, powers, sums, work[2 * d :])


@implements(cohort_phase, QuadraticKernel)
def _cohort_phase(kernel, cohort, X, H, gamma, k, work):
    if k <= 2 or kernel.A.shape[0] > 1:
        for i in cohort:
            local_steps(kernel, i, X[i], H[i], gamma, k, work)
    else:
        d = X.shape[1]
        powers, sums = work[:d], work[d : 2 * d]
        _factors(kernel.lam[0], gamma, k, powers, sums)
        for i in cohort:
            _move(kernel.V[0], kernel.b[i], X[i], H[i], powers, sums, work[2 * d :])


@implements(jump, QuadraticKernel)
def _all_steps(kernel, x, gamma, k, work):
    if k <= 2:
        return 0
    d = x.shape[0]
    none, mean = np.zeros(d), np.empty(d)
    mean_rows(kernel.b, mean)
    _jump(kernel.V_mean, kernel.lam_mean, mean, x, none, gamma, k, work)
    return k


@njit
def _jump(V, lam, b, x, h, gamma, k, work):
    r"""Take all k steps at once in the eigenbasis: :math:`z \leftarrow r^k z + \frac{1 - r^k}{\lambda} c`."""
    d = x.shape[0]
    powers, sums = work[:d], work[d : 2 * d]
    _factors(lam, gamma, k, powers, sums)
    _move(V, b, x, h, powers, sums, work[2 * d :])


@njit
def _factors(lam, gamma, k, powers, sums):
    r"""Write :math:`r^k` and :math:`\frac{1 - r^k}{\lambda}` for all eigenvalues, :math:`r = 1 - \gamma \lambda`."""
    stay_apart()
    for j in range(lam.shape[0]):
        r = 1.0 - gamma * lam[j]
        if r > 0.0:
            # 1 - r^k would cancel for small eigenvalues, where k * gamma * lambda is far below 1.
            exponent = k * np.log1p(-gamma * lam[j])
            powers[j], sums[j] = np.exp(exponent), -np.expm1(exponent) / lam[j]
        else:
            powers[j] = r**k
            sums[j] = (1.0 - powers[j]) / lam[j]


@njit
def _move_all(V, b, X, H, powers, sums, work):
    """Do what :func:`_move` does to every client, with the same bits, in products of matrices."""
    stay_apart()
    n, d = X.shape
    Z, C = work[: n * d].reshape((n, d)), work[n * d : 2 * n * d].reshape((n, d))
    if _are_one(X):
        # As after an average: one change of basis is that of all.
        matrix_vector(V, X[0], Z[0])
        for i in range(1, n):
            copyto(Z[i], Z[0])
    else:
        matrix_times_rows(V, X, Z)
    for i in range(n):
        for j in range(d):
            X[i, j] = b[i, j] + H[i, j]
    matrix_times_rows(V, X, C)
    for i in range(n):
        for j in range(d):
            Z[i, j] = powers[j] * Z[i, j] + sums[j] * C[i, j]
    X[:] = 0.0
    add_transposed_times_rows(V, Z, X)


@njit
def _are_one(X):
    """Return whether all rows are the same."""
    for i in range(1, X.shape[0]):
        for j in range(X.shape[1]):
            if X[i, j] != X[0, j]:
                return False
    return True


@njit
def _move(V, b, x, h, powers, sums, work):
    """Go on by the powers and sums of :func:`_factors`, which both are in the eigenbasis."""
    stay_apart()
    d = x.shape[0]
    z, c = work[:d], work[d : 2 * d]
    matrix_vector(V, x, z)
    for j in range(d):
        x[j] = b[j] + h[j]
    matrix_vector(V, x, c)
    for j in range(d):
        z[j] = powers[j] * z[j] + sums[j] * c[j]
        x[j] = 0.0
    add_transposed_product(V, z, x)

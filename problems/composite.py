"""Problems with a second nonsmooth term behind a matrix, F(x) + g(x) + h(Kx), and their primal-dual solutions."""

from functools import cached_property
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike

from ..core.checks import checked_array
from ..core.dispatch import dispatched, implements
from ..core.errors import InputError
from ..core.inner import inner
from ..core.randomness import generator
from ..core.vectors import add_transposed_product, copyto, matrix_vector
from .functions import Function
from .functions.function import ConjugateKernel
from .functions.huber import Huber
from .functions.zero import ZeroKernel
from .oracles import clients, gradient, local_steps, work_size
from .problem import Problem
from .quadratic import Quadratic
from .solution import Solution

_STEPS = 200_000
# When so many steps in a row were no smaller than one before them, they are rounding.
_CALM = 500
# A singular value below this fraction of the largest is rounding.
_RANK = 1e-12


class CompositeKernel(NamedTuple):
    """The compiled form of :class:`Composite`: those of F, g and h, and the matrix."""

    base: Any
    psi: Any
    h: Any
    K: np.ndarray


class CompositeSolution(NamedTuple):
    r"""The minimiser :math:`x^*` of :math:`F + g + h \circ K`, a dual solution, and what certifies them."""

    x: np.ndarray
    """The minimiser, shape (d,)."""
    gradients: np.ndarray
    r"""Each client's gradient there, :math:`\nabla f_i(x^*)`, shape (n, d)."""
    residual: float
    r"""Norm of :math:`L (x - \mathrm{prox}_{g/L}(x - (\nabla F(x) + K^\top u)/L))` and
    :math:`\|K\| (u - \mathrm{prox}_{\tau h^*}(u + \tau Kx))` together, where :math:`\tau = L/\|K\|^2`, relative to its
    value at 0."""
    u: np.ndarray
    r"""The dual solution: :math:`u^* \in \partial h(Kx^*)` with
    :math:`-\nabla F(x^*) - K^\top u^* \in \partial g(x^*)`, shape (m,)."""


class Coupling(NamedTuple):
    r"""What the theory of :math:`F + g + h \circ K` asks of g, h and K beside L and mu of F."""

    m: int
    """The number of rows of K."""
    norm: float
    r"""The norm :math:`\|K\|`, its largest singular value."""
    lam_min: float
    r"""The smallest eigenvalue of :math:`KK^\top`; 0 if the rows of K are dependent."""
    mu_h_star: float
    r"""A constant of strong convexity of the conjugate :math:`h^*`: one over the smoothness of h, 0 if it has none. It
    is 0 for a linear h too, whose conjugate is finite in one point only and has every constant."""
    mu_g: float
    """The constant of strong convexity of g."""
    g_is_zero: bool
    """Whether g = 0."""


class Composite(Problem):
    r"""Minimise :math:`F(x) + g(x) + h(Kx)`, where F and g are the terms F and :math:`\psi` of another problem.

    Parameters
    ----------
    base : Problem
        For F and for :math:`g = \psi`, the problem's nonsmooth term.
    h : Function
        A convex function of a vector with m coordinates.
    K : array_like, shape (m, d)
        Finite numbers, not all 0.
    known : (ndarray, ndarray), optional
        The solutions :math:`x^*` and :math:`u^*` if they are known already; the residual says how well they fit.
        Otherwise they are found by iteration, as far as 200 000 steps lead.

    Attributes
    ----------
    base : Problem
        The problem that it is made of.
    h : Function
        The function behind the matrix.
    K : ndarray, shape (m, d)
        The matrix, not to be written to.
    coupling : Coupling
        The constants of g, h and K.

    Raises
    ------
    InputError
        If ``h`` is no convex function of vectors with m coordinates, or K does not fit the problem.

    Examples
    --------
    >>> from rootkappa.problems.functions import SquaredL2
    >>> base = Quadratic([[[1.0, 0.0], [0.0, 1.0]]], [[3.0, 1.0]])
    >>> problem = Composite(base, SquaredL2(1.0), [[1.0, 0.0]])
    >>> problem.solution().x.round(9), problem.solution().u.round(9)
    (array([1.5, 1. ]), array([1.5]))
    """

    def __init__(
        self, base: Problem, h: Function, K: ArrayLike, known: tuple[np.ndarray, np.ndarray] | None = None
    ) -> None:
        if not isinstance(base, Problem) or isinstance(base, Composite):
            raise InputError(f"base = {base!r} is no problem without a matrix: give a Quadratic or a Logistic.")
        K = checked_array("K", K)
        if K.ndim != 2 or K.shape[1] != base.d or not np.isfinite(K).all() or not K.any():
            raise InputError(
                f"K has shape {K.shape}, but finite numbers of shape (m, {base.d}) that are not all 0 are needed: "
                "give one row for each coordinate that h takes."
            )
        if not isinstance(h, Function) or not h.is_convex or h.ndim == 2:
            raise InputError(f"h = {h!r} is no convex function of a vector: give for example functions.Huber(1.0).")
        h.check_shape((K.shape[0],), "Kx")
        self.base, self.h, self.K, self.psi = base, h, K, base.psi
        self.n, self.d, self.L_i, self.mu_i, self.how = base.n, base.d, base.L_i, base.mu_i, base.how
        self.kernel = CompositeKernel(base.kernel, base.psi.kernel, h.kernel, K)
        self.coupling = _coupling(K, h, base)
        self.label = f"{base.label} h={h!r} K={K.shape[0]}x{self.d}"
        if known is not None and tuple(np.shape(part) for part in known) != ((self.d,), (K.shape[0],)):
            raise InputError(
                f"known has the shapes {[np.shape(part) for part in known]}, but x* of shape ({self.d},) and u* of "
                f"shape ({K.shape[0]},) are needed: give both, or leave it out."
            )
        self._known = known

    @classmethod
    def random(
        cls,
        clients: int = 10,
        dim: int = 20,
        kappa: float = 100.0,
        seed: int = 0,
        h: Function | None = None,
        K: ArrayLike | None = None,
        basis: str = "common",
    ) -> Self:
        r"""Draw a quadratic F of a planted spectrum, with g = 0 and a planted solution.

        The subgradient :math:`u^*` and :math:`Kx^*` are the two parts :math:`z - \mathrm{prox}_h(z)` and
        :math:`\mathrm{prox}_h(z)` of a normal z, and the linear terms of F are moved so that :math:`x^*` is optimal.

        Parameters
        ----------
        clients, dim, kappa, seed, basis
            As those of :meth:`Quadratic.random`.
        h : Function, optional
            By default ``Huber(1.0)``, which is smooth, so its conjugate is strongly convex.
        K : array_like, shape (m, d), optional
            Linearly independent rows; by default the d-1 differences of neighbouring coordinates.

        Raises
        ------
        InputError
            If an argument is outside its range, or the rows of K are dependent.

        Examples
        --------
        >>> problem = Composite.random(clients=3, dim=5, kappa=1e3, seed=1)
        >>> problem.K.shape, problem.solution().residual < 1e-14
        ((4, 5), True)
        """
        drawn = Quadratic.random(clients, dim, kappa, seed, basis=basis)
        problem = cls(drawn, Huber(1.0) if h is None else h, np.diff(np.eye(dim), axis=0) if K is None else K)
        if problem.coupling.lam_min == 0.0:
            raise InputError("K has dependent rows, so no solution can be planted: give independent ones.")
        rng = generator(seed, "composite", "solution")
        z = rng.standard_normal(problem.K.shape[0])
        inside = problem.h.prox(z, 1.0)
        x, u = rng.standard_normal(dim), z - inside
        x += np.linalg.lstsq(problem.K, inside - problem.K @ x, rcond=None)[0]
        # With this shift of every b_i the mean gradient at x* is -K'u*.
        linear = drawn.kernel.b + drawn.gradient(x) + problem.K.T @ u
        planted = cls(Quadratic(drawn.hessians, linear), problem.h, problem.K, (x, u))
        planted.label = problem.label
        return planted

    @property
    def component_L(self) -> float:
        return self.base.component_L

    def work(self, steps: float) -> float:
        return self.base.work(steps) + 2.0 * steps * self.K.size

    def value(self, x: np.ndarray) -> float:
        return self.base.value(x) + self.h.value(self.K @ x)

    def bregman(self, x: np.ndarray, y: np.ndarray) -> float:
        return self.base.bregman(x, y)

    def gap(self, x: np.ndarray) -> float:
        there = self.solution()
        slope = float(there.gradients.mean(axis=0) @ (x - there.x))
        gap = self.bregman(x, there.x) + slope + self.psi.value(x) - self.psi.value(there.x)
        return max(gap + self.h.value(self.K @ x) - self.h.value(self.K @ there.x), 0.0)

    def gradients(self, x: np.ndarray) -> np.ndarray:
        return self.base.gradients(x)

    def precise_gradients(self, x: np.ndarray) -> np.ndarray:
        return self.base.precise_gradients(x)

    def newton_direction(self, x: np.ndarray, g: np.ndarray) -> np.ndarray:
        return self.base.newton_direction(x, g)

    def hessian(self, x: np.ndarray) -> np.ndarray:
        return self.base.hessian(x)

    @cached_property
    def _solution(self) -> CompositeSolution:  # pyright: ignore[reportIncompatibleVariableOverride]
        x, u = self._known or self._solved()
        gradients = self.precise_gradients(x.astype(np.longdouble)).astype(float)
        zero = np.zeros(self.d), np.zeros_like(u)
        residual, scale = self._residual(x, u, gradients), self._residual(*zero, self.gradients(zero[0]))
        return CompositeSolution(x, gradients, residual / (scale or 1.0), u)

    def _residual(self, x: np.ndarray, u: np.ndarray, gradients: np.ndarray) -> float:
        L, norm = self.L, self.coupling.norm
        tau = L / norm**2
        primal = L * (x - self.psi.prox(x - (gradients.mean(axis=0) + self.K.T @ u) / L, 1.0 / L))
        dual = norm * (u - self.h.conjugate().prox(u + tau * (self.K @ x), tau))
        return float(np.hypot(np.linalg.norm(primal), np.linalg.norm(dual)))

    def _solved(self) -> tuple[np.ndarray, np.ndarray]:
        """Take the primal-dual steps of Loris and Verhoeven until the steps are nothing but rounding."""
        gamma, conjugate = 1.0 / self.L, self.h.conjugate()
        tau = 1.0 / (gamma * self.coupling.norm**2)
        x, u = np.zeros(self.d), np.zeros(self.K.shape[0])
        ahead, least, calm = x, np.inf, 0
        for _ in range(_STEPS):
            ahead = self.psi.prox(x - gamma * (self.gradient(x) + self.K.T @ u), gamma)
            u_next = conjugate.prox(u + tau * (self.K @ ahead), tau)
            x_next = ahead - gamma * (self.K.T @ (u_next - u))
            moved = self.L * np.linalg.norm(x_next - x) + self.coupling.norm * np.linalg.norm(u_next - u)
            x, u = x_next, u_next
            calm = 0 if moved < least else calm + 1
            least = min(moved, least)
            if calm == _CALM:
                break
        # It is x but for rounding, and where g has a corner or a boundary it is exactly there.
        return ahead, u


def _coupling(K: np.ndarray, h: Function, base: Problem) -> Coupling:
    m, d = K.shape
    singular = np.linalg.svd(K, compute_uv=False)
    independent = m <= d and singular[-1] > _RANK * singular[0]
    return Coupling(
        m,
        float(singular[0]),
        float(singular[-1] ** 2) if independent else 0.0,
        _mu_h_star(h),
        base.psi.mu,
        base.is_smooth,
    )


def _mu_h_star(h: Function) -> float:
    return 1.0 / h.L if 0.0 < h.L < np.inf else 0.0


def coupling(problem: Problem) -> Coupling:
    r"""Return the constants of g, h and K; a problem without a matrix has g = 0, :math:`h = \psi` and K = I.

    Examples
    --------
    >>> from rootkappa.problems.functions import SquaredL2
    >>> coupling(Quadratic.random(clients=2, dim=3, psi=SquaredL2(4.0)))
    Coupling(m=3, norm=1.0, lam_min=1.0, mu_h_star=0.25, mu_g=0.0, g_is_zero=True)
    """
    if isinstance(problem, Composite):
        return problem.coupling
    return Coupling(problem.d, 1.0, 1.0, _mu_h_star(problem.psi), 0.0, True)


def block_norm(problem: Problem, size: int) -> float:
    """Return the largest norm of ``size`` neighbouring rows of K, where ``size`` divides their number.

    Examples
    --------
    >>> from rootkappa.problems.functions import L1
    >>> block_norm(Composite(Quadratic.random(2, 2), L1(1.0), [[3.0, 4.0], [0.0, 1.0]]), 1)
    5.0
    """
    if not isinstance(problem, Composite):
        return 1.0
    blocks = problem.K.reshape(-1, size, problem.d)
    return float(np.linalg.norm(blocks, 2, axis=(1, 2)).max())


def dual_solution(solution: Solution | CompositeSolution) -> np.ndarray:
    r"""Return :math:`u^*` of a solution; without a matrix it is :math:`-\nabla F(x^*)`, a subgradient of ψ."""
    return solution.u if isinstance(solution, CompositeSolution) else -solution.gradients.mean(axis=0)


@dispatched
def inner_term(kernel: Any) -> Any:
    """Return the kernel of g."""
    return ZeroKernel(0.0)


@dispatched
def outer_term(kernel: Any) -> Any:
    """Return the kernel of h."""
    return kernel.psi


@inner
def conjugate_term(kernel):
    """Return the kernel of h*, the conjugate of what stands behind the matrix."""
    return ConjugateKernel(outer_term(kernel))


@dispatched
def apply_matrix(kernel: Any, x: np.ndarray, y: np.ndarray) -> None:
    """Write Kx to ``y``, shape (m,)."""
    copyto(y, x)


@dispatched
def add_adjoint(kernel: Any, u: np.ndarray, x: np.ndarray) -> None:
    """Add K'u to ``x``, shape (d,)."""
    for j in range(x.shape[0]):
        x[j] += u[j]


@implements(inner_term, CompositeKernel)
def _inner(kernel):
    return kernel.psi


@implements(outer_term, CompositeKernel)
def _outer(kernel):
    return kernel.h


@implements(apply_matrix, CompositeKernel)
def _apply(kernel, x, y):
    matrix_vector(kernel.K, x, y)


@implements(add_adjoint, CompositeKernel)
def _adjoint(kernel, u, x):
    add_transposed_product(kernel.K, u, x)


@implements(clients, CompositeKernel)
def _clients(kernel):
    return clients(kernel.base)


@implements(work_size, CompositeKernel)
def _work_size(kernel):
    return work_size(kernel.base)


@implements(gradient, CompositeKernel)
def _gradient(kernel, i, x, g, work):
    gradient(kernel.base, i, x, g, work)


@implements(local_steps, CompositeKernel)
def _local_steps(kernel, i, x, h, gamma, k, work):
    local_steps(kernel.base, i, x, h, gamma, k, work)

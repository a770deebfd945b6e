"""The minimiser in high precision, with a certificate, kept on disk by the problem's content."""

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from ..core.blas import one_blas_thread
from ..core.sources import cache_folder
from .functions import Function
from .functions.zero import Zero

# A solution that took longer than this to find is worth a file.
_WORTH_A_FILE_SECONDS = 0.1
_NEWTON_STEPS = 100
_REFINEMENTS = 6
_PROXIMAL_STEPS = 200_000
_MOVED_BY_ROUNDING = 64.0 * float(np.finfo(float).eps)
_SMALLEST_DECREASE = float(np.finfo(float).eps)


class Solvable(Protocol):
    """What is asked of a problem to solve it; every :class:`~rootkappa.problems.problem.Problem` says it."""

    d: int
    psi: Function

    @property
    def L(self) -> float: ...
    @property
    def kappa(self) -> float: ...
    def value(self, x: np.ndarray) -> float: ...
    def gradient(self, x: np.ndarray) -> np.ndarray: ...
    def gradients(self, x: np.ndarray) -> np.ndarray: ...
    def precise_gradients(self, x: np.ndarray) -> np.ndarray: ...
    def newton_direction(self, x: np.ndarray, g: np.ndarray) -> np.ndarray: ...
    def content_key(self) -> str: ...


class Solution(NamedTuple):
    r"""The minimiser :math:`x^*` of :math:`F + \psi` and what certifies it."""

    x: np.ndarray
    """The minimiser, shape (d,)."""
    gradients: np.ndarray
    r"""Each client's gradient there, :math:`h_i^* = \nabla f_i(x^*)`, shape (n, d)."""
    residual: float
    r"""Norm of :math:`L\,(x - \mathrm{prox}_{\psi/L}(x - \nabla F(x)/L))` relative to its value at 0; without
    :math:`\psi` this is the relative norm of the gradient."""


@one_blas_thread()
def solve(problem: Solvable) -> Solution:
    """Return the solution, from disk if a problem of the same content was solved before."""
    file = cache_folder("solutions") / f"{problem.content_key()}.npz"
    try:
        with file.open("rb") as stream, np.load(stream) as stored:
            return Solution(stored["x"], stored["gradients"], float(stored["residual"]))
    except Exception:
        pass  # no file, or one that was cut short or damaged, which raises whatever the damage hits: compute it
    started = time.perf_counter()
    x = _newton(problem) if isinstance(problem.psi, Zero) else _proximal_gradient(problem)
    solution = _certify(problem, x)
    if time.perf_counter() - started > _WORTH_A_FILE_SECONDS:
        _store(file, solution)
    return solution


def _store(file: Path, solution: Solution) -> None:
    part = file.with_name(f"{file.stem}.{time.time_ns()}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as stream:
            np.savez(stream, **solution._asdict())
        part.replace(file)
    except OSError:
        pass  # a machine without a writable cache only loses time


def _certify(problem: Solvable, x: np.ndarray) -> Solution:
    gradients = problem.precise_gradients(x.astype(np.longdouble))
    residual = _residual(problem, x, gradients)
    zero = np.zeros(problem.d)
    gradients_at_zero = problem.gradients(zero)
    scale = _residual(problem, zero, gradients_at_zero) or np.linalg.norm(gradients_at_zero) or 1.0
    return Solution(x, gradients.astype(float), float(residual / scale))


def _residual(problem: Solvable, x: np.ndarray, gradients: np.ndarray) -> float:
    mean = gradients.mean(axis=0)
    if isinstance(problem.psi, Zero):
        return float(np.sqrt(np.sum(mean**2)))
    step = 1.0 / problem.L
    moved = problem.psi.prox((x - step * mean).astype(float), step)
    return float(np.linalg.norm(x - moved) / step)


def _newton(problem: Solvable) -> np.ndarray:
    """Newton's method with backtracking, then steps whose gradient is summed in extended precision."""
    x = np.zeros(problem.d)
    value = problem.value(x)
    for _ in range(_NEWTON_STEPS):
        g = problem.gradient(x)
        direction = problem.newton_direction(x, g)
        decrease = float(g @ direction)
        # Near the minimum the values no longer differ in double precision: leave the rest to the refinement.
        if decrease <= _SMALLEST_DECREASE * abs(value):
            break
        step = 1.0
        while problem.value(x - step * direction) > value - 0.25 * step * decrease and step > 1e-6:
            step /= 2
        if step <= 1e-6:
            break
        x = x - step * direction
        value = problem.value(x)
    best, smallest = x, np.inf
    precise = x.astype(np.longdouble)
    for _ in range(_REFINEMENTS):
        g = problem.precise_gradients(precise).mean(axis=0)
        size = float(np.sqrt(np.sum(g**2)))
        if not size < smallest:
            break
        best, smallest = precise.astype(float), size
        precise = precise - problem.newton_direction(precise.astype(float), g.astype(float))
    return best


def solve_by_products(
    hessian_times: Callable[[np.ndarray], np.ndarray],
    g: np.ndarray,
    accuracy: float = 1e-10,
) -> np.ndarray:
    r"""Return :math:`\nabla^2 F(x)^{-1} g` by conjugate gradients, for Hessians that are too large to be formed.

    Parameters
    ----------
    hessian_times : callable
        Returns the Hessian times a vector, shape (d,).
    g : ndarray, shape (d,)
        The gradient.
    accuracy : float
        The norm of what is left of ``g``, relative to ``g``, at which the steps end.

    Examples
    --------
    >>> solve_by_products(lambda v: 2.0 * v, np.array([1.0, 3.0])).tolist()
    [0.5, 1.5]
    """
    from scipy.sparse.linalg import LinearOperator, cg

    shape = (len(g), len(g))
    operator = LinearOperator(shape, hessian_times, dtype=np.dtype(float))  # pyright: ignore[reportCallIssue]
    return cg(operator, g, rtol=accuracy, maxiter=10 * len(g))[0]


def _proximal_gradient(problem: Solvable) -> np.ndarray:
    """Accelerated proximal gradient steps, restarted when they turn back (O'Donoghue and Candès 2015)."""
    step = 1.0 / problem.L
    # The moves of such a stretch are far smaller than those of the one before, until both are rounding; how large they
    # are then depends on the last bits, and need not be 0.
    stretch = math.ceil(20.0 + 10.0 * math.sqrt(problem.kappa))
    rounding = _MOVED_BY_ROUNDING * math.sqrt(problem.kappa)
    x = y = np.zeros(problem.d)
    t, calm = 1.0, 0
    largest, before = 0.0, np.inf
    for k in range(1, _PROXIMAL_STEPS + 1):
        x_next = problem.psi.prox(y - step * problem.gradient(y), step)
        if (y - x_next) @ (x_next - x) > 0:
            t = 1.0
        t_next = (1.0 + np.sqrt(1.0 + 4.0 * t * t)) / 2.0
        y = x_next + (t - 1.0) / t_next * (x_next - x)
        moved, size = np.abs(x_next - x).max(initial=0.0), np.abs(x_next).max(initial=0.0)
        calm = calm + 1 if moved <= 4e-16 * size else 0
        largest = max(largest, moved)
        x, t = x_next, t_next
        if calm == 10:
            break
        if k % stretch == 0:
            if before / 2.0 <= largest <= rounding * size:
                break
            largest, before = 0.0, largest
    return x

"""What every problem offers: clients, constants, gradients and a certified solution."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from copy import copy
from functools import cached_property
from hashlib import blake2b
from typing import Any, Self

import numpy as np

from ..core.checks import checked_array
from ..core.errors import InputError, shown
from .functions import Function
from .functions.zero import Zero
from .oracles import own_gradients, workspace
from .solution import Solution, solve


class Problem(ABC):
    r"""Minimise :math:`F(x) + \psi(x)` with :math:`F = \frac1n \sum_{i=1}^n f_i` over :math:`x \in \mathbb{R}^d`.

    Every :math:`f_i` is :math:`L_i`-smooth and :math:`\mu_i`-strongly convex.

    Attributes
    ----------
    n, d : int
        The numbers of clients and of coordinates.
    L_i, mu_i : ndarray, shape (n,)
        The constants of smoothness and strong convexity of each client.
    how : dict of str
        How ``L`` and ``mu`` were obtained: "eigenvalues", "closed form", "bound" or "planted".
    psi : Function
        The nonsmooth term, :class:`~rootkappa.problems.functions.Zero` if there is none.
    server : Problem or None
        The data of the server's own, as a problem of one client without a nonsmooth term; None if it has none. Its
        function has no weight in F.
    kernel : NamedTuple
        What compiled code takes, see :mod:`rootkappa.problems.oracles`.
    label : str
        One line that names the problem and its size.
    unpromised : str
        Why no theorem speaks of the problem, such as an intercept without penalty; empty if nothing is known against.
    """

    n: int
    d: int
    L_i: np.ndarray
    mu_i: np.ndarray
    how: dict[str, str]
    psi: Function
    server: "Problem | None" = None
    kernel: Any
    label: str
    unpromised: str = ""

    @property
    def L(self) -> float:
        r"""The largest :math:`L_i`: every client's function is L-smooth."""
        return float(self.L_i.max())

    @property
    def mu(self) -> float:
        r"""The smallest :math:`\mu_i`: every client's function is mu-strongly convex."""
        return float(self.mu_i.min())

    @property
    def kappa(self) -> float:
        """The condition number ``L / mu``."""
        return self.L / self.mu

    @property
    @abstractmethod
    def component_L(self) -> float:
        r"""A constant of smoothness of every component :math:`f_{ij}`; every :math:`f_i` is the mean of its own."""

    @property
    def is_smooth(self) -> bool:
        r"""Whether :math:`\psi = 0`."""
        return isinstance(self.psi, Zero)

    @abstractmethod
    def value(self, x: np.ndarray) -> float:
        r"""Return :math:`F(x) + \psi(x)`."""

    @abstractmethod
    def gradients(self, x: np.ndarray) -> np.ndarray:
        r"""Return every :math:`\nabla f_i(x)`, shape (n, d)."""

    def gradients_at(self, X: Any) -> np.ndarray:
        r"""Return every client's gradient at a point of its own, :math:`\nabla f_i(x_i)`.

        Parameters
        ----------
        X : array_like, shape (n, d)
            A point for each client.

        Returns
        -------
        ndarray, shape (n, d)

        Raises
        ------
        InputError
            If there is not one point of d numbers for each client.

        Examples
        --------
        >>> from rootkappa import problems
        >>> problem = problems.Quadratic([[[2.0]], [[4.0]]], [[1.0], [1.0]])
        >>> problem.gradients_at([[1.0], [10.0]]).tolist()
        [[1.0], [39.0]]
        """
        points = checked_array("X", X)
        if points.shape != (self.n, self.d):
            raise InputError(
                f"X has shape {points.shape}, but {(self.n, self.d)} is needed: give a point for each client."
            )
        gradients = np.empty_like(points)
        own_gradients(self.kernel, points, gradients, workspace(self.kernel))
        return gradients

    def gradient(self, x: np.ndarray) -> np.ndarray:
        r"""Return :math:`\nabla F(x)`, shape (d,)."""
        return self.gradients(x).mean(axis=0)

    @abstractmethod
    def precise_gradients(self, x: np.ndarray) -> np.ndarray:
        """Return every client's gradient in extended precision where the machine has one, shape (n, d)."""

    @abstractmethod
    def newton_direction(self, x: np.ndarray, g: np.ndarray) -> np.ndarray:
        r"""Return :math:`\nabla^2 F(x)^{-1} g`, shape (d,)."""

    @abstractmethod
    def hessian(self, x: np.ndarray) -> np.ndarray:
        r"""Return :math:`\nabla^2 F(x)`, shape (d, d)."""

    def hessian_times(self, x: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        r"""Return the function that multiplies vectors of shape (d,) by :math:`\nabla^2 F(x)`."""
        return self.hessian(x).dot

    @abstractmethod
    def work(self, steps: float) -> float:
        """Return about how many multiplications a round of that many local steps takes, at all clients."""

    @abstractmethod
    def bregman(self, x: np.ndarray, y: np.ndarray) -> float:
        r"""Return :math:`F(x) - F(y) - \langle\nabla F(y), x - y\rangle`, accurate also where x and y are close."""

    def gap(self, x: np.ndarray) -> float:
        r"""Return :math:`(F + \psi)(x) - (F + \psi)(x^*)`, never below 0.

        It is not computed as the difference of two values, which would lose every digit near the minimum.
        """
        solution = self.solution()
        gap = self.bregman(x, solution.x)
        if not self.is_smooth:
            slope = float(solution.gradients.mean(axis=0) @ (x - solution.x))
            gap += self.psi.value(x) - self.psi.value(solution.x) + slope
        return max(gap, 0.0)

    def solution(self) -> Solution:
        """Return the minimiser in high precision with its certificate; computed once.

        Returns
        -------
        Solution
            ``x`` of shape (d,), ``gradients`` of shape (n, d) and the relative ``residual``.
        """
        return self._solution

    @cached_property
    def _solution(self) -> Solution:
        return solve(self)

    def with_psi(self, psi: Function) -> Self:
        """Return the same problem with another nonsmooth term.

        Raises
        ------
        InputError
            If ``psi`` is not convex or has no compiled prox.
        """
        other = copy(self)
        vars(other).pop("_solution", None)
        other.psi = checked_psi(psi, self.d)
        other.kernel = self.kernel._replace(psi=other.psi.kernel)
        without = self.label.removesuffix(f" psi={self.psi!r}")
        other.label = without if other.is_smooth else f"{without} psi={psi!r}"
        return other

    def content_key(self) -> str:
        """Return a hash of everything that defines the problem."""
        digest = blake2b(repr(self.psi).encode(), digest_size=16)
        _hash_kernel(digest, self.kernel)
        return digest.hexdigest()

    def __repr__(self) -> str:
        return f"<{self.label}>"


def checked_problem(problem: object) -> Problem:
    """Return what a method is to run on, refused if it is no problem."""
    if not isinstance(problem, Problem):
        raise InputError(f"problem = {shown(problem)} is no problem: give for example problems.Quadratic.random().")
    return problem


def _hash_kernel(digest: Any, kernel: Any) -> None:
    """Feed every field to the hash; the kernel of a nonsmooth term is a field that has fields itself."""
    for name, value in zip(kernel._fields, kernel, strict=True):
        if hasattr(value, "_fields"):
            digest.update(f"{name} {type(value).__name__} ".encode())
            _hash_kernel(digest, value)
            continue
        digest.update(f"{name} {getattr(value, 'shape', value)!r} ".encode())
        if isinstance(value, np.ndarray):
            digest.update(np.ascontiguousarray(value).view(np.uint8).data)


def checked_psi(psi: Function | None, d: int) -> Function:
    """Return the nonsmooth term, :math:`0` for None; it must be a convex function of one model with d coordinates."""
    if psi is None:
        return Zero()
    if not isinstance(psi, Function) or not hasattr(psi, "kernel") or psi.ndim == 2:
        raise InputError(
            f"psi = {psi!r} is no function of one model with a compiled prox: give e.g. functions.L1(0.1)."
        )
    if not psi.is_convex:
        raise InputError(f"psi = {psi!r} is not convex, and no promise covers that: give a convex function.")
    psi.check_shape((d,), "a model")
    return psi

r"""The largest factor of second moments, the spectral radius of S -> sum_w q_w A_w S A_w', without its r² x r² matrix.

The operator takes positive semidefinite matrices to such ones, so its radius is an eigenvalue with a semidefinite
eigenmatrix S, as that of its adjoint X -> sum_w q_w A_w' X A_w is; both are found by Arnoldi's iteration on symmetric
r x r matrices. Any eigenvalue whose two eigenmatrices are semidefinite and overlap is the radius: for if S belongs to
the radius and X to an eigenvalue, :math:`\langle X, S \rangle` is 0 or they are the same.

How far the number may be off is a bound to first order, :math:`\|R\| \|X\| / \langle X, S \rangle` with the residual R
of S, and the same with rounding in the place of R. Bounds by the order of matrices, those of Collatz and Wielandt, are
no help: eigenmatrices have condition numbers of 1e10 and more, so that rounding alone parts the bounds.
"""

from importlib import import_module
from typing import Any, NamedTuple

import numpy as np

from .affine import TooLarge

# Vectors of a Krylov space, restarts, and multiplications that all may cost: some minutes.
_VECTORS, _RESTARTS, _MOST_WORK = 100, 1000, 4e12
# An eigenvalue beside the largest in absolute value that makes a matrix no semidefinite one.
_NEGATIVE = 1e-8


class Radius(NamedTuple):
    """A spectral radius."""

    value: float
    error: float
    """How far it may be off; infinite where nothing is known."""


def radius(maps: np.ndarray, probabilities: np.ndarray, rounding: float = 0.0) -> Radius:
    """Return the spectral radius of the second moments of random maps.

    Parameters
    ----------
    maps : ndarray, shape (outcomes, r, r)
        The matrices A_w.
    probabilities : ndarray, shape (outcomes,)
        Their probabilities q_w.
    rounding : float
        How far rounding may have moved the matrices, in the spectral norm.

    Raises
    ------
    TooLarge
        If the iteration does not end in some minutes.

    Examples
    --------
    >>> found = radius(np.array([np.diag([0.5, 0.1, 0.2]), np.diag([0.9, 0.3, 0.4])]), np.array([0.5, 0.5]))
    >>> round(found.value, 12), found.error < 1e-12
    (0.53, True)
    """
    ahead, back = _Operator(maps, probabilities), _Operator(maps.transpose(0, 2, 1), probabilities)
    S, X = ahead.leading(), back.leading()
    overlap = float(np.sum(X * S))
    if not (_is_semidefinite(S) and _is_semidefinite(X)) or overlap <= 0.0:
        return Radius(float(np.sum(S * ahead.step(S))), np.inf)
    # Exact to second order in the errors of both.
    value = float(np.sum(X * ahead.step(S))) / overlap
    left = min(np.linalg.norm(ahead.step(S) - value * S), np.linalg.norm(back.step(X) - value * X))
    sizes = np.linalg.norm(maps, 2, axis=(1, 2))
    eps = np.finfo(float).eps
    rounded = float(probabilities @ (sizes * (2.0 * rounding + eps * np.sqrt(len(S)) * sizes)))
    return Radius(value, (float(left) + rounded) / overlap)


def _is_semidefinite(matrix: np.ndarray) -> bool:
    sizes = np.linalg.eigvalsh(matrix)
    return bool(sizes[0] >= -_NEGATIVE * sizes[-1])


class _Operator:
    """S -> sum_w q_w A_w S A_w', on symmetric matrices as vectors of the same norm."""

    def __init__(self, maps: np.ndarray, probabilities: np.ndarray) -> None:
        self._roots = np.sqrt(probabilities)[:, None, None] * maps
        self._r = maps.shape[1]
        self._triangle = np.triu_indices(self._r)
        # An off-diagonal entry stands for both of its mirror images.
        self._weights = np.where(self._triangle[0] == self._triangle[1], 1.0, np.sqrt(2.0))

    def step(self, S: np.ndarray) -> np.ndarray:
        """Return the operator's value."""
        after = np.zeros_like(S)
        for root in self._roots:
            after += root @ S @ root.T
        return (after + after.T) / 2.0

    def leading(self) -> np.ndarray:
        """Return the eigenmatrix of the largest real eigenvalue, of norm 1."""
        # Imported like this SciPy, which has no types, is Any.
        linalg: Any = import_module("scipy.sparse.linalg")
        size = len(self._weights)
        work = 4.0 * len(self._roots) * self._r**3
        restarts = int(min(_RESTARTS, _MOST_WORK / work / _VECTORS)) + 1
        operator = linalg.LinearOperator((size, size), matvec=self._applied, dtype=float)
        start = self._flat(np.eye(self._r))
        try:
            _, vectors = linalg.eigs(
                operator, k=1, which="LR", v0=start, ncv=min(_VECTORS, size - 1), maxiter=restarts, tol=0.0
            )
        except linalg.ArpackNoConvergence as none:
            raise TooLarge(
                f"the second moments of {self._r} coupled coordinates take too long: take fewer clients or coordinates."
            ) from none
        S = self._matrix(np.real(vectors[:, 0]))
        return S * np.sign(np.trace(S)) / np.linalg.norm(S)

    def _flat(self, S: np.ndarray) -> np.ndarray:
        return self._weights * S[self._triangle]

    def _matrix(self, flat: np.ndarray) -> np.ndarray:
        S = np.zeros((self._r, self._r))
        S[self._triangle] = flat / self._weights
        return S + np.triu(S, 1).T

    def _applied(self, flat: np.ndarray) -> np.ndarray:
        return self._flat(self.step(self._matrix(flat)))

"""What a step makes of V on average, and the names of the clients, as matrices of flat vectors."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np


class Form(NamedTuple):
    """E V⁺ on a subspace, as y'My + 2v'y + s for the y in which V is |y|²."""

    M: np.ndarray
    v: np.ndarray
    s: float
    rounding: float
    """How far rounding may have moved the maps whose mean square M is, in the spectral norm."""
    offset_rounding: float
    """How far rounding may have moved what the error 0 becomes, in the Euclidean norm."""
    lift: Callable[[np.ndarray], Any]
    """Returns the state that is apart from the fixed point by the error of a y."""

    @property
    def factor(self) -> float:
        """The largest factor of V."""
        return float(np.linalg.eigvalsh(self.M)[-1])

    def worst(self, V: float) -> Any:
        """Return a state with this V from which a step has the largest factor; it lacks constant fields.

        Those are the fields of which :func:`~rootkappa.theory.engines.constants.without_constants` tells.
        """
        return self.lift(np.sqrt(V) * np.linalg.eigh(self.M)[1][:, -1])


def grouped(fields: Sequence[np.ndarray], n: int) -> list[np.ndarray]:
    """Return the places of each field in a flat vector: a row for each client where it has such rows, or one."""
    groups: list[np.ndarray] = []
    first = 0
    for field in fields:
        places: np.ndarray = np.arange(first, first + field.size)
        groups.append(places.reshape(n if field.ndim > 1 and len(field) == n else 1, -1))
        first += field.size
    return groups


class Names:
    """Flat vectors and matrices of states in which the clients have other names."""

    def __init__(self, fields: Sequence[np.ndarray], n: int) -> None:
        groups = grouped(fields, n)
        self._rows = np.concatenate([np.zeros((n, 0), int), *(rows for rows in groups if len(rows) == n)], axis=1)
        self._rest = np.concatenate([np.zeros(0, int), *(rows.ravel() for rows in groups if len(rows) != n)])

    def given(self, error: np.ndarray, order: np.ndarray) -> np.ndarray:
        """Return an error in which client i is called ``order[i]``."""
        named = error.copy()
        named[self._rows[order]] = error[self._rows]
        return named

    def mean(self, form: np.ndarray) -> np.ndarray:
        """Return the mean of a quadratic form over all names: one matrix for what clients have alone, one for pairs."""
        n, width = self._rows.shape
        within = form[np.ix_(self._rows.ravel(), self._rows.ravel())].reshape(n, width, n, width)
        alone = np.einsum("iaib->ab", within) / n
        pairs = (within.sum(axis=(0, 2)) - n * alone) / max(n * (n - 1), 1)
        beside = form[np.ix_(self._rows.ravel(), self._rest)].reshape(n, width, -1).mean(axis=0)
        return self._alike(alone, pairs, beside, form[np.ix_(self._rest, self._rest)])

    @property
    def two(self) -> np.ndarray:
        """The places of the first two clients, and of what is nobody's."""
        return np.concatenate([self._rows[:2].ravel(), self._rest])

    def of_two(self, form: np.ndarray) -> np.ndarray:
        """Return the quadratic form that treats clients alike and is the given one on the first :attr:`two`."""
        k = self._rows.shape[1]
        return self._alike(form[:k, :k], form[:k, k : 2 * k], form[:k, 2 * k :], form[2 * k :, 2 * k :])

    def _alike(self, alone: np.ndarray, pairs: np.ndarray, beside: np.ndarray, rest: np.ndarray) -> np.ndarray:
        n, width = self._rows.shape
        size = self._rows.size + self._rest.size
        form, equal = np.empty((size, size)), np.eye(n)[:, None, :, None]
        form[np.ix_(self._rows.ravel(), self._rows.ravel())] = (
            equal * alone[None, :, None, :] + (1.0 - equal) * pairs[None, :, None, :]
        ).reshape(n * width, n * width)
        form[np.ix_(self._rows.ravel(), self._rest)] = np.tile(beside, (n, 1))
        form[np.ix_(self._rest, self._rows.ravel())] = np.tile(beside, (n, 1)).T
        form[np.ix_(self._rest, self._rest)] = rest
        return form

"""The indicator of consensus: every client holds the same model."""

import numpy as np

from ..checks import checked_count
from ..errors import InputError
from .function import Function


class Consensus(Function):
    r""":math:`\psi(X) = 0` if all rows of X are equal, infinity otherwise; the proximal operator averages the rows.

    It acts on the stacked models of all clients, shape (n, d). ProxSkip with this function is Scaffnew
    (Mishchenko et al. 2022, section 4).

    Parameters
    ----------
    clients : int
        The number of rows n, at least 1.

    Raises
    ------
    InputError
        If ``clients`` is not a positive integer, or an array has another number of rows.

    Examples
    --------
    >>> Consensus(2).prox(np.array([[1.0, 0.0], [3.0, 4.0]]), 0.5)
    array([[2., 2.],
           [2., 2.]])
    """

    def __init__(self, clients: int) -> None:
        self.clients = checked_count("clients", clients)

    def value(self, x: np.ndarray) -> float:
        """Return 0 for equal rows, infinity otherwise."""
        rows = self._rows(x)
        return 0.0 if np.all(rows == rows[0]) else np.inf

    def prox(self, x: np.ndarray, gamma: float) -> np.ndarray:
        """Return the mean row, repeated; ``gamma`` plays no role, as for every indicator."""
        rows = self._rows(x)
        return np.broadcast_to(rows.mean(axis=0), rows.shape).copy()

    def _rows(self, x: np.ndarray) -> np.ndarray:
        rows = np.asarray(x, dtype=float)
        if rows.ndim != 2 or len(rows) != self.clients:
            raise InputError(
                f"x has shape {rows.shape}, which is not one row for each of {self.clients} clients: "
                f"give an array of shape ({self.clients}, d)."
            )
        return rows

    def __repr__(self) -> str:
        return f"Consensus({self.clients})"

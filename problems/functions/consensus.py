"""The indicator of consensus: every client holds the same model."""

from typing import NamedTuple, Self

import numpy as np

from ...core.checks import checked_count
from ...core.dispatch import implements
from ...core.errors import InputError
from ..oracles import prox
from .function import Function


class ConsensusKernel(NamedTuple):
    """The compiled form of :class:`Consensus`."""

    clients: int


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

    ndim = 2
    is_indicator = True
    is_homogeneous = True

    def __init__(self, clients: int) -> None:
        self.clients = checked_count("clients", clients)
        self.kernel = ConsensusKernel(self.clients)

    @classmethod
    def example(cls, d: int) -> Self:
        return cls(d)

    def check_shape(self, shape: tuple[int, ...], name: str = "x") -> None:
        if len(shape) != 2 or shape[0] != self.clients:
            raise InputError(
                f"{name} has shape {shape}, which is not one row for each of {self.clients} clients: "
                f"give an array of shape ({self.clients}, d)."
            )

    def _value(self, x):
        return 0.0

    def _violation(self, x):
        size = np.abs(x).max()
        return np.abs(x - x[0]).max() / size if size > 0.0 else 0.0

    def _conjugate_value(self, u, tolerance):
        # The conjugate is the indicator of the arrays whose rows sum to 0.
        return 0.0 if np.abs(u.sum(axis=0)).max() <= tolerance * np.abs(u).sum(axis=0).max() else np.inf

    def _subdifferential_distance(self, x, u, tolerance):
        return np.sqrt(len(u)) * np.linalg.norm(u.mean(axis=0))

    def __repr__(self) -> str:
        return f"Consensus({self.clients})"


@implements(prox, ConsensusKernel)
def _average(kernel, v, tau, x, work):
    n, d = v.shape
    # The mean is taken around the first row: equal rows are kept to the bit.
    for j in range(d):
        first = float(v[0, j])
        total = 0.0
        for i in range(1, n):
            total += v[i, j] - first
        for i in range(n):
            x[i, j] = first + total / n

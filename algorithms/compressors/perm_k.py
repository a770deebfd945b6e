"""Perm-k: the clients share the coordinates out among themselves."""

from collections.abc import Iterator
from math import comb, factorial
from typing import Any, NamedTuple

import numpy as np

from ...core.checks import checked_count
from ...core.dispatch import implements
from ...core.errors import InputError
from .compressor import LISTED, Compressor, compress
from .wire import FLOAT


class PermKKernel(NamedTuple):
    """The compiled form of :class:`PermK`."""

    n: int


class PermK(Compressor):
    r"""Each coordinate is sent by one of the n clients, times n: unbiased, :math:`\omega = n - 1` for every x.

    The clients' blocks of coordinates are a uniformly random balanced partition: where n does not divide d some, drawn
    at random, hold one coordinate more, and some hold none where n exceeds d. As each client owns each coordinate with
    probability 1/n, all identities hold for any n and d, in particular that of the mean,
    :math:`\mathbb{E}\|\frac1n \sum_i C_i(x_i) - \bar x\|^2 = \frac1n \sum_i \|x_i\|^2 - \|\bar x\|^2`: equal vectors
    have their exact mean. The blocks are common knowledge, so no client sends where its numbers stand.

    Parameters
    ----------
    clients : int
        The number n of clients, at least 2.

    Raises
    ------
    InputError
        If there are fewer clients.

    References
    ----------
    Szlendak, Tyurin and Richtárik, "Permutation compressors for provably faster distributed nonconvex optimization"
    (2022); there n divides d, or d divides n and every client sends one coordinate.

    Examples
    --------
    >>> PermK(2)(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1, 0]))
    array([[0., 4.],
           [6., 0.]])
    """

    is_unbiased = True
    is_linear = True
    _entries = np.int64

    def __init__(self, clients: int) -> None:
        self.clients = checked_count("clients", clients)
        if self.clients < 2:
            raise InputError(f"clients = {clients!r} have nothing to share out: give at least 2.")
        self.kernel = PermKKernel(self.clients)

    @classmethod
    def example(cls, d: int) -> "PermK":
        return cls(4)

    def omega(self, d: int) -> float:
        return self.clients - 1.0

    def mean_variance(self, X: np.ndarray) -> float:
        r"""Return :math:`\mathbb{E}\|\frac1n \sum_i C_i(x_i) - \bar x\|^2`, which is 0 for equal rows."""
        X = self._checked(X)
        return float(((X - X.mean(axis=0)) ** 2).sum()) / self.clients

    def worst(self, d: int) -> np.ndarray:
        """Return a matrix at which ω is attained by every client, as it is at every other."""
        return np.ones((self.clients, d))

    def draw_shape(self, d: int) -> tuple[int, ...]:
        return (d,)

    def draw(self, rng: np.random.Generator, d: int, count: int) -> np.ndarray:
        """Return the owners of the coordinates in ``count`` compressions, clients 0 to n-1, shape (count, d)."""
        rows = np.tile(np.arange(self.clients), (checked_count("count", count), 1))
        dealt = rng.permuted(rows, axis=1)[:, np.arange(checked_count("d", d)) % self.clients]
        return rng.permuted(dealt, axis=1)

    def outcomes(self, x: np.ndarray) -> list[tuple[float, np.ndarray]] | None:
        x = self._checked(x)
        n, d = x.shape
        size, larger = divmod(d, n)
        # d! may be too long a number to write down.
        if d * x.size > LISTED:
            return None
        count = comb(n, larger) * factorial(d) // (factorial(size + 1) ** larger * factorial(size) ** (n - larger))
        if count * x.size > LISTED:
            return None
        return [(1.0 / count, self(x, np.array(owners))) for owners in _balanced([], [0] * n, d)]

    def bits(self, message: np.ndarray) -> int:
        """Return 64 for each coordinate of the largest block; the clients of smaller ones fill up."""
        return FLOAT * -(-self._checked_message(message).size // self.clients)

    def _checked_draw(self, w: Any, d: int) -> np.ndarray:
        w = super()._checked_draw(w, d)
        if w.min() < 0 or w.max() >= self.clients:
            raise InputError(
                f"w = {w} leaves the clients 0 to {self.clients - 1}: give one entry of what draw returns."
            )
        return w

    def __repr__(self) -> str:
        return f"PermK({self.clients!r})"


def _balanced(owners: list[int], loads: list[int], d: int) -> Iterator[list[int]]:
    """Yield every assignment of d coordinates whose loads differ by at most 1."""
    if len(owners) == d:
        yield owners
        return
    size, larger = divmod(d, len(loads))
    most = size + (sum(load > size for load in loads) < larger)
    for client, load in enumerate(loads):
        if load < most:
            loads[client] += 1
            yield from _balanced([*owners, client], loads, d)
            loads[client] -= 1


@implements(compress, PermKKernel)
def _share_out(kernel, x, w, out, work):
    n, d = x.shape
    for i in range(n):
        for j in range(d):
            out[i, j] = n * x[i, j] if w[j] == i else 0.0

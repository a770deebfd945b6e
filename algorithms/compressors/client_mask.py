"""The mask of CompressedScaffnew and TAMUNA: each coordinate is sent by some clients of a cohort."""

from itertools import permutations
from math import perm
from typing import NamedTuple

import numpy as np

from ...core.checks import checked_count
from ...core.dispatch import implements
from ...core.errors import InputError
from .choices import choices
from .compressor import LISTED, Compressor, compress
from .wire import FLOAT


class ClientMaskKernel(NamedTuple):
    """The compiled form of :class:`ClientMask`."""

    s: int


class ClientMask(Compressor):
    r"""Each coordinate is sent by s of a cohort of c of the n clients, times n/s: unbiased, :math:`\omega = n/s - 1`.

    A template of c columns has s ones for every coordinate: coordinate j has them in the columns
    :math:`s j, \dots, s j + s - 1` modulo c, so the columns' numbers of ones differ by at most 1 and are at most
    :math:`\lceil s d / c \rceil`. The columns go to c clients that are drawn at random, in random order; the others
    are idle. The mean of the messages has the variance
    :math:`\mathbb{E}\|\frac1n \sum_i C_i(x_i) - \bar x\|^2 = \nu \frac1n \sum_i \|x_i - \bar x\|^2` with
    :math:`\nu = (n - s) / (s (n - 1))`, whatever c is. The mask is common knowledge, so no client sends where its
    numbers stand.

    Parameters
    ----------
    clients : int
        The number n of clients.
    cohort : int
        The number c of clients that take part, s to n; with c = n this is the mask of CompressedScaffnew.
    s : int
        How many clients send each coordinate, at least 2.

    Raises
    ------
    InputError
        If not 2 <= s <= c <= n.

    References
    ----------
    Condat, Agarský and Richtárik, "Provably doubly accelerated federated learning" (2022); Condat, Agarský, Malinovsky
    and Richtárik, "TAMUNA: Doubly accelerated distributed optimization with local training, compression, and partial
    participation" (2023).

    Examples
    --------
    >>> C = ClientMask(clients=4, cohort=3, s=2)
    >>> C.template(3).astype(int)
    array([[1, 1, 0],
           [1, 0, 1],
           [0, 1, 1]])
    """

    is_unbiased = True
    is_linear = True
    _entries = np.bool_

    def __init__(self, clients: int, cohort: int, s: int) -> None:
        self.clients = checked_count("clients", clients)
        self.cohort = checked_count("cohort", cohort)
        self.s = checked_count("s", s)
        if not 2 <= self.s <= self.cohort <= self.clients:
            raise InputError(
                f"s = {s!r}, cohort = {cohort!r}, clients = {clients!r} make no mask: give 2 <= s <= cohort <= clients."
            )
        self.kernel = ClientMaskKernel(self.s)

    @classmethod
    def example(cls, d: int) -> "ClientMask":
        return cls(4, 3, 2)

    def omega(self, d: int) -> float:
        return self.clients / self.s - 1.0

    def mean_variance(self, X: np.ndarray) -> float:
        r"""Return :math:`\mathbb{E}\|\frac1n \sum_i C_i(x_i) - \bar x\|^2`, which is 0 for equal rows."""
        X, n = self._checked(X), self.clients
        return (n - self.s) / (self.s * (n - 1)) * float(((X - X.mean(axis=0)) ** 2).sum()) / n

    def worst(self, d: int) -> np.ndarray:
        """Return a matrix at which ω is attained by every client, as it is at every other."""
        return np.ones((self.clients, d))

    def template(self, d: int) -> np.ndarray:
        """Return which of the c columns hold which coordinates, as rows: booleans of shape (c, d)."""
        start = self.s * np.arange(checked_count("d", d))
        return (np.arange(self.cohort)[:, None] - start) % self.cohort < self.s

    def draw_shape(self, d: int) -> tuple[int, ...]:
        return (self.clients, d)

    def draw(self, rng: np.random.Generator, d: int, count: int) -> np.ndarray:
        """Return ``count`` masks, booleans of shape (count, n, d): who sends what."""
        masks = np.zeros((checked_count("count", count), self.clients, checked_count("d", d)), dtype=bool)
        order = choices(rng, self.clients, self.cohort, count)
        masks[np.arange(count)[:, None], order] = self.template(d)
        return masks

    def outcomes(self, x: np.ndarray) -> list[tuple[float, np.ndarray]] | None:
        x = self._checked(x)
        orders = perm(self.clients, self.cohort)
        if orders * x.size > LISTED:
            return None
        template, times = self.template(x.shape[1]), {}
        for order in permutations(range(self.clients), self.cohort):
            mask = np.zeros(x.shape, dtype=bool)
            mask[list(order)] = template
            times[mask.tobytes()] = times.get(mask.tobytes(), 0) + 1
        return [
            (count / orders, self(x, np.frombuffer(mask, dtype=bool).reshape(x.shape))) for mask, count in times.items()
        ]

    def bits(self, message: np.ndarray) -> int:
        """Return 64 for each coordinate that a client may have to send: what a client of the cohort sends at most."""
        return FLOAT * -(-self.s * self._checked_message(message).size // self.cohort)

    def __repr__(self) -> str:
        return f"ClientMask(clients={self.clients!r}, cohort={self.cohort!r}, s={self.s!r})"


@implements(compress, ClientMaskKernel)
def _mask(kernel, x, w, out, work):
    n, d = x.shape
    for i in range(n):
        for j in range(d):
            out[i, j] = n / kernel.s * x[i, j] if w[i, j] else 0.0

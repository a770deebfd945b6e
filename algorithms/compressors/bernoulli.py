"""Bernoulli compression: the whole vector or nothing."""

from typing import NamedTuple

import numpy as np

from ...core.checks import as_number
from ...core.dispatch import implements
from ...core.errors import InputError, shown
from .compressor import LISTED, Compressor, compress
from .wire import FLOAT


class BernoulliKernel(NamedTuple):
    """The compiled form of :class:`Bernoulli`."""

    p: float


class Bernoulli(Compressor):
    r""":math:`C(x) = x / p` with probability p, else 0: unbiased, :math:`\omega = 1/p - 1` for every x.

    Parameters
    ----------
    p : float
        The probability of sending, above 0 and at most 1.

    Raises
    ------
    InputError
        If ``p`` is not in that range.

    References
    ----------
    Condat and Richtárik, "RandProx: Primal-dual optimization algorithms with randomized proximal updates" (2022).

    Examples
    --------
    >>> C = Bernoulli(0.5)
    >>> C(np.array([3.0, -1.0]), np.array([1])), C(np.array([3.0, -1.0]), np.array([0]))
    (array([ 6., -2.]), array([0., 0.]))
    """

    is_unbiased = True
    is_linear = True
    _entries = np.int64

    def __init__(self, p: float) -> None:
        if not 0.0 < as_number(p) <= 1.0:
            raise InputError(f"p = {shown(p)} is no probability of sending: give a number above 0 and at most 1.")
        self.p = float(p)
        self.kernel = BernoulliKernel(self.p)

    @classmethod
    def example(cls, d: int) -> "Bernoulli":
        return cls(0.25)

    def omega(self, d: int) -> float:
        return 1.0 / self.p - 1.0

    def worst(self, d: int) -> np.ndarray:
        """Return a vector at which ω is attained, as it is at every other."""
        return np.ones(d)

    def draw_shape(self, d: int) -> tuple[int, ...]:
        return (1,)

    def draw(self, rng: np.random.Generator, d: int, count: int) -> np.ndarray:
        """Return ``count`` coins, 1 to send and 0 to be silent, shape (count, 1)."""
        return (super().draw(rng, d, count) < self.p).astype(np.int64)

    def randomness(self, d: int) -> list[tuple[float, np.ndarray]]:
        silent = [(1.0 - self.p, np.array([0]))] if self.p < 1.0 else []
        return [(self.p, np.array([1])), *silent]

    def outcomes(self, x: np.ndarray) -> list[tuple[float, np.ndarray]] | None:
        x = self._checked(x)
        if 2 * x.size > LISTED:
            return None
        return [(probability, self(x, w)) for probability, w in self.randomness(x.size)]

    def bits(self, message: np.ndarray) -> int:
        """Return 1, whether anything follows, and 64 for each coordinate if the message is not 0."""
        message = self._checked_message(message)
        return 1 + (FLOAT * message.size if message.any() else 0)

    def __repr__(self) -> str:
        return f"Bernoulli({self.p!r})"


@implements(compress, BernoulliKernel)
def _send_or_not(kernel, x, w, out, work):
    for j in range(x.shape[0]):
        out[j] = x[j] / kernel.p if w[0] == 1 else 0.0

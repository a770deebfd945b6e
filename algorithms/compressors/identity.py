"""The identity: every number is sent as it is."""

from typing import NamedTuple

import numpy as np

from ...core.dispatch import implements
from .compressor import Compressor, compress
from .wire import FLOAT


class IdentityKernel(NamedTuple):
    """The compiled form of :class:`Identity`."""


class Identity(Compressor):
    """The vector itself: ω = 0, δ = 1, and 64 bits for each coordinate.

    Examples
    --------
    >>> C = Identity()
    >>> C(np.array([3.0, -1.0]), C.draw(np.random.default_rng(0), 2, 1)[0])
    array([ 3., -1.])
    """

    is_unbiased = True
    is_linear = True
    kernel = IdentityKernel()

    @classmethod
    def example(cls, d: int) -> "Identity":
        return cls()

    def omega(self, d: int) -> float:
        return 0.0

    def worst(self, d: int) -> np.ndarray:
        """Return a vector at which ω is attained."""
        return np.ones(d)

    def outcomes(self, x: np.ndarray) -> list[tuple[float, np.ndarray]]:
        return [(1.0, self._checked(x))]

    def bits(self, message: np.ndarray) -> int:
        """Return 64 for each coordinate."""
        return FLOAT * self._checked_message(message).size

    def __repr__(self) -> str:
        return "Identity()"


@implements(compress, IdentityKernel)
def _copy(kernel, x, w, out, work):
    for j in range(x.shape[0]):
        out[j] = x[j]

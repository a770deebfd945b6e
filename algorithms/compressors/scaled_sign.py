"""Signs, scaled by the mean size."""

from typing import NamedTuple

import numpy as np

from ...core.dispatch import implements
from .compressor import Compressor, compress
from .scaling import power_scale, scaled_sum
from .wire import FLOAT


class ScaledSignKernel(NamedTuple):
    """The compiled form of :class:`ScaledSign`."""


class ScaledSign(Compressor):
    r""":math:`C(x) = (\|x\|_1 / d)\, \mathrm{sign}(x)`: biased, contractive with :math:`\delta = 1/d`.

    One bit holds a sign, so the sign of 0 is 1. Then :math:`\|C(x) - x\|^2 = \|x\|^2 - \|x\|_1^2 / d` for every x, and
    the bound is attained at unit vectors.

    References
    ----------
    Karimireddy, Rebjock, Stich and Jaggi, "Error feedback fixes SignSGD and other gradient compression schemes" (2019).

    Examples
    --------
    >>> ScaledSign()(np.array([3.0, -1.0]), np.empty(0))
    array([ 2., -2.])
    """

    is_unbiased = False
    kernel = ScaledSignKernel()

    @classmethod
    def example(cls, d: int) -> "ScaledSign":
        return cls()

    def delta(self, d: int) -> float:
        return 1.0 / d

    def worst(self, d: int) -> np.ndarray:
        """Return a vector at which δ is attained."""
        return np.eye(1, d)[0]

    def outcomes(self, x: np.ndarray) -> list[tuple[float, np.ndarray]]:
        return [(1.0, self(x, np.empty(0)))]

    def bits(self, message: np.ndarray) -> int:
        """Return 64 for the mean size and 1 for each sign."""
        return FLOAT + self._checked_message(message).size

    def __repr__(self) -> str:
        return "ScaledSign()"


@implements(compress, ScaledSignKernel)
def _signs(kernel, x, w, out, work):
    d = x.shape[0]
    scale = power_scale(x)
    size = scaled_sum(x, scale) / d * (1.0 / scale)
    for j in range(d):
        out[j] = -size if x[j] < 0.0 else size

"""L1 selection: one coordinate, chosen in proportion to its size."""

from typing import NamedTuple

import numpy as np

from ...core.dispatch import implements
from .compressor import LISTED, Compressor, compress
from .scaling import power_scale, scaled_sum
from .wire import FLOAT, index_bits


class L1SelectionKernel(NamedTuple):
    """The compiled form of :class:`L1Selection`."""


class L1Selection(Compressor):
    r""":math:`C(x) = \|x\|_1\, \mathrm{sign}(x_j)\, e_j` with probability :math:`|x_j| / \|x\|_1`: unbiased.

    :math:`\mathbb{E}\|C(x) - x\|^2 = \|x\|_1^2 - \|x\|^2`, so :math:`\omega = d - 1`, attained where all coordinates
    have one size; and C(0) = 0.

    References
    ----------
    Condat, Maranjyan and Richtárik, "LoCoDL: Communication-efficient distributed learning with local training and
    compression" (2024).

    Examples
    --------
    >>> L1Selection()(np.array([3.0, -1.0]), np.array([0.8]))
    array([ 0., -4.])
    """

    is_unbiased = True
    kernel = L1SelectionKernel()

    @classmethod
    def example(cls, d: int) -> "L1Selection":
        return cls()

    def omega(self, d: int) -> float:
        return d - 1.0

    def worst(self, d: int) -> np.ndarray:
        """Return a vector at which ω is attained."""
        return np.ones(d)

    def draw_shape(self, d: int) -> tuple[int, ...]:
        return (1,)

    def outcomes(self, x: np.ndarray) -> list[tuple[float, np.ndarray]] | None:
        x = self._checked(x)
        chosen = np.flatnonzero(x)
        if chosen.size == 0:
            return [(1.0, np.zeros_like(x))]
        if chosen.size * x.size > LISTED:
            return None
        scale = power_scale(x)
        total = scaled_sum(x, scale)
        messages = np.zeros((chosen.size, x.size))
        messages[np.arange(chosen.size), chosen] = np.sign(x[chosen]) * (total * (1.0 / scale))
        probabilities = np.abs(x[chosen]) * scale / total
        return [(float(p), message) for p, message in zip(probabilities, messages, strict=True)]

    def length(self, d: int) -> tuple[int, int]:
        return 1, self.bits(np.ones(d))

    def bits(self, message: np.ndarray) -> int:
        """Return 64 for the signed norm and the length of an index."""
        return FLOAT + index_bits(self._checked_message(message).size)

    def __repr__(self) -> str:
        return "L1Selection()"


@implements(compress, L1SelectionKernel)
def _select(kernel, x, w, out, work):
    d = x.shape[0]
    out[:] = 0.0
    scale = power_scale(x)
    total = scaled_sum(x, scale)
    passed = 0.0
    chosen = 0
    for j in range(d):
        # By rounding the sum may never pass the last step: then the last coordinate that is not 0 is chosen.
        if x[j] != 0.0:
            chosen = j
            passed += abs(x[j]) * scale
            if passed > w[0] * total:
                break
    size = total * (1.0 / scale)
    out[chosen] = -size if x[chosen] < 0.0 else size

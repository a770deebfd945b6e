"""Natural compression: random rounding to a power of two."""

import math
from typing import NamedTuple

import numpy as np

from ...core.dispatch import implements
from ...core.errors import InputError
from .compressor import Compressor, compress
from .two_points import two_point_outcomes

_LARGEST = 2.0**1023
_SMALLEST_NORMAL = 2.0**-1022


class NaturalKernel(NamedTuple):
    """The compiled form of :class:`Natural`."""


class Natural(Compressor):
    r"""Each number is rounded at random to a neighbouring power of two: unbiased, :math:`\omega = 1/8`.

    For :math:`2^a \le |x_j| < 2^{a+1}` the message is :math:`\mathrm{sign}(x_j) 2^{a+1}` with probability
    :math:`|x_j| / 2^a - 1`, else :math:`\mathrm{sign}(x_j) 2^a`. The bound is attained at 4/3 times powers of two. The
    powers may be subnormal; sizes above 2^1023 have no neighbour above and are refused, in compiled code they may turn
    infinite.

    References
    ----------
    Horváth et al., "Natural compression for distributed deep learning" (2022).

    Examples
    --------
    >>> C = Natural()
    >>> C(np.array([3.0, -1.0]), np.array([0.4, 0.0])), C(np.array([3.0, -1.0]), np.array([0.6, 0.0]))
    (array([ 4., -1.]), array([ 2., -1.]))
    """

    is_unbiased = True
    kernel = NaturalKernel()

    @classmethod
    def example(cls, d: int) -> "Natural":
        return cls()

    def omega(self, d: int) -> float:
        return 0.125

    def worst(self, d: int) -> np.ndarray:
        """Return a vector at which ω is attained, to rounding."""
        return np.full(d, 4.0 / 3.0)

    def draw_shape(self, d: int) -> tuple[int, ...]:
        return (d,)

    def outcomes(self, x: np.ndarray) -> list[tuple[float, np.ndarray]] | None:
        x = self._checked(x)
        mantissa, exponent = np.frexp(np.abs(x))
        low = np.copysign(np.where(x != 0.0, np.ldexp(1.0, exponent - 1), 0.0), x)
        # Where the number is a power of two itself the other neighbour has probability 0.
        p = np.where(x != 0.0, 2.0 * mantissa - 1.0, 0.0)
        return two_point_outcomes(low, np.where(p > 0.0, 2.0, 1.0) * low, p)

    def bits(self, message: np.ndarray) -> int:
        """Return 12 for each coordinate, its sign and an exponent as in a float, and 6 more where it is subnormal.

        Of the 2048 exponents one stands for 0 and one for the subnormal powers, of which there are 52.

        Raises
        ------
        InputError
            If an entry is neither 0 nor a power of two.
        """
        message = np.abs(self._checked_message(message))
        if not np.isin(np.frexp(message)[0], (0.0, 0.5)).all():
            raise InputError("message has entries that are no powers of two: give what the compressor returned.")
        return 12 * message.size + 6 * int(((message > 0.0) & (message < _SMALLEST_NORMAL)).sum())

    def _checked(self, x: np.ndarray) -> np.ndarray:
        x = super()._checked(x)
        if np.abs(x).max() > _LARGEST:
            raise InputError("x has entries above 2^1023, with no power of two above them: scale x down.")
        return x

    def __repr__(self) -> str:
        return "Natural()"


@implements(compress, NaturalKernel)
def _round(kernel, x, w, out, work):
    for j in range(x.shape[0]):
        # For NaN and infinity the exponent has no meaning.
        if x[j] == 0.0 or not math.isfinite(x[j]):
            out[j] = x[j]
        else:
            mantissa, exponent = math.frexp(abs(x[j]))
            power = math.ldexp(1.0, exponent - 1)
            if w[j] < 2.0 * mantissa - 1.0:
                power *= 2.0
            out[j] = -power if x[j] < 0.0 else power

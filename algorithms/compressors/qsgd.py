"""QSGD: random rounding to multiples of a fraction of the norm."""

import math
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from ...core.dispatch import implements
from ...core.errors import InputError, shown
from .compressor import Compressor, compress
from .scaling import power_scale, scaled_norm
from .two_points import two_point_outcomes
from .wire import FLOAT, gamma_bits

# Two fractions with denominators up to 2^20 differ by 2^-40: more than messages are rounded by.
_MOST_BITS = 20


class QSGDKernel(NamedTuple):
    """The compiled form of :class:`QSGD`."""

    s: float


class QSGD(Compressor):
    r"""Each number is rounded at random to a multiple of :math:`\|x\| / s` with :math:`s = 2^r` levels: unbiased.

    With :math:`a_j = s |x_j| / \|x\|` the level of a coordinate is :math:`\lfloor a_j \rfloor + 1` with probability
    :math:`a_j - \lfloor a_j \rfloor`, else :math:`\lfloor a_j \rfloor`; and C(0) = 0. With :math:`f_j` that
    probability, :math:`\mathbb{E}\|C(x) - x\|^2 = (\|x\| / s)^2 \sum_j f_j (1 - f_j)`. As
    :math:`f (1 - f) \le \min(a - a^2, 1/4)` up to a = 1/2 and at most 1/4 beyond, a concave function of :math:`a^2`,
    Jensen's inequality gives :math:`\omega = \sqrt d / s - 1` if :math:`\sqrt d \ge 2 s`, attained at vectors of ones,
    and else :math:`d / (4 s^2)`. Both are below :math:`\min(d / s^2, \sqrt d / s)`, the bound of the paper.

    Parameters
    ----------
    r : int
        The logarithm of the number of levels, 0 to 20.

    Raises
    ------
    InputError
        If ``r`` is not in that range.

    References
    ----------
    Alistarh, Grubic, Li, Tomioka and Vojnović, "QSGD: Communication-efficient SGD via gradient quantization and
    encoding" (2017).

    Examples
    --------
    >>> QSGD(1)(np.array([3.0, -4.0]), np.array([0.1, 0.7]))
    array([ 5. , -2.5])
    """

    is_unbiased = True

    def __init__(self, r: int) -> None:
        if isinstance(r, bool) or not isinstance(r, int | np.integer) or not 0 <= r <= _MOST_BITS:
            raise InputError(
                f"r = {shown(r)} is no logarithm of a number of levels: give an integer from 0 to {_MOST_BITS}."
            )
        self.r = int(r)
        self.s = 2**self.r
        self.kernel = QSGDKernel(float(self.s))

    @classmethod
    def example(cls, d: int) -> "QSGD":
        return cls(2)

    def omega(self, d: int) -> float:
        return math.sqrt(d) / self.s - 1.0 if d >= 4 * self.s**2 else d / (4.0 * self.s**2)

    def draw_shape(self, d: int) -> tuple[int, ...]:
        return (d,)

    def outcomes(self, x: np.ndarray) -> list[tuple[float, np.ndarray]] | None:
        x = self._checked(x)
        if not x.any():
            return [(1.0, np.zeros_like(x))]
        scale = power_scale(x)
        # The same operations in the same order as in compiled code, so that both round alike.
        a = np.abs(x) * scale / scaled_norm(x, scale) * self.s
        # Numbers of 1 are never below a probability, numbers of 0 are below every one that is not 0.
        low, high = self(x, np.ones(x.size)), self(x, np.zeros(x.size))
        return two_point_outcomes(low, high, a - np.floor(a))

    def bits(self, message: np.ndarray) -> int:
        """Return the length of the unit, of how many levels are not 0, and for each its gap, sign and level.

        The unit is the size of which all entries are multiples, 64 bits. The number of entries that are not 0, plus
        1, the distances between them and the multiples are whole numbers from 1 in Elias' gamma code.

        Raises
        ------
        InputError
            If the entries are not the multiples up to s of one number, to rounding; so below 1e-300 it may be that
            what the compressor returned is refused, since subnormal numbers are rounded more.
        """
        message = self._checked_message(message)
        places = np.flatnonzero(message)
        counted = FLOAT + gamma_bits(np.array([places.size + 1]))
        if not places.size:
            return counted
        gaps = np.diff(places, prepend=-1)
        return counted + gamma_bits(gaps) + places.size + gamma_bits(self.levels(message)[places])

    def length(self, d: int) -> tuple[int, int]:
        """Return d, and the bits of the norm and of d of the 2 s + 1 multiples of it from -s to s."""
        return d, FLOAT + (self.r + 2) * d

    def levels(self, message: np.ndarray) -> np.ndarray:
        """Return the entries' sizes as multiples of the largest number possible, shape (d,), integers up to s.

        Raises
        ------
        InputError
            If the entries are not the multiples up to s of one number, to rounding.
        """
        sizes = np.abs(self._checked_message(message))
        largest = sizes.max()
        if largest == 0.0:
            return sizes.astype(np.int64)
        ratios, top = sizes / largest, 1
        # The largest entry's multiple is the least common denominator, and each pass at least doubles it.
        for _ in range(self.r + 1):
            away = np.abs(ratios * top - np.rint(ratios * top))
            if away.max() <= 0.5 / self.s:
                break
            ratio = Fraction(float(ratios[away.argmax()])).limit_denominator(self.s)
            top = min(math.lcm(top, ratio.denominator), 2 * self.s)
        multiples = np.rint(ratios * top)
        if top > self.s or not np.allclose(multiples / top * largest, sizes, rtol=1e-14, atol=0.0):
            raise InputError(f"message holds no multiples of one number up to {self.s}: give what {self!r} returned.")
        return multiples.astype(np.int64)

    def __repr__(self) -> str:
        return f"QSGD({self.r!r})"


@implements(compress, QSGDKernel)
def _quantise(kernel, x, w, out, work):
    scale = power_scale(x)
    norm = scaled_norm(x, scale)
    if norm == 0.0:
        out[:] = 0.0
        return
    for j in range(x.shape[0]):
        a = abs(x[j]) * scale / norm * kernel.s
        level = np.floor(a)
        if w[j] < a - level:
            level += 1.0
        size = norm * level / kernel.s * (1.0 / scale)
        out[j] = -size if x[j] < 0.0 else size

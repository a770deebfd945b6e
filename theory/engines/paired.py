"""Two methods on the same seeds: by what factor a positive number of one differs from that of the other."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ...core.errors import InputError
from .seeds import geometric_mean, heard


class Ratio(NamedTuple):
    """A geometric mean of ratios over seeds."""

    mean: float
    """The mean."""
    low: float
    """Lower end of its 95 % interval."""
    high: float
    """Upper end of its 95 % interval."""

    def __str__(self) -> str:
        return f"{self.mean:.3g} [{self.low:.3g}, {self.high:.3g}]"

    @property
    def below_one(self) -> str:
        """Whether the ratio is found to be below 1: "confirmed", "refuted", or "inconclusive" where 1 is inside."""
        if self.high < 1.0:
            return "confirmed"
        return "refuted" if self.low > 1.0 else "inconclusive"


def ratio(own: ArrayLike, other: ArrayLike) -> Ratio:
    """Return by what factor one number is the other, with Student's interval of its logarithm over the seeds.

    Parameters
    ----------
    own, other : array_like, shape (s,)
        Positive numbers of the same s >= 2 seeds.

    Raises
    ------
    InputError
        If there are fewer than two seeds, or a number is not positive and finite.

    Examples
    --------
    >>> print(ratio([1.0, 2.0, 4.0], [2.0, 4.0, 8.0]))
    0.5 [0.5, 0.5]
    """
    pairs = np.array([own, other], dtype=float)
    if pairs.shape[-1] < 2 or not (np.isfinite(pairs).all() and (pairs > 0).all()):
        raise InputError(f"a ratio over {pairs.shape[-1]} seeds needs positive finite numbers of at least 2 seeds.")
    found = Ratio(*geometric_mean(pairs[0] / pairs[1]))
    heard(pairs, True, found.low, found.high)
    return found

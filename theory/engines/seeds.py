"""What some seeds say together."""

import math
from importlib import import_module

import numpy as np


def geometric_mean(ratios: np.ndarray) -> tuple[float, float, float]:
    """Return the geometric mean of some seeds' ratios and the ends of its interval of 95 %.

    Examples
    --------
    >>> geometric_mean(np.array([2.0, 2.0, 2.0]))
    (2.0, 2.0, 2.0)
    """
    mean, low, high = mean_interval(np.log(ratios))
    return math.exp(mean), math.exp(low), math.exp(high)


def mean_interval(values: np.ndarray) -> tuple[float, float, float]:
    """Return the mean of some seeds' numbers and the ends of its interval of 95 %, that of Student.

    Examples
    --------
    >>> mean_interval(np.array([2.0, 2.0, 2.0]))
    (2.0, 2.0, 2.0)
    """
    # Imported like this SciPy, which has no types, is Any. Its statistics take long to be there.
    quantile = float(import_module("scipy.special").stdtrit(len(values) - 1, 0.975))
    centre, half = float(values.mean()), quantile * float(values.std(ddof=1)) / math.sqrt(len(values))
    return centre, centre - half, centre + half

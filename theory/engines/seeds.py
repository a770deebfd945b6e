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
    logs = np.log(ratios)
    # Imported like this SciPy, which has no types, is Any.
    quantile = float(import_module("scipy.stats").t.ppf(0.975, len(logs) - 1))
    centre, half = float(logs.mean()), quantile * float(logs.std(ddof=1)) / math.sqrt(len(logs))
    return math.exp(centre), math.exp(centre - half), math.exp(centre + half)

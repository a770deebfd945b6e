"""What some seeds say together."""

import math
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import import_module
from typing import NamedTuple

import numpy as np


class Sample(NamedTuple):
    """The numbers of some seeds, of which an interval was made."""

    rows: np.ndarray
    """The two sides of a ratio, or one row, shape (sides, seeds)."""
    is_ratio: bool
    """Whether the mean is a geometric one, of the first row or of its ratio to the second."""
    low: float
    high: float
    """The ends of the interval."""


_heard: ContextVar[list[Sample] | None] = ContextVar("heard", default=None)


@contextmanager
def hearing() -> Generator[list[Sample]]:
    """Return a list that gets every sample of which an interval is made in this block."""
    samples = list[Sample]()
    token = _heard.set(samples)
    try:
        yield samples
    finally:
        _heard.reset(token)


def heard(rows: np.ndarray, is_ratio: bool, low: float, high: float) -> None:
    """Tell whoever hears of an interval what it is made of."""
    samples = _heard.get()
    if samples is not None:
        samples.append(Sample(np.atleast_2d(np.array(rows, dtype=float)), is_ratio, low, high))


def geometric_mean(ratios: np.ndarray) -> tuple[float, float, float]:
    """Return the geometric mean of some seeds' ratios and the ends of its interval of 95 %.

    Examples
    --------
    >>> geometric_mean(np.array([2.0, 2.0, 2.0]))
    (2.0, 2.0, 2.0)
    """
    mean, low, high = mean_interval(np.log(ratios))
    heard(ratios, True, math.exp(low), math.exp(high))
    return math.exp(mean), math.exp(low), math.exp(high)


def mean_interval(values: np.ndarray) -> tuple[float, float, float]:
    """Return the mean of some seeds' numbers and the ends of its interval of 95 %, that of Student.

    Examples
    --------
    >>> mean_interval(np.array([2.0, 2.0, 2.0]))
    (2.0, 2.0, 2.0)
    """
    half = student(len(values)) * float(values.std(ddof=1)) / math.sqrt(len(values))
    centre = float(values.mean())
    heard(values, False, centre - half, centre + half)
    return centre, centre - half, centre + half


def student(seeds: int) -> float:
    """Return Student's quantile for an interval of 95 % of a mean over some seeds.

    Examples
    --------
    >>> round(student(10), 3)
    2.262
    """
    # Imported like this SciPy, which has no types, is Any. Its statistics take long to be there.
    return float(import_module("scipy.special").stdtrit(seeds - 1, 0.975))

"""Grids of numbers as a user writes them."""

import math

import numpy as np

from ..core.errors import InputError

_MOST = 10_000


def numbers(name: str, text: str) -> list[float]:
    """Return the numbers of a grid.

    Parameters
    ----------
    name : str
        What the numbers are, for the error.
    text : str
        One number, several with commas between them, or ``low:high:count``, spaced evenly in the logarithm.

    Raises
    ------
    InputError
        If a part is no finite number, the grid is empty, or a logarithmic grid falls, or has an end that is not
        positive.

    Examples
    --------
    >>> numbers("kappa", "1e2:1e6:3")
    [100.0, 10000.0, 1000000.0]
    >>> numbers("p", "0.1,0.5")
    [0.1, 0.5]
    """
    if ":" not in text:
        return [_number(name, part, text) for part in text.split(",")]
    parts = text.split(":")
    if len(parts) != 3:
        raise InputError(f"{name} = {text!r} is no grid: write low:high:count, for example 1e2:1e6:9.")
    low, high, count = (_number(name, part, text) for part in parts)
    if count != int(count) or not 1 <= count <= _MOST:
        raise InputError(f"{name} = {text!r} is no grid: give a whole count from 1 to {_MOST}, as in 1e2:1e6:9.")
    if not (low > 0 and high > 0):
        raise InputError(f"{name} = {text!r} cannot be spaced logarithmically: give two ends above 0.")
    if low > high:
        turned = ":".join(part.strip() for part in (parts[1], parts[0], parts[2]))
        raise InputError(f"{name} = {text!r} falls: give the lower end first, as in {turned}.")
    grid = np.geomspace(low, high, int(count))
    grid[0], grid[-1] = (low, high) if count > 1 else (low, low)
    return [float(value) for value in grid]


def _number(name: str, part: str, text: str) -> float:
    try:
        value = float(part)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(f"{name} = {text!r} holds {part!r}, which is not a finite number: write numbers such as 1e4.")
    return value

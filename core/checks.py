"""What a user's number, count or array must be before anything is computed with it."""

from operator import index
from typing import Any

import numpy as np

from .errors import InputError

# Beyond this the smallest eigenvalue is lost in the rounding of the largest.
_LARGEST_KAPPA = 1e12


def as_number(value: Any) -> float:
    """Return the value as a float, NaN if it is no number: what must be finite is then refused in one check.

    Examples
    --------
    >>> as_number("1e4"), as_number(None)
    (10000.0, nan)
    """
    try:
        return float("nan") if np.iscomplexobj(value) else float(value)
    except (TypeError, ValueError):
        return float("nan")


def checked_kappa(kappa: float | str) -> float:
    """Return a condition number as a float; it must be above 1, and small enough for double precision."""
    number = as_number(kappa)
    if np.isnan(number):
        raise InputError(f"kappa = {kappa!r} is not a number: give a condition number above 1, such as 1e4.")
    if not 1.0 < number <= _LARGEST_KAPPA:
        raise InputError(
            f"kappa = {kappa!r} is no condition number to test: give one above 1 and up to {_LARGEST_KAPPA:g}."
        )
    return number


def checked_array(name: str, value: Any) -> np.ndarray:
    """Return a copy of an array of numbers as floats; its shape and its entries are the caller's to check."""
    refuse_mask(name, value)
    try:
        array = np.asarray(value)
        if array.dtype.kind != "c":
            return np.array(array, dtype=float, order="C")
    except (TypeError, ValueError):
        raise InputError(f"{name} is no array of numbers: give numbers only, in rows of one length.") from None
    raise InputError(f"{name} is complex, and its imaginary part would be lost: give real numbers.")


def refuse_mask(name: str, value: object) -> None:
    """Raise an InputError if entries of an array are masked: what becomes a plain array forgets that."""
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        raise InputError(f"{name} has masked entries, and the mask would be lost: give it filled in, or without them.")


def checked_count(name: str, value: Any) -> int:
    """Return a number of things as an int; it must be an integer that is at least 1."""
    try:
        count = 0 if isinstance(value, bool | np.bool_) else index(value)
    except TypeError:
        count = 0
    if count < 1:
        raise InputError(f"{name} = {value!r} is not a count: give an integer that is at least 1.")
    return count


def checked_number(
    name: str, value: Any, kind: str, *, at_least: float | None = None, above: float | None = None
) -> float:
    """Return a finite number as a float, refused below a bound that it may or may not attain.

    Examples
    --------
    >>> checked_number("lam", 0.5, "a weight", at_least=0.0)
    0.5
    """
    number = as_number(value)
    holds = np.isfinite(number) and (at_least is None or number >= at_least) and (above is None or number > above)
    if not holds or isinstance(value, bool | np.bool_):
        bound = f" that is at least {at_least:g}" if at_least is not None else ""
        bound = f" above {above:g}" if above is not None else bound
        raise InputError(f"{name} = {value!r} is not {kind}: give a finite number{bound}.")
    return number

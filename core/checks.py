"""What a user's number, count or array must be before anything is computed with it."""

from collections.abc import Iterable, Mapping
from operator import index
from pathlib import PurePath
from typing import Any

import numpy as np

from .errors import InputError, shown

# Beyond this the smallest eigenvalue is lost in the rounding of the largest.
_LARGEST_KAPPA = 1e12
_LARGEST_COUNT = 2**31 - 1


def as_number(value: Any) -> float:
    """Return the value as a float, NaN if it is no number: what must be finite is then refused in one check.

    Examples
    --------
    >>> as_number("1e4"), as_number(None)
    (10000.0, nan)
    """
    try:
        # A date is no number, and an array of one number is one only if it has no axes.
        usual = np.ndim(value) == 0 and np.asarray(value).dtype.kind not in "cmM" and value is not np.ma.masked
        return float(value) if usual else float("nan")
    except (TypeError, ValueError, OverflowError):
        return float("nan")


def as_list(value: Any) -> list[Any]:
    """Return several things as a list, and one thing as a list of it: a text is one, and no list of its characters.

    Examples
    --------
    >>> as_list("nesterov"), as_list(("nesterov", "fedavg")), as_list(0.5)
    (['nesterov'], ['nesterov', 'fedavg'], [0.5])
    """
    is_array = isinstance(value, np.ndarray)
    is_one = (
        isinstance(value, str | bytes | PurePath) or not isinstance(value, Iterable) or (is_array and not value.ndim)
    )
    return [value] if is_one else list(value)


def checked_names(name: str, value: Any) -> list[str]:
    """Return names, or paths, as texts, each once; one of them is a list of one.

    Raises
    ------
    InputError
        If one is neither.

    Examples
    --------
    >>> checked_names("methods", ["nesterov", "fedavg", "nesterov"])
    ['nesterov', 'fedavg']
    """
    found = as_list(value)
    for one in found:
        if not isinstance(one, str | PurePath):
            raise InputError(f"{name} holds {shown(one)}, which is no name: give names or paths of files.")
    return list(dict.fromkeys(map(str, found)))


def checked_values(name: str, value: Any) -> dict[str, list[Any]]:
    """Return the values of each letter as a list: a letter with one value has a list of one.

    Raises
    ------
    InputError
        If it is no mapping, or a letter has no value.

    Examples
    --------
    >>> checked_values("letters", {"p": 0.1, "C": "RandK(2)"})
    {'p': [0.1], 'C': ['RandK(2)']}
    """
    if not isinstance(value, Mapping):
        raise InputError(f'{name} = {shown(value)} is no mapping: give values of letters, such as {{"p": [0.1, 0.2]}}.')
    found = {letter: as_list(several) for letter, several in value.items()}
    for letter, several in found.items():
        if not several:
            raise InputError(f"{name} has no value of {letter}: give one at least, or leave the letter out.")
    return found


def checked_kappa(kappa: float | str) -> float:
    """Return a condition number as a float; it must be above 1, and small enough for double precision."""
    number = as_number(kappa)
    if np.isnan(number):
        raise InputError(f"kappa = {shown(kappa)} is not a number: give a condition number above 1, such as 1e4.")
    if not 1.0 < number <= _LARGEST_KAPPA:
        raise InputError(
            f"kappa = {shown(kappa)} is no condition number to test: give one above 1 and up to {_LARGEST_KAPPA:g}."
        )
    return number


def checked_array(name: str, value: Any) -> np.ndarray:
    """Return a copy of an array of numbers as floats; its shape and its entries are the caller's to check."""
    refuse_mask(name, value)
    try:
        array = np.asarray(value)
        refuse_kind(name, array)
        with np.errstate(over="ignore"):  # what becomes infinite is not finite, which the caller says
            return np.array(array, dtype=float, order="C")
    except InputError:
        raise
    except OverflowError:
        raise InputError(f"{name} holds an integer beyond the largest float: rescale the numbers.") from None
    except (TypeError, ValueError):
        raise InputError(f"{name} is no array of numbers: give numbers only, in rows of one length.") from None


def checked_labels(name: str, value: Any) -> np.ndarray:
    """Return labels as an array of real numbers or of text, which can be sorted; its shape is the caller's to check."""
    refuse_mask(name, value)
    try:
        labels = np.asarray(value)
    except (TypeError, ValueError):
        raise InputError(f"{name} is no array of numbers: give numbers only, in rows of one length.") from None
    if labels.dtype.kind in "OT" and all(isinstance(label, str) for label in labels.ravel()):
        return labels.astype(str)
    return labels if labels.dtype.kind in "biufSU" else checked_array(name, labels)


def refuse_kind(name: str, array: np.ndarray) -> None:
    """Raise an InputError if entries are of a kind that NumPy turns into floats with a loss."""
    entries = array.ravel() if array.dtype.kind == "O" else ()
    if array.dtype.kind == "c" or any(isinstance(entry, complex | np.complexfloating) for entry in entries):
        raise InputError(f"{name} is complex, and its imaginary part would be lost: give real numbers.")
    if array.dtype.kind in "mM" or any(isinstance(entry, np.datetime64 | np.timedelta64) for entry in entries):
        raise InputError(f"{name} holds dates or durations, which have no unit as numbers: give real numbers.")
    if array.dtype.kind == "V":
        raise InputError(f"{name} holds records: give one of their fields, or an array of its own for each.")


def refuse_mask(name: str, value: object) -> None:
    """Raise an InputError if entries of an array are masked: what becomes a plain array forgets that."""
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        raise InputError(f"{name} has masked entries, and the mask would be lost: give it filled in, or without them.")
    if isinstance(value, list | tuple):
        for part in value:
            if isinstance(part, list | tuple | np.ma.MaskedArray):
                refuse_mask(name, part)


def checked_count(name: str, value: Any) -> int:
    """Return a number of things as an int; it must be an integer that is at least 1."""
    try:
        count = 0 if isinstance(value, bool | np.bool_) else index(value)
    except TypeError:
        count = 0
    if count < 1:
        raise InputError(f"{name} = {shown(value)} is not a count: give an integer that is at least 1.")
    if count > _LARGEST_COUNT:
        raise InputError(f"{name} = {shown(value)} is beyond what fits into memory: give {_LARGEST_COUNT} at most.")
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
        raise InputError(f"{name} = {shown(value)} is not {kind}: give a finite number{bound}.")
    return number

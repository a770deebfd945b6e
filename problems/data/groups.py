"""Labels put together in groups: "0-4:5-9" makes two of ten digits, "rest:3" one against all others."""

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.errors import InputError, shown

#: What stands for every label that no group names.
REST = "rest"
_RANGE = re.compile(r"(-?\d+)-(-?\d+)")


def group_names(groups: str) -> NDArray[Any]:
    """Return what each group is called: its text as it was given, in the order of the groups.

    Examples
    --------
    >>> group_names("no:perhaps, yes").tolist()
    ['no', 'perhaps, yes']
    """
    return np.array([part.strip() for part in groups.split(":")])


def grouped(labels: NDArray[Any], groups: str) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Return which samples have a label of one of the groups, and the number of the group of each that has.

    Parameters
    ----------
    labels : ndarray, shape (N,)
        Numbers or text.
    groups : str
        Groups with colons between them, each of labels and ranges of integers with commas between them; ``rest`` is a
        group of all labels that no other one names.

    Returns
    -------
    taken : ndarray of bool, shape (N,)
        Samples of other labels are left out.
    numbers : ndarray, shape (taken.sum(),)
        The group of each that is left, from 0 in the order of the groups.

    Raises
    ------
    InputError
        If a group holds no label that is there, a label is in two groups, or there are less than two groups.

    Examples
    --------
    >>> grouped(np.array([0, 7, 3, 9]), "0-4:5-8")
    (array([ True,  True,  True, False]), array([0., 1., 0.]))
    >>> grouped(np.array(["no", "yes", "maybe"]), "rest:yes")[1]
    array([0., 1., 0.])
    """
    parts = groups.split(":")
    if len(parts) < 2:
        raise InputError(
            f"labels = {groups!r} is one group: give at least two with a colon between, such as '0-4:5-9'."
        )
    values = np.unique(labels)
    found = np.full(len(values), -1)
    for number, part in enumerate(parts):
        if part.strip() == REST and REST not in values.astype(str):
            continue
        for word in part.split(","):
            own = _named(values, word.strip())
            if not own.any():
                some = ", ".join(_word(value) for value in values[:5]) + (", ..." if len(values) > 5 else "")
                raise InputError(f"labels = {groups!r} names {word.strip()!r}, which no sample has: there are {some}.")
            if np.any((found >= 0) & own):
                raise InputError(
                    f"labels = {groups!r} names {shown(word.strip())} twice: give each label to one group only."
                )
            found[own] = number
    rests = [number for number, part in enumerate(parts) if part.strip() == REST and REST not in values.astype(str)]
    if len(rests) > 1 or (rests and np.all(found >= 0)):
        raise InputError(f"labels = {groups!r} leaves no labels for a group 'rest': name the labels of each group.")
    if rests:
        found[found < 0] = rests[0]
    numbers = found[np.searchsorted(values, labels)]
    taken = numbers >= 0
    return taken, numbers[taken].astype(np.float64)


def _named(values: NDArray[Any], word: str) -> NDArray[np.bool_]:
    """Return which of the labels a word names: one as it is written, or those of a range of integers."""
    alone = np.array([_word(value) == word for value in values])
    if values.dtype.kind == "U" or alone.any():
        return alone
    ends = _RANGE.fullmatch(word)
    if ends:
        low, high = map(float, ends.groups())
        return (values >= low) & (values <= high) & (values == np.floor(values))
    try:
        return values == float(word)
    except ValueError:
        return alone


def _word(value: Any) -> str:
    return str(value) if isinstance(value, str) else f"{value:.12g}"

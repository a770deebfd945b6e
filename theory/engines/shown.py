"""What an engine keeps of a violation besides its sentence, so that somebody else can look at it."""

from typing import Any, NamedTuple

import numpy as np

from ...problems import Problem
from ..case import Case

# Numbers of a state of which the combinations are written.
_LARGEST = 2000


class Shown(NamedTuple):
    """The numbers of a violation, as plain data.

    A verdict keeps it as ``details["shown"]``; :mod:`rootkappa.theory.witness` makes a script of it.
    """

    kind: str
    """What is shown; says which arrays there are."""
    problem: Problem
    """Where it was found, which may not be the given problem."""
    params: Any
    """The letters there."""
    arrays: dict[str, Any]
    """The numbers."""


def shown(kind: str, case: Case, **arrays: Any) -> Shown:
    """Return what was found on a case, without what is no array of numbers or texts, as outcomes of objects may be."""
    taken = {name: np.array(value) for name, value in arrays.items() if value is not None}
    return Shown(
        kind, case.problem, case.params, {name: value for name, value in taken.items() if not value.dtype.hasobject}
    )


def flat(state: Any) -> np.ndarray:
    """Return the fields of a state as one vector."""
    return np.concatenate([np.ravel(field) for field in state])


def combination(case: Case, name: str) -> tuple[np.ndarray, np.ndarray] | None:
    """Return C and c of an invariant, which says that Cz + c stays 0 for the flat state z; None if it is no such form.

    The same None is returned if there are so many numbers that C is too large to write.
    """
    start = case.initial()
    sizes = [field.size for field in start]
    count = sum(sizes)
    if count > _LARGEST:
        return None

    def value(numbers: np.ndarray) -> np.ndarray:
        parts = np.split(numbers, np.cumsum(sizes)[:-1])
        state = case.state(*(part.reshape(field.shape) for part, field in zip(parts, start, strict=True)))
        return np.array(np.ravel(case.invariants(state)[name]), dtype=float)

    at_zero = value(np.zeros(count))
    rows = np.array([value(unit) - at_zero for unit in np.eye(count)]).T
    trial = np.cos(np.arange(1.0, count + 1.0))
    apart = np.abs(rows @ trial + at_zero - value(trial)).max(initial=0.0)
    return (rows, at_zero) if apart <= 1e-9 * (np.abs(rows).sum() + np.abs(at_zero).sum()) else None

"""What a method keeps at 0 without saying so: errors that it never has, and that evidence would look at."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from ...algorithms.driver.objects import ObjectMethod
from ..case import Case, NotExact
from . import exact
from .affine import listed_outcomes

# Of a state of more numbers the sums are not looked for.
_LARGEST = 100
_ROUNDING = 1e-9


class Undeclared(NamedTuple):
    """What a method keeps and does not declare."""

    sentence: str
    """What to say of it."""
    case: Case | None
    """The case with what it keeps declared, if that is the sum over the clients of some fields."""


def undeclared(case: Case) -> Undeclared | None:
    """Return what a method keeps whose promise holds exactly once its conserved sums are declared.

    None if it is shipped, makes a shipped promise in a file, declares invariants, conserves nothing, or breaks its
    promise with them as well.
    """
    # A file that makes a shipped promise can take what its theorem's method declares.
    takes_a_promise = case.method.promise is not None and not isinstance(case.method, ObjectMethod)
    if case.method.is_shipped or takes_a_promise or case.invariants(case.initial()):
        return None
    try:
        place = case
        if sum(field.size for field in case.initial()) > _LARGEST:
            place = case.relative() or case
        if not place.has_fixed_point:
            return None
        sums, fixed = _sums(place), _flat(place.fixed_point())
        # A model that never moves keeps all it has, and keeps it away from the solution.
        if len(sums) == 0 or np.abs(sums @ fixed).max() > _ROUNDING * max(np.abs(fixed).max(), 1.0):
            return None

        def invariants(problem: Any, params: Any, state: Any) -> dict[str, np.ndarray]:
            return {"sums": sums @ _flat(state)}

        verdict = exact.evidence(replace(place, method=replace(case.method, invariants=invariants)), lambda share: None)
    except NotExact:
        return None
    if verdict.status != "confirmed":
        return None
    state = place.initial()
    within = np.split(sums, np.cumsum([field.size for field in state])[:-1], axis=1)
    parts = zip(state._fields, within, strict=True)
    fields = [name for name, part in parts if np.abs(part).max(initial=0.0) > _ROUNDING]
    return Undeclared(
        f"{case.method.name} declares no invariants, but every step keeps {len(sums)} sums of the entries of "
        f"{' and '.join(fields)}: with them the promise holds exactly, and without them it is held against errors that "
        "never occur; define invariants(problem, params, state) that returns what stays 0, for example "
        f'{{"sum": state.{fields[-1]}.sum(axis=0)}}.',
        _declared(case, place, fields, len(sums)),
    )


def _declared(case: Case, place: Case, fields: Sequence[str], count: int) -> Case | None:
    """Return the case with the sums of these fields over the clients declared, None if these are not all of them."""
    n, d = place.problem.n, place.problem.d
    state = place.initial()
    if count != d * len(fields) or any(getattr(state, field).shape != (n, d) for field in fields):
        return None

    def invariants(problem: Any, params: Any, state: Any) -> dict[str, np.ndarray]:
        return {f"sum of {field}": getattr(state, field).sum(axis=0) for field in fields}

    return replace(case, method=replace(case.method, invariants=invariants))


def _flat(state: Any) -> np.ndarray:
    return np.concatenate([field.ravel() for field in state])


def _sums(case: Case) -> np.ndarray:
    """Return the linear functions that every step keeps and that are 0 at the start, as orthonormal rows."""
    zeros: list[np.ndarray] = [np.zeros_like(field) for field in case.initial()]
    ends = np.cumsum([field.size for field in zeros])

    def stepped(flat: np.ndarray, outcome: Any) -> np.ndarray:
        # A step may write where its state is.
        parts = np.split(flat.copy(), ends[:-1])
        state = case.state(*(part.reshape(field.shape) for part, field in zip(parts, zeros, strict=True)))
        return _flat(case.step(state, outcome))

    rows: list[np.ndarray] = []
    identity = np.eye(int(ends[-1]))
    for _, outcome in listed_outcomes(case):
        offset = stepped(np.zeros(len(identity)), outcome)
        columns: list[np.ndarray] = [stepped(unit, outcome) - offset for unit in identity]
        rows += [np.array(columns) - identity, offset[None]]
    rows.append(_flat(case.initial())[None])
    _, sizes, directions = np.linalg.svd(np.concatenate(rows), full_matrices=True)
    return directions[int((sizes > _ROUNDING * max(sizes.max(), 1.0)).sum()) :]

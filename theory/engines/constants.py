"""Fields of a state that never change, such as a mask: a step may multiply by them and be affine in all others."""

from collections import namedtuple
from dataclasses import replace
from typing import Any

import numpy as np

from ...core.randomness import generator
from ..case import Case

# What adding and taking away again may leave.
_ROUNDING = 1e-12


def without_constants(case: Case) -> Case:
    """Return the case with states that lack the fields which an invariant holds where they are.

    Parameters
    ----------
    case : Case
        If an invariant is what a field is away from its place, it says that the field stays there.

    Returns
    -------
    Case
        The same one if there is no such field, or if nothing says where fields should be.

    Examples
    --------
    >>> from rootkappa import problems, theory
    >>> problem = problems.Quadratic.random(clients=2, dim=5, kappa=10.0)
    >>> [without_constants(theory.case(name, problem)).initial()._fields for name in ("salientgrads", "scaffnew")]
    [('x',), ('X', 'H')]
    """
    fixed = case.fixed_point() if case.has_fixed_point else ()
    held = {place: name for place in range(len(fixed)) for name in _holding(case, fixed, place)}
    if not held:
        return case
    free = [place for place in range(len(fixed)) if place not in held]
    State: Any = namedtuple("State", [fixed._fields[place] for place in free])
    method, lyapunov = case.method, case.theorem.lyapunov

    def full(state: Any) -> Any:
        fields = [np.array(field) for field in fixed]
        for place, field in zip(free, state, strict=True):
            fields[place] = field
        return case.state(*fields)

    def less(state: Any) -> Any:
        return State(*(state[place] for place in free))

    def moved(move: Any) -> Any:
        def made(kernel: Any, params: Any, state: Any, drawn: Any) -> Any:
            given = full(state)
            returned = move(kernel, params, given, drawn)
            return less(given if returned is None else returned)

        return made

    own = replace(
        method,
        State=State,
        start=lambda problem, params: less(method.start(problem, params)),
        step=moved(method.step),
        advance=moved(method.advance),
        model=lambda state: method.model(full(state)),
        fixed_point=lambda problem, params, target: less(fixed),
        invariants=lambda problem, params, state: {
            name: value
            for name, value in method.invariants(problem, params, full(state)).items()
            if name not in held.values()
        },
    )

    def measured(problem: Any, params: Any, state: Any, target: Any) -> float:
        return lyapunov(problem, params, full(state), target)

    return replace(case, method=own, theorem=replace(case.theorem, lyapunov=measured))


def _holding(case: Case, fixed: Any, place: int) -> list[str]:
    """Return the names of the invariants that are what a field is away from the fixed point."""
    away = generator(case.seed, "constants", place).standard_normal(fixed[place].shape)
    there = case.invariants(case.state(*(field + away if at == place else field for at, field in enumerate(fixed))))
    return [
        name
        for name, value in there.items()
        if value.shape == away.shape and np.abs(value - away).max(initial=0.0) <= _ROUNDING
    ]

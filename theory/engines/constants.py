"""Fields of a state that never change, such as a mask: a step may multiply by them and be affine in all others."""

from collections import namedtuple
from dataclasses import replace
from typing import Any

import numpy as np

from ...core.randomness import generator
from ..case import Case

# What adding and taking away again may leave, beside the size of the field.
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
    >>> [without_constants(theory.case(name, problem)).initial()._fields for name in ("salientgrads", "scaffold_2")]
    [('x',), ('x', 'C', 'c')]
    """
    if not case.has_fixed_point:
        return case
    fixed = case.fixed_point()
    held = {place: name for place in range(len(fixed)) for name in _holding(case, fixed, place)}
    if not held:
        return case
    less = _Less(case, fixed, [place for place in range(len(fixed)) if place not in held], {*held.values()})
    method = replace(
        case.method,
        State=less.State,
        start=less.start,
        step=less.step,
        advance=less.advance,
        model=less.model,
        fixed_point=less.fixed_point,
        invariants=less.invariants,
    )
    return replace(case, method=method, theorem=replace(case.theorem, lyapunov=less.lyapunov))


class _Less:
    """The functions of a method, and its V, of states without the constant fields."""

    def __init__(self, case: Case, fixed: Any, free: list[int], held: set[str]) -> None:
        self._case, self._fixed, self._free, self._held = case, fixed, free, held
        names: list[str] = [fixed._fields[place] for place in free]
        self.State: Any = namedtuple("State", names)  # pyright: ignore[reportUntypedNamedTuple]

    def _full(self, state: Any) -> Any:
        fields = [np.array(field) for field in self._fixed]
        for place, field in zip(self._free, state, strict=True):
            fields[place] = field
        return self._case.state(*fields)

    def _less(self, state: Any) -> Any:
        return self.State(*(state[place] for place in self._free))

    def start(self, problem: Any, params: Any) -> Any:
        return self._less(self._case.method.start(problem, params))

    def step(self, kernel: Any, params: Any, state: Any, outcome: Any) -> Any:
        full = self._full(state)
        returned = self._case.method.step(kernel, params, full, outcome)
        return self._less(full if returned is None else returned)

    def advance(self, kernel: Any, params: Any, state: Any, draws: Any) -> Any:
        full = self._full(state)
        returned = self._case.method.advance(kernel, params, full, draws)
        return self._less(full if returned is None else returned)

    def model(self, state: Any) -> np.ndarray:
        return self._case.method.model(self._full(state))

    def fixed_point(self, problem: Any, params: Any, target: Any) -> Any:
        return self._less(self._case.fixed_point())

    def invariants(self, problem: Any, params: Any, state: Any) -> dict[str, np.ndarray]:
        every = self._case.method.invariants(problem, params, self._full(state))
        return {name: value for name, value in every.items() if name not in self._held}

    def lyapunov(self, problem: Any, params: Any, state: Any, target: Any) -> float:
        return self._case.theorem.lyapunov(problem, params, self._full(state), target)


def _holding(case: Case, fixed: Any, place: int) -> list[str]:
    """Return the invariants that are what a field is away from the fixed point, wherever the others are."""
    rng = generator(case.seed, "constants", place)
    sizes = [max(float(np.abs(field).max(initial=0.0)), 1.0) for field in fixed]
    away = [size * rng.standard_normal(np.shape(field)) for size, field in zip(sizes, fixed, strict=True)]
    there = case.invariants(case.state(*(field + move for field, move in zip(fixed, away, strict=True))))
    return [
        name
        for name, value in there.items()
        if value.shape == away[place].shape and np.abs(value - away[place]).max(initial=0.0) <= _ROUNDING * sizes[place]
    ]

"""What keeps evidence from an object though nothing is wrong with its method: precision, signs, letters of its own."""

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from ..algorithms.driver.method import get
from ..algorithms.driver.objects import ObjectMethod
from ..core.errors import InputError
from ..core.randomness import generator
from . import theorem

if TYPE_CHECKING:
    from .case import Case

# What counts as 0 beside the start's error, measured by the square root of V.
_ZERO = 1e-6
_LOOKED_AT = 64
# A path so far above the promise comes from a true one with this probability's inverse at most, by Ville's inequality.
_BROKEN = 1e4


def check_conventions(case: "Case") -> None:
    """Raise an InputError that names the convention by which an object's states are not what the theorem speaks of.

    Nothing is asked of shipped methods, nor where the theorem does not apply: that is said elsewhere.
    """
    if case.method.is_shipped:
        return
    try:
        case.check()
        if not all(condition.holds for condition in case.conditions()):
            return
    except InputError:
        return
    if isinstance(case.method, ObjectMethod):
        _check_precision(case)
        _check_lyapunov(case)
    _check_signs(case)


def _check_precision(case: "Case") -> None:
    """Take a step from a state without symmetries: what comes out is rounded as the object rounds."""
    scale = float(np.abs(case.target.x).max()) or 1.0
    start: list[np.ndarray] = list(case.initial())
    waves = [np.cos(np.arange(1.0, field.size + 1.0)).reshape(field.shape) for field in start]
    trial = case.state(*(field + scale * wave for field, wave in zip(start, waves, strict=True)))
    stepped: dict[str, np.ndarray] = case.step(trial, _outcomes(case)[0])._asdict()
    for name, field in stepped.items():
        with np.errstate(over="ignore", invalid="ignore"):
            is_short = np.array_equal(field, field.astype(np.float32))
        if is_short and np.any(field != np.round(field)):
            raise InputError(
                f"{case.method.name} rounds {name} to float32, but evidence needs the 16 digits of float64: compute in "
                "float64, or take rootkappa.testing.check_implementation, which has a tolerance for float32."
            )


def _check_lyapunov(case: "Case") -> None:
    """Hold a V in the object's own letters against that of the theorem, where both methods start from one model."""
    own, promise = case.method.own_lyapunov, case.method.promise
    if own is None or promise is None:
        return
    shipped, params = get(promise), case.params._asdict()
    state = shipped.start(case.problem, shipped.Params(**params))
    if not np.allclose(shipped.model(state), case.model(case.initial())):
        return
    expected, found = theorem.get(promise).lyapunov(case.problem, case.params, state, case.target), case.start[0]
    if abs(found - expected) > _ZERO * abs(expected):
        raise InputError(
            f"lyapunov of {case.method.name} is {found:.6g} at the start, and that of {promise} is {expected:.6g}: "
            "write the same V in its own letters, or leave PROMISE out and define prescribed and contraction too."
        )


def _check_signs(case: "Case") -> None:
    """Look whether the fixed point is one only after the sign of a field has been turned."""
    if case.is_noisy or not case.has_fixed_point or case.is_solved:
        return
    fixed = case.fixed_point()
    at_rest = _relative(case, fixed) <= _ZERO
    if at_rest and _moved(case, fixed) <= _ZERO:
        return
    fields = [name for name, field in zip(fixed._fields, fixed, strict=True) if np.any(field)]
    for turned in (some for count in range(1, len(fields) + 1) for some in combinations(fields, count)):
        if at_rest:
            other = _turned(case, turned)
            is_other_sign = _moved(other, fixed) <= _ZERO and _keeps_promise(other)
        else:
            is_other_sign = _relative(case, _negated(fixed, turned)) <= _ZERO
        if is_other_sign:
            own = "define" if isinstance(case.method, ObjectMethod) else "leave PROMISE out and define a theorem with"
            raise InputError(
                f"{' and '.join(turned)} of {case.method.name} has the other sign than in the theorem "
                f"{case.theorem.name}: turn it, or {own} both fixed_point and lyapunov with the sign that it has."
            )
    if not at_rest:
        raise InputError(
            f"fixed_point of {case.method.name} is no point where {case.theorem.name} says that paths go: V is "
            f"{case.lyapunov(fixed):.3g} there and not 0, so return another state or state a theorem of its own."
        )


def _outcomes(case: "Case") -> Any:
    return case.unroll(case.draw(generator(case.seed, "conventions"), 3))[-_LOOKED_AT:]


def _relative(case: "Case", state: Any) -> float:
    with np.errstate(over="ignore", invalid="ignore"):
        return float(np.sqrt(abs(case.lyapunov(state)) / (case.start[0] or 1.0)))


def _moved(case: "Case", fixed: Any) -> float:
    return max(_relative(case, case.step(fixed, outcome)) for outcome in _outcomes(case))


def _negated(state: Any, names: tuple[str, ...]) -> Any:
    return state._replace(**{name: -getattr(state, name) for name in names})


def _turned(case: "Case", names: tuple[str, ...]) -> "Case":
    """Return the case of the same method with the other sign of some fields."""
    method = case.method

    def start(problem: Any, params: Any) -> Any:
        return _negated(method.start(problem, params), names)

    def step(problem: Any, params: Any, state: Any, outcome: Any) -> Any:
        there = _negated(state, names)
        returned = method.step(problem, params, there, outcome)
        return _negated(there if returned is None else returned, names)

    def advance(problem: Any, params: Any, state: Any, draws: Any) -> Any:
        there = _negated(state, names)
        returned = method.advance(problem, params, there, draws)
        return _negated(there if returned is None else returned, names)

    def model(state: Any) -> np.ndarray:
        return method.model(_negated(state, names))

    return replace(case, method=replace(method, start=start, step=step, advance=advance, model=model))


def _keeps_promise(case: "Case") -> bool:
    """Return whether a path keeps the promise: a sign that is wrong in one place only is a mistake, no convention."""
    if case.theorem.contraction is None:
        return True
    trace = case.run(case.horizon(_ZERO), record=100)
    fallen = trace.column("lyapunov") / (case.start[0] or 1.0)
    return bool(np.all(fallen <= _BROKEN * case.promise(trace)))

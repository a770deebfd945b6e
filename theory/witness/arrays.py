"""What all counterexamples share: their two halves, the title of a script, and states and problems as arrays."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...algorithms.driver.objects import found
from ...core.randomness import generator
from ...core.streams import printable
from ...problems import Problem, Quadratic
from ..case import Case, NotExact
from ..engines.shown import Shown, flat
from ..theorem import promised_by
from ..verdict import Verdict

#: The numbers that all states of a counterexample may have together.
ENTRIES = 4e6
#: Beyond what is rounding a violation is.
CLEAR = 1e-12
# How far V may be from a sum of weighted squares.
_SQUARES = 1e-9
# Of a line of a script.
_LONGEST = 300


@dataclass(frozen=True)
class Witness:
    """A counterexample.

    Attributes
    ----------
    arrays : dict of str to ndarray
        What is saved: problem, parameters, state and outcomes, or paths.
    script : str
        A Python file of at most 20 lines that takes the path of the arrays; it ends with code 0 if it shows the
        violation.
    """

    arrays: dict[str, Any]
    script: str


def title(verdict: Verdict) -> str:
    """Return what a script says first, in two lines at most, safe inside a docstring."""
    lines = (f"{verdict.method} {verdict.question} is refuted on {verdict.problem}.", verdict.sentence)
    told = (printable(" ".join(line.split())).replace("\\", "/").replace('"', "'") for line in lines)
    return "\n".join(line[:_LONGEST] for line in told)


def case_of(method: Any, problem: Problem, verdict: Verdict, changes: dict[str, Any]) -> Case:
    """Return the case of a verdict, with these letters."""
    taken = found(method)
    return Case(taken, promised_by(taken), problem, dict(changes), verdict.seed)


def given(verdict: Verdict, problems: Sequence[Problem], method: Any) -> Case:
    """Return the case that a verdict is about: the given problem with its letters."""
    return case_of(method, problems[0], verdict, verdict.params)


def kept(verdict: Verdict, case: Case, engine: Any) -> Shown:
    """Return the counterexample that an engine has kept; of a verdict that was read from a file it is found again."""
    details = verdict.details or engine.evidence(case, _unheard).details
    shown = details.get("shown")
    if shown is None:
        raise NotExact("what is wrong here has no counterexample in numbers: its sentence says what it is.")
    return shown


def _unheard(share: float) -> None:
    """Tell nobody of progress."""


def about(problem: Problem, params: Any) -> dict[str, Any]:
    """Return a problem and parameters as arrays."""
    solution = problem.solution()
    arrays: dict[str, Any] = {f"param_{letter}": np.array(value) for letter, value in params._asdict().items()}
    arrays |= {"x_star": solution.x, "gradients_star": solution.gradients}
    if isinstance(problem, Quadratic):
        arrays |= {"hessians": problem.hessians, "linear": problem.kernel.b}
    return arrays


def state_of(case: Case, numbers: np.ndarray) -> Any:
    """Return the state of these numbers."""
    fields: list[np.ndarray] = []
    position = 0
    for _, field in _fields(case):
        fields.append(numbers[position : position + field.size].reshape(field.shape).copy())
        position += field.size
    return case.state(*fields)


def named(case: Case) -> str:
    """Return the names and shapes of the fields of a state."""
    return ", ".join(f"{name} {field.shape}" for name, field in _fields(case))


def _fields(case: Case) -> list[tuple[str, np.ndarray]]:
    state = case.fixed_point() if case.has_fixed_point else case.initial()
    return list(zip(getattr(state, "_fields", map(str, range(len(state)))), state, strict=True))


def weights_of(case: Case) -> np.ndarray:
    """Return V as weights of the squares of a flat error."""
    sizes = [field.size for _, field in _fields(case)]
    weights = np.repeat(np.array(case.weights), sizes)
    fixed = flat(case.fixed_point())
    for error in generator(case.seed, "witness").standard_normal((2, len(fixed))):
        expected = float(weights @ error**2)
        if not abs(case.lyapunov(state_of(case, fixed + error)) - expected) <= _SQUARES * expected:
            raise NotExact(f"V of {case.theorem.name} is no sum of weighted squares: no state is written.")
    return weights


def stepped(case: Case, numbers: np.ndarray, outcomes: Sequence[Any]) -> dict[str, Any]:
    """Return a state, those after some outcomes of a step, and V as arrays."""
    if len(outcomes) * len(numbers) > ENTRIES:
        raise NotExact(f"{len(outcomes)} states of {len(numbers)} numbers are too many to write: take fewer clients.")
    return about(case.problem, case.params) | {
        "state": numbers,
        "after": np.stack([flat(case.step(state_of(case, numbers), outcome)) for outcome in outcomes]),
        "fixed": flat(case.fixed_point()),
        "weights": weights_of(case),
    }


def allowed_of(verdict: Verdict) -> float:
    """Return the factor of a step that is promised or stated; that of a path stands in its bound."""
    return verdict.bound.rho if verdict.bound is not None else verdict.promised


def drawn_until(case: Case, enough: Callable[[Sequence[Any]], bool], few: int = 100) -> Sequence[Any]:
    """Return drawn outcomes of a step, four times as many until they are enough.

    Raises
    ------
    NotExact
        If that would take more numbers than are written.
    """
    size, count = sum(field.size for _, field in _fields(case)), few
    while count * size <= ENTRIES:
        # So many rounds have at least as many steps.
        drawn = case.unroll(case.draw(generator(case.seed, "witness", count), count))[:count]
        if enough(drawn):
            return drawn
        count *= 4
    raise NotExact("it would take too many drawn steps to show this without a list of all.")

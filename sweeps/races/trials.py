"""The cell of a comparison: one method, with some letters, on its way to a target, and what that took."""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ...algorithms.driver.files import content
from ...algorithms.driver.method import find, names
from ...algorithms.driver.run import run
from ...algorithms.driver.trace import Trace
from ...core.blas import one_blas_thread
from ...core.errors import InputError
from ...core.sources import sources_digest
from ...problems import Logistic, Problem, Quadratic, Softmax
from ...problems.held_out import HeldOut, held_out
from ...theory.case import Case, check_range
from ...theory.theorem import promised_by
from ...theory.untouched import untouched
from ...theory.verify import blaming
from .prices import Target

#: What a result counts, by the column of a trace.
COUNTED = {
    "rounds": "round", "iterations": "iteration", "floats_up": "floats_up", "floats_down": "floats_down",
    "bits_up": "bits_up", "bits_down": "bits_down", "gradients": "gradients", "seconds": "seconds",
}  # fmt: skip
#: A measure that falls by less than this share in the last half of a path is one that rests.
RESTS = 0.02
_RECORDS = 300
# A measure that has grown by this factor does not come back.
_DIVERGED = 1e6
# Fewer recorded rounds than these say nothing of a slope.
_FEW = 8


class Place(Protocol):
    """Where methods are compared: a :class:`~rootkappa.sweeps.ProblemSpec`, or a :class:`Given` problem."""

    def build(self) -> Problem: ...
    def configuration(self) -> dict[str, Any]: ...
    def content(self) -> str: ...


@dataclass(frozen=True)
class Given:
    """A problem that was made in Python, as a place.

    Examples
    --------
    >>> place = Given(Quadratic.random(clients=3, dim=2, kappa=10.0))
    >>> place.configuration()["problem"], len(place.content())
    ('quadratic', 32)
    """

    problem: Problem

    def build(self) -> Problem:
        """Return the problem."""
        return self.problem

    def configuration(self) -> dict[str, Any]:
        """Return what tells it apart from others, as fields of a table."""
        kinds = {"quadratic": Quadratic, "logistic": Logistic, "softmax": Softmax}
        kind = next((name for name, known in kinds.items() if isinstance(self.problem, known)), "logistic")
        return {
            "problem": kind,
            "data": self.problem.label,
            "clients": self.problem.n,
            "kappa": self.problem.kappa,
            "content": self.content(),
        }

    def content(self) -> str:
        """Return the hash of everything that defines it."""
        return self._key

    @cached_property
    def _key(self) -> str:
        return self.problem.content_key()


@dataclass(frozen=True)
class Trial:
    """One path of a method to a target.

    Attributes
    ----------
    method : str
        The method's name, or the path of its Python file.
    place : Place
        The problem.
    target : Target
        Where to arrive.
    work : float
        After so many multiplications the path is given up; a rung of a ladder, so that others have the same.
    changes : tuple of (str, number or str)
        Parameters that differ from what the theorem prescribes.
    seed : int
        Of the path.
    clock : str
        By which seconds are simulated; empty for none.
    """

    method: str
    place: Any
    target: Target
    work: float
    changes: tuple[tuple[str, Any], ...] = ()
    seed: int = 0
    clock: str = ""

    def configuration(self) -> dict[str, Any]:
        """Return everything that defines the trial, as one row of a table."""
        target = self.target
        return {
            "study": "compare",
            "method": self.method,
            **self.place.configuration(),
            "changes": ",".join(f"{letter}={value!r}" for letter, value in self.changes),
            "measure": target.measure,
            "target": target.value,
            "held_out": target.share if target.measure == "accuracy" else 0.0,
            "clock": self.clock,
            "work": self.work,
            "seed": self.seed,
        }

    def key(self) -> str:
        """Return the hash of the configuration, of the data and of the code that computes it."""
        own_file = "" if self.method in names() else content(Path(self.method))
        full = [self.configuration(), own_file, self.place.content(), sources_digest()]
        return blake2b(json.dumps(full).encode(), digest_size=16).hexdigest()

    @one_blas_thread()
    def compute(self) -> tuple[dict[str, Any], None]:
        """Return what became of it, as fields of a table.

        ``status`` is "arrived"; "diverged"; "rests", where the measure hardly moves any more above the target; "short",
        where the work ended first; or "unfit", where the method cannot run on the problem, and ``told`` says why. The
        counts of ``COUNTED`` are of whole rounds: to the first at the target, where a path arrived, see :func:`walk`,
        and otherwise of all of it; ``needed`` are the rounds that it would take in all, at the pace of its second half.
        """
        method = find(self.method)
        try:
            problem, measure = measured(self.place, self.target)
            check_range(problem)
            with untouched(method, problem) as own, blaming(method):
                case = Case(method, promised_by(method), own, dict(self.changes), self.seed)
                case.check()
                case.check_rounds()
                refuse_inadmissible(case)
                return {"label": problem.label, **self._walked(case, measure)}, None
        except InputError as error:
            return {"status": "unfit", "told": str(error)}, None

    def _walked(self, case: Case, measure: Callable[[np.ndarray], float]) -> dict[str, Any]:
        rounds = max(1, int(self.work / case.round_work))
        goal = _goal(self.target)
        trace = walk(case, measure, goal, rounds, self.seed, self.clock)
        found = _outcome(trace, goal, _tends_to_solution(case))
        params = {letter: _plain(value) for letter, value in case.params._asdict().items()}
        return {
            "status": found,
            "params": json.dumps(params),
            "is_random": len(case.outcomes() or (None, None)) > 1,
            "walked": rounds,
            "start": trace.column("measure")[0],
            "reached": trace.last("measure"),
            "needed": needed(trace, goal) if found == "short" else math.nan,
            **_at_end(trace),
        }


def walk(
    case: Case, measure: Callable[[np.ndarray], float], goal: float, rounds: int, seed: int, clock: str = ""
) -> Trace:
    """Run a method until a measure of its model is at most a goal, or beyond hope; it is a column of the trace.

    A trace that arrives ends with a round that does, after one that does not: the path is run again with more records
    between the last two of the trace, until these are neighbours. Of a measure that only falls it is the first round at
    the goal; where it goes up and down, earlier rounds that touch the goal between two records are not seen.
    """
    trace = _walked_with(_RECORDS, case, measure, goal, rounds, seed, clock)
    while trace.last("measure") <= goal:
        before, after = (int(number) for number in trace.column("round")[-2:])
        if after - before == 1:
            break
        between = np.linspace(before, after, min(after - before, _RECORDS) + 1).round().astype(int)
        trace = _walked_with(between, case, measure, goal, after, seed, clock)
    return trace


def _walked_with(
    record: int | np.ndarray,
    case: Case,
    measure: Callable[[np.ndarray], float],
    goal: float,
    rounds: int,
    seed: int,
    clock: str,
) -> Trace:
    last: list[float] = []

    def of_state(state: Any) -> float:
        with np.errstate(over="ignore", invalid="ignore"):
            last[:] = [*last[:1], float(measure(case.model(state)))]
        return last[-1]

    def is_open(state: Any) -> float:
        return float(goal < last[-1] <= _DIVERGED * last[0])

    return run(
        case.method, case.problem, case.params, rounds, seed,
        record=record, until=("is_open", 0.0), lyapunov=lambda *_: 0.0, target=case.problem.solution(),
        clock=clock or None, observe={"measure": of_state, "is_open": is_open},
    )  # fmt: skip


def measured(place: Place, target: Target) -> tuple[Problem, Callable[[np.ndarray], float]]:
    """Return the problem on which to walk to a target, and what has to fall to get there, a function of the model.

    An accuracy is about samples that no client has, and what has to fall is one minus it.
    """
    problem = place.build()
    if target.measure == "accuracy":
        split = _split(place, place.content(), target.share)
        return split.problem, lambda x: 1.0 - split.accuracy(x)
    if target.measure == "gap":
        return problem, problem.gap
    return problem, lambda x: float(np.linalg.norm(x - problem.solution().x))


@lru_cache(maxsize=4)
def _split(place: Place, content: str, share: float) -> HeldOut:
    return held_out(place.build(), share)


def refuse_inadmissible(case: Case) -> None:
    """Raise an InputError if a method's letters are not what its theorem asks for."""
    for condition in case.conditions():
        if not condition.holds:
            raise InputError(f"the theorem needs {condition.name}, but {condition.values}: give other letters.")


def _goal(target: Target) -> float:
    # One minus an accuracy is rounded, and must not keep one from arriving.
    return 1.0 - target.value + 1e-12 if target.measure == "accuracy" else target.value


def _tends_to_solution(case: Case) -> bool:
    """Return whether the theorem promises that the method comes as close to the minimiser as one likes."""
    theorem, stated = case.theorem, case.method.stated()
    return theorem.contraction is not None and not case.is_noisy and not hasattr(stated, "target")


def _outcome(trace: Trace, goal: float, tends_to_solution: bool) -> str:
    values = trace.column("measure")
    if values[-1] <= goal:
        return "arrived"
    if not values[-1] <= _DIVERGED * values[0]:
        return "diverged"
    return "rests" if not tends_to_solution and rests(trace.column("round"), values) else "short"


def rests(rounds: np.ndarray, values: np.ndarray) -> bool:
    """Return whether a measure hardly falls: less in the last half of a path than by ``RESTS``, on the median.

    Examples
    --------
    >>> rounds = np.arange(100.0)
    >>> rests(rounds, np.exp(-rounds)), rests(rounds, 1.0 + np.exp(-rounds))
    (False, True)
    """
    last = rounds[-1]
    early, late = values[(rounds >= last / 4) & (rounds < last / 2)], values[rounds >= last / 2]
    if min(len(early), len(late)) < _FEW:
        return False
    return bool(np.median(late) > (1.0 - RESTS) * np.median(early))


def needed(trace: Trace, goal: float) -> float:
    """Return how many rounds it takes to a goal, at the slope in the logarithm that the last half of a path has."""
    rounds, values = trace.column("round"), trace.column("measure")
    late = (rounds >= rounds[-1] / 2) & (values > 0.0)
    if late.sum() < 2:
        late = np.arange(len(rounds)) >= len(rounds) - 2
    logs = np.log(values[late])
    spread = rounds[late] - rounds[late].mean()
    slope = float(spread @ (logs - logs.mean()) / (spread @ spread))
    if not slope < 0.0:
        return math.inf
    return float(rounds[-1] + (logs[-1] - math.log(goal)) / -slope)


def _at_end(trace: Trace) -> dict[str, float]:
    return {name: float(trace.last(column)) for name, column in _columns(trace).items()}


def _columns(trace: Trace) -> dict[str, str]:
    return {name: column for name, column in COUNTED.items() if column in trace.columns}


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value

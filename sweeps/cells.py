"""The cell of a sweep: one method on one problem with one seed, and how it is computed."""

import ast
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from ..algorithms.driver.files import content
from ..algorithms.driver.method import Method, find, names
from ..algorithms.driver.trace import COLUMNS, Trace
from ..core.blas import one_blas_thread
from ..core.errors import InputError
from ..core.randomness import generator
from ..core.sources import sources_digest
from ..problems import Problem
from ..theory.case import Case, check_range
from ..theory.engines import exact
from ..theory.theorem import Theorem, promised_by
from ..theory.untouched import untouched
from ..theory.verify import blaming
from .problems import FIELDS, SHARED, ProblemSpec

_RECORDS = 400
# So long is a path of a method of which no rate is promised: it need not reach any accuracy.
_UNPROMISED = 500
# Rounds whose messages are looked at for whether they are all equally long.
_LOOKED_AT = 32
_NONE = object()
_WHOLE = set(COLUMNS) - {"lyapunov", "distance", "gap"}


@dataclass(frozen=True)
class Cell:
    """One computation of a sweep.

    Attributes
    ----------
    method : str
        The method's name, or the path of its Python file.
    spec : ProblemSpec
        The problem.
    changes : tuple of (str, number or str)
        Parameters that differ from what the theorem prescribes.
    epsilon : float
        The relative accuracy in the Lyapunov function, between 0 and 1.
    exact : bool
        Whether expectations are computed exactly, from the worst start; otherwise a path is sampled.
    seed : int
        Of the sampled path; 0 for an exact cell.
    """

    method: str
    spec: ProblemSpec
    changes: tuple[tuple[str, Any], ...] = ()
    epsilon: float = 1e-6
    exact: bool = False
    seed: int = 0

    def configuration(self) -> dict[str, Any]:
        """Return everything that defines the cell, as one row of a table."""
        return {
            "method": self.method,
            **self.spec.configuration(),
            "changes": ",".join(f"{letter}={value!r}" for letter, value in self.changes),
            "epsilon": self.epsilon,
            "exact": self.exact,
            "seed": self.seed,
        }

    @classmethod
    def from_row(cls, row: Any) -> "Cell":
        """Return the cell of which a row of :meth:`Store.cells` tells.

        Raises
        ------
        InputError
            If its parameters are written as no cell writes them.
        """
        fields = {name: value.item() if hasattr(value, "item") else value for name, value in dict(row).items()}
        read = (*SHARED, *FIELDS.get(fields["problem"], ()))
        # A store that was made before there was a field says nothing of it.
        spec = ProblemSpec(**{name: fields[name] for name in read if fields.get(name, _NONE) not in (None, _NONE)})
        changes = _changes(fields["changes"])
        return cls(fields["method"], spec, changes, fields["epsilon"], fields["exact"], fields["seed"])

    def key(self) -> str:
        """Return the hash of the configuration, of the data and of the code that computes the cell."""
        own_file = "" if self.method in names() else content(Path(self.method))
        full = [self.configuration(), own_file, self.spec.content(), sources_digest()]
        return blake2b(json.dumps(full).encode(), digest_size=16).hexdigest()

    def compute(self) -> tuple[dict[str, Any], dict[str, np.ndarray] | None]:
        """Return the cell's result, and its trace if it is a sampled one, as arrays by the names of columns.

        What is promised stands in the result, so that nobody who reads it has to ask the method again; so does, as
        ``failed``, why a path has no costs. Where no rate is promised a path may end before the accuracy, and is none
        that failed.

        Raises
        ------
        InputError
            If the method cannot run on the problem or exact moments cannot be had.
        """
        return compute_together([self])[0]

    @property
    def family(self) -> "Cell | None":
        """The cell that stands for all that differ in the seed only, if their paths may go together."""
        return replace(self, seed=0) if self.spec.problem == "logistic" and not self.exact else None


@one_blas_thread()
def compute_together(cells: Sequence[Cell]) -> list[tuple[dict[str, Any], dict[str, np.ndarray] | None]]:
    """Return what :meth:`Cell.compute` returns for each of some cells that differ in the seed only, to the bit."""
    first = cells[0]
    method = find(first.method)
    problem = first.spec.build()
    check_range(problem)
    with untouched(method, problem) as own, blaming(method):
        case = (
            _shipped_case(first.method, own, first.changes) if method.is_shipped else _case(method, own, first.changes)
        )
        params = ", ".join(f"{letter}={_short(value)}" for letter, value in case.params._asdict().items())
        has_rate = case.theorem.contraction is not None
        is_promised = has_rate and not problem.unpromised
        about = {"label": problem.label, "params": params, **promises(case.theorem)}
        about |= {"unpromised": problem.unpromised} if problem.unpromised else {}
        if first.exact:
            times = exact.time_to_accuracy(case, first.epsilon)
            counts = times._asdict() | _sent(case, times.rounds)
            reason = f"The expected costs of the accuracy {first.epsilon:g} are no numbers."
            return [(_result(counts, about, reason), None)] * len(cells)
        case.check_unsolved()
        rounds, until = case.horizon(first.epsilon) if has_rate else _UNPROMISED, ("lyapunov", first.epsilon)
        results = list[Any]()
        for trace in case.run_together(rounds, [cell.seed for cell in cells], record=_RECORDS, until=until):
            place = trace.crossing("lyapunov", first.epsilon)
            counts = {axis: sum(trace.at(column, place) for column in columns) for axis, columns in COUNTED.items()}
            reason = _reason(case, trace, first.epsilon) if has_rate else ""
            promise = {"promise": case.promise(trace)} if is_promised else {}
            results.append((_result(counts, about, reason), {**_columns(trace), **promise}))
        return results


def _case(method: Method, problem: Problem, changes: tuple[tuple[str, Any], ...]) -> Case:
    case = Case(method, promised_by(method), problem, dict(changes), seed=0)
    case.check()
    case.check_rounds()
    return case


@lru_cache(maxsize=16)
def _shipped_case(name: str, problem: Problem, changes: tuple[tuple[str, Any], ...]) -> Case:
    """Return the case of a shipped method, which no path changes: cells that differ in the seed have one."""
    return _case(find(name), problem, changes)


def _columns(trace: Trace) -> dict[str, np.ndarray]:
    """Return the columns of a trace as floats: making a table of a short path would take longer than the path."""
    table = np.array(trace.rows, dtype=float).T
    columns = dict(zip(trace.columns, table, strict=True))
    # Counts are whole, and their zeros have no sign.
    return {name: np.trunc(found) + 0.0 if name in _WHOLE else found for name, found in columns.items()}


def _result(counts: dict[str, Any], about: dict[str, Any], reason: str) -> dict[str, Any]:
    """Return a cell's result; ``reason`` says why the counts are no numbers, if they are none."""
    # A cost may be infinite, which says that the accuracy is never reached.
    is_finished = not reason or all(count >= 0.0 for count in counts.values())
    return {**counts, **about, **({} if is_finished else {"failed": reason})}


def _changes(text: str) -> tuple[tuple[str, Any], ...]:
    """Return the parameters that :meth:`Cell.configuration` has written."""
    try:
        call: Any = ast.parse(f"f({text})", mode="eval").body
        if call.args:
            raise ValueError(text)
        return tuple((keyword.arg, ast.literal_eval(keyword.value)) for keyword in call.keywords)
    except (AttributeError, SyntaxError, ValueError):
        raise InputError(f"changes = {text!r} of a stored path are no parameters: run the sweep again.") from None


def _sent(case: Case, rounds: float) -> dict[str, float]:
    """Return floats and bits of so many rounds, if all rounds send as much as any other."""
    method, draws = case.method, case.draw(generator(case.seed, "what is sent"), _LOOKED_AT)
    each = {case.cost(draws[place : place + 1])[1:5] for place in range(_LOOKED_AT)}
    if len(each) > 1 or hasattr(method.module, "spent"):
        return {}
    up, down, bits_up, bits_down = each.pop()
    before = method.opening(case.problem, case.params)
    return {
        "floats": rounds * (up + down) + before.floats_up + before.floats_down,
        "bits": rounds * (bits_up + bits_down) + before.bits_up + before.bits_down,
    }


#: What is counted up to an accuracy, with the columns of a trace that add up to it.
COUNTED = {
    "rounds": ("round",), "iterations": ("iteration",), "floats": ("floats_up", "floats_down"),
    "bits": ("bits_up", "bits_down"), "gradients": ("gradients",),
}  # fmt: skip


def promises(theorem: Theorem) -> dict[str, float]:
    """Return the promised powers of kappa as fields of a result."""
    return {f"promised_{axis}": float(power) for axis, power in theorem.exponents.items()}


def _reason(case: Case, trace: Trace, epsilon: float) -> str:
    """Return why a path has no costs of an accuracy."""
    last = trace.last("round")
    for axis, columns in COUNTED.items():
        wrong = next((trace.last(column) for column in columns if not trace.last(column) >= 0.0), None)
        if wrong is not None:
            return f"The {axis} up to round {last:g} were counted as {wrong:g}: draws cannot be negative."
    if not math.isfinite(trace.last("distance")):
        return f"The path had diverged by round {last:g}."
    reached = trace.last("lyapunov") / trace.column("lyapunov")[0]
    told = f"V was {reached:.3g} of its start after round {last:g}, and not {epsilon:g}."
    return told if case.rho < 1.0 else f"No rate is promised with these letters, the factor is {case.rho:.4g}. {told}"


def _short(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:.6g}"

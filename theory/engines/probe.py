"""The step of a method, its invariants and the theorem's V as functions of flat vectors, many of them at once."""

from collections.abc import Sequence
from copy import copy
from functools import cached_property
from typing import Any

import numpy as np

from ...core.randomness import generator
from ...problems import Composite, Problem
from ..case import Case, NotExact

# How far what must be equal may be apart by rounding.
ROUNDING = 1e-9
# Rounds after which no field of a state is as small as rounding only.
_AHEAD = 3
# Drawn errors for which V must be a sum over coordinates to count as one, up to this fraction.
_DRAWN, _DIAGONAL = 2, 1e-12
# Coordinates of which each pair is asked for.
_PAIRED = 4
# Entries of a constraint that are rounding, beside the largest.
_NOTHING = 1e-12
# V of a coordinate that it does not see, beside what it sees of others.
_UNSEEN = 1e-15
#: Sizes of errors for which a step must be one and the same map.
MAGNITUDES = (1e-6, 1.0, 1e6)


class NotAffine(NotExact):
    """The method's step with these parameters is no affine map, whatever the problem."""


def not_affine(case: Case) -> NotAffine:
    """Return what says so."""
    return NotAffine(f"a step of {case.method.name} is not an affine map of its state: take path evidence.")


class Probe:
    """The step as a map of flat vectors: errors towards the fixed point, in the eigenbasis of the mean Hessian.

    Each coordinate is measured in a unit of its own, of which one alone makes up the V of the start. So it does not
    matter in which units the problem is written.

    Parameters
    ----------
    case : Case
        Without constant fields, see :func:`~rootkappa.theory.engines.constants.without_constants`.
    mixed : bool
        Whether fields with a row for each client are written in the mean row and in what rows are apart from it, if
        all clients have one Hessian: a step that treats clients alike keeps these apart as well.

    Raises
    ------
    NotExact
        If the method has no fixed point.
    """

    def __init__(self, case: Case, mixed: bool = False) -> None:
        self.case = case
        if not case.has_fixed_point:
            raise NotExact(
                f"{case.method.name} has no fixed point to measure errors from: take another kind of evidence."
            )
        self.problem = case.problem
        self.fixed = case.fixed_point()
        self.zeros = [np.zeros_like(field) for field in self.fixed]
        quadratic = case.problem.base if isinstance(case.problem, Composite) else case.problem
        self.basis = np.linalg.eigh(quadratic.kernel.A.mean(axis=0))[1]
        self.rows = _contrasts(case.problem.n) if mixed and len(quadratic.kernel.A) == 1 else None
        self.size = sum(field.size for field in self.fixed)
        self.units = np.ones(self.size)
        self.units = self._natural_units()
        self.flat_fixed = self._flat([[field] for field in self.fixed])[0]
        self.scale = max(np.abs(self.flat_fixed).max(), 1.0)
        # A vector without symmetries: what holds for it by accident does not hold at all.
        self.trial = np.cos(np.arange(1.0, self.size + 1.0))

    def on(self, problem: Problem) -> "Probe":
        """Return the same coordinates, in which the step on another problem is probed with the same parameters."""
        other = copy(self)
        other.problem = problem
        return other

    def _natural_units(self) -> np.ndarray:
        """Return how much of each coordinate alone makes up the V of the start; where V sees none, its size."""
        first = 0.0 if self.case.is_solved else self.case.start[0]
        ahead = self.case.advance(self.case.initial(), self.case.draw(generator(self.case.seed, "units"), _AHEAD))
        sizes = [
            max(np.abs(a).max(), np.abs(b).max()) if a.size else 0.0 for a, b in zip(self.fixed, ahead, strict=True)
        ]
        trials = np.concatenate(
            [
                np.full(field.size, (size if first > 0.0 else 0.0) or 1.0)
                for field, size in zip(self.fixed, sizes, strict=True)
            ]
        )
        seen = self._seen_alone(trials)
        # What is rounding beside the rest of its field is not seen.
        most = np.concatenate([np.full(each.size, each.max(initial=0.0)) for each in self._of_fields(seen)])
        is_seen = seen > _UNSEEN * most
        return trials * np.sqrt(np.divide(first or 1.0, seen, out=np.ones_like(seen), where=is_seen))

    def _seen_alone(self, trials: np.ndarray) -> np.ndarray:
        """Return V of each coordinate alone, of these sizes."""
        return self.values(np.diag(trials))

    def _of_fields(self, flat: np.ndarray) -> list[np.ndarray]:
        return np.split(flat, np.cumsum([field.size for field in self.fixed])[:-1])

    def _basis_of(self, field: np.ndarray) -> np.ndarray:
        # What is no model, as a dual variable behind a matrix, stays as it is.
        size = field.shape[-1]
        return self.basis if size == len(self.basis) else np.eye(size)

    def _mixed(self, fields: np.ndarray, back: bool) -> np.ndarray:
        """Return fields with a row for each client, shape (count, n, ...), in the mean row and contrasts, or back."""
        if self.rows is None or fields.ndim != 3 or fields.shape[1] != len(self.rows):
            return fields
        return (self.rows.T if back else self.rows) @ fields

    def _flat(self, fields: Sequence[Sequence[np.ndarray]]) -> np.ndarray:
        """Return one row for each state, whose fields come as a list for each field."""
        turned = [self._mixed(np.stack(each) @ self._basis_of(each[0]), False) for each in fields]
        return np.concatenate([each.reshape(len(each), -1) for each in turned], axis=1) / self.units

    def _fields(self, errors: np.ndarray, origin: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Return the fields of the states with these deviations from an origin, one array for each field."""
        fields: list[np.ndarray] = []
        position = 0
        errors = errors * self.units
        for field in origin:
            part = errors[:, position : position + field.size].reshape(len(errors), *field.shape)
            fields.append(field + self._mixed(part @ self._basis_of(field).T, True))
            position += field.size
        return fields

    def states(self, errors: np.ndarray, origin: Sequence[np.ndarray] | None = None) -> list[Any]:
        """Return the states with these errors, or with these deviations from another origin, shape (count, size)."""
        fields = self._fields(errors, self.fixed if origin is None else origin)
        return [self.case.state(*parts) for parts in zip(*fields, strict=True)]

    def steps(self, errors: np.ndarray, outcome: Any, at_fixed: bool = False) -> np.ndarray:
        """Return where one step under an outcome takes these deviations from 0, or from the fixed point.

        Probing around 0 and not around the solution keeps the rounding of large entries out of the matrices.
        """
        case, kept = self.case, self.case.method.is_shipped
        after: list[Any] = []
        for state in self.states(errors, None if at_fixed else self.zeros):
            there = case.method.stepped(self.problem, case.params, state, outcome)
            # What is not ours may return the same arrays every time.
            after.append(there if kept else [np.array(field) for field in there])
        return self._flat(list(zip(*after, strict=True)))

    def affine(self, outcome: Any) -> tuple[np.ndarray, np.ndarray, float]:
        """Return the matrix of the error's step under one outcome, where it takes 0, and a relative error of rounding.

        Checks that the step is affine.
        """
        sizes = np.array(MAGNITUDES)
        probes = np.concatenate([np.zeros((1, self.size)), sizes[:, None] * self.trial, np.eye(self.size)])
        found = self.steps(probes, outcome)
        offset, found, columns = found[0], found[1 : len(sizes) + 1], found[len(sizes) + 1 :]
        matrix = (columns - offset).T
        gap = 0.0
        for size, there in zip(MAGNITUDES, found, strict=True):
            expected = size * (matrix @ self.trial) + offset
            apart = np.abs(there - expected).max() / max(np.abs(expected).max(), size)
            gap = max(gap, apart if size == 1.0 else 0.0)
            if not apart <= ROUNDING:
                raise not_affine(self.case)
        return matrix, self.moved(outcome), float(gap)

    def moved(self, outcome: Any) -> np.ndarray:
        """Return where a step under an outcome takes the error 0."""
        return self.steps(np.zeros((1, self.size)), outcome, at_fixed=True)[0] - self.flat_fixed

    def constraints(self) -> np.ndarray:
        """Return the method's invariants as rows of a matrix that is 0 on every admissible error.

        Raises
        ------
        NotExact
            If one of them is not linear.
        """

        def values(state: Any) -> np.ndarray:
            found = self.case.invariants(state)
            return np.concatenate([np.zeros(0), *(np.ravel(value) for value in found.values())])

        at_zero = values(self.states(np.zeros((1, self.size)))[0])
        if at_zero.size == 0:
            return np.zeros((0, self.size))
        *units, ahead, back = self.states(np.concatenate([np.eye(self.size), [self.trial, -self.trial]]))
        rows = np.column_stack([values(state) - at_zero for state in units])
        for sign, state in ((1.0, ahead), (-1.0, back)):
            apart = np.abs(values(state) - at_zero - sign * (rows @ self.trial))
            if np.any(apart > ROUNDING * (np.abs(rows) @ np.abs(self.trial) + np.abs(at_zero))):
                raise NotExact(
                    f"an invariant of {self.case.method.name} is not linear in the state, and does not tell which "
                    "errors there are: return what is linear, such as a sum in the place of its norm."
                )
        sizes = np.abs(rows).max(axis=1, keepdims=True)
        # A sum of small numbers is as much of a sum as one of large ones.
        rows /= np.where(sizes > 0.0, sizes, 1.0)
        # What rounding has left would be a constraint to a block that sees nothing else.
        rows[np.abs(rows) <= _NOTHING] = 0.0
        return rows

    def values(self, errors: np.ndarray) -> np.ndarray:
        """Return V of these errors, shape (count, size)."""
        return np.array([self.case.lyapunov(state) for state in self.states(errors)])

    @cached_property
    def _squares(self) -> np.ndarray | None:
        """Return V of each coordinate alone if V is the sum of them, else None."""
        form = FormOfV(self, np.arange(self.size))
        return form.single if form.is_sum(np.arange(self.size)) else None

    def quadratic_form(self, members: np.ndarray) -> np.ndarray:
        """Return V as a matrix on some coordinates: by polarisation of those pairs that V does not keep apart."""
        squares = self._squares
        if squares is not None:
            return np.diag(squares[members])
        form = FormOfV(self, members)
        form.fill(np.arange(len(members)))
        return form.matrix


def _contrasts(n: int) -> np.ndarray:
    """Return an orthogonal matrix whose first row is a mean, and whose others are means less a further entry."""
    rows = np.tril(np.ones((n, n)), -1) - np.diag(np.arange(n))
    rows[0] = 1.0
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


class FormOfV:
    """The matrix of V on some coordinates, found part by part: what is 0 is so for hardly any vector but by being 0."""

    def __init__(self, probe: Probe, members: np.ndarray) -> None:
        self._probe, self._members = probe, members
        self.single = probe.values(self._errors(np.eye(len(members))))
        """V of each coordinate alone."""
        self.matrix = np.diag(self.single)
        self._rng = generator(probe.case.seed, "diagonal")

    def _errors(self, rows: np.ndarray) -> np.ndarray:
        errors = np.zeros((len(rows), self._probe.size))
        errors[:, self._members] = rows
        return errors

    def _values(self, rows: np.ndarray) -> np.ndarray:
        return self._probe.values(self._errors(rows))

    def _drawn(self, places: np.ndarray) -> np.ndarray:
        rows = np.zeros((_DRAWN, len(self._members)))
        rows[:, places] = self._rng.standard_normal((_DRAWN, len(places)))
        return rows

    def is_sum(self, places: np.ndarray) -> bool:
        """Return whether V is a sum over these coordinates."""
        rows = self._drawn(places)
        expected = rows**2 @ self.single
        return bool(np.all(np.abs(self._values(rows) - expected) <= _DIAGONAL * expected))

    def fill(self, places: np.ndarray) -> None:
        """Find the entries of some coordinates with each other."""
        if self.is_sum(places):
            return
        if len(places) <= _PAIRED:
            first, second = np.triu_indices(len(places), 1)
            self._pair(places[first], places[second])
            return
        halves = np.array_split(places, 2)
        for half in halves:
            self.fill(half)
        self._between(*halves)

    def _between(self, first: np.ndarray, second: np.ndarray) -> None:
        """Find the entries of some coordinates with others."""
        a, b = self._drawn(first), self._drawn(second)
        of_a, of_b, of_both = np.split(self._values(np.concatenate([a, b, a + b])), 3)
        if np.all(np.abs(of_both - of_a - of_b) <= _DIAGONAL * (of_a + of_b)):
            return
        if len(first) * len(second) <= _PAIRED**2:
            self._pair(np.repeat(first, len(second)), np.tile(second, len(first)))
            return
        if len(first) < len(second):
            first, second = second, first
        for half in np.array_split(first, 2):
            self._between(half, second)

    def _pair(self, first: np.ndarray, second: np.ndarray) -> None:
        rows = np.zeros((len(first), len(self._members)))
        rows[np.arange(len(first)), first] = rows[np.arange(len(first)), second] = 1.0
        entries = (self._values(rows) - self.single[first] - self.single[second]) / 2
        self.matrix[first, second] = self.matrix[second, first] = entries

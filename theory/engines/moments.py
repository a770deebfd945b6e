r"""What a step makes of V on average, as a quadratic form of the error, where its outcomes are too many to list.

Two structures of what is drawn make a list needless:

* independent rows, one of each client: where a step is affine in each of them, with fixed values of the others, its
  mean and the rows' own covariances give :math:`\sum_w q_w A_w^\top P A_w`, as for variances of sums;
* cohorts of which each is any other with other names of the clients: a communication treats clients alike, so its mean
  over all cohorts is that of one of them over all names, which two matrices per pair of fields tell.

Neither is believed: what follows from it is held against steps under outcomes that are drawn. But a file could do
otherwise where hardly any draw shows it, so that only shipped methods are given these forms.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...algorithms.compressors.mixture import Mixture
from ...algorithms.parts.rounds import Coin, Part, Phases, Randomness
from ...core.randomness import generator
from ...problems import Quadratic
from ..case import Case, NotExact
from .affine import Block, Model, Moved, TooLarge, White, affine_model, check_size
from .at_size import forms_at_size
from .constants import without_constants
from .form import Form, Names, grouped
from .probe import ROUNDING, Probe
from .sides import Side, sides_of

# Draws of a step against which what follows from the structure is held, and values that tell whom a row touches.
_HELD, _TOUCHED = 4, 3
# Rounding of an entry that a row does not touch.
_STILL = 256.0 * np.finfo(float).eps
# How flat the curvature of functions may be that are all alike, beside L, and how ill-conditioned their step.
_FLAT, _WORST = (0.5, 0.25), 1e6


def forms(case: Case, noisy: bool = False) -> tuple[list[Form], Model | None]:
    """Return E V⁺ in parts that do not mix, and the maps of all outcomes if they could be listed.

    Parameters
    ----------
    case : Case
        As in :func:`~rootkappa.theory.engines.affine.affine_model`; without a list of outcomes, of a shipped method.
    noisy : bool
        Whether outcomes may move the fixed point, as long as their mean does not.

    Raises
    ------
    NotExact
        If there is no such form.
    """
    try:
        model = affine_model(case, noisy)
    except TooLarge:
        at_size = None if noisy else forms_at_size(case)
        if at_size is not None:
            return at_size, None
        random = case.method.random
        if not case.method.is_shipped or random is None or isinstance(random, Phases):
            raise
        check_size(case)
        found = _of_rows(case, random, noisy) or _of_cohorts(case, random, noisy)
        if found is None:
            raise
        return [found], None
    return [_of_block(block, model.probabilities) for block in model.blocks], model


def _of_block(block: Block, q: np.ndarray) -> Form:
    r = block.maps.shape[1]
    square, cross = np.zeros((r, r)), np.zeros(r)
    for share, A, offset in zip(q, block.maps, block.offsets, strict=True):
        square += A.T @ (share * A)
        cross += share * (offset @ A)
    spread = float(q @ np.sum(block.offsets**2, axis=1))
    return Form(square, cross, spread, block.rounding, block.offset_rounding, block.lift)


class _Mean:
    """E V⁺ as a quadratic form of the error and the number 1, summed up."""

    def __init__(self, case: Case, noisy: bool) -> None:
        self.case, self.noisy = case, noisy
        self.probe = Probe(without_constants(case))
        self.size = self.probe.size
        self.P = self.probe.quadratic_form(np.arange(self.size))
        diagonal = np.diag(self.P)
        self.weights = diagonal if np.count_nonzero(self.P) == np.count_nonzero(diagonal) else None
        self.constraints = self.probe.constraints()
        self.white = White(self.P, self.constraints)
        self.back = self.white.back
        self.total = np.zeros((self.size + 1, self.size + 1))
        self.drift = np.zeros(self.size)
        self.gap = float(np.finfo(float).eps)
        self.rng = generator(case.seed, "structure")

    def base(self, outcome: Any) -> np.ndarray:
        """Return the step under an outcome as a matrix, with what it does to the error 0 as a last column."""
        matrix, offset, gap = self.probe.affine(outcome)
        self.gap = max(self.gap, gap)
        return np.column_stack([matrix, offset])

    def add(self, share: float, mean: np.ndarray, columns: np.ndarray | None = None) -> None:
        """Add a share of the square of affine maps of some columns, by default of all, shape (..., size, columns)."""
        self.keeps(mean, columns)
        places = np.arange(self.size + 1) if columns is None else columns
        seen = share * (self.weights[:, None] * mean if self.weights is not None else self.P @ mean)
        self.total[np.ix_(places, places)] += _tall(mean).T @ _tall(seen)

    def keeps(self, maps: np.ndarray, columns: np.ndarray | None) -> None:
        """Raise if maps take an admissible error elsewhere, or move the fixed point though they must not."""
        size = max(self.probe.scale, np.abs(maps[..., -1]).max())
        if not self.noisy and np.abs(maps[..., -1]).max() > ROUNDING * size:
            raise Moved(f"a step of {self.case.method.name} moves its fixed point: take invariant evidence.")
        back = self.back if columns is None else self.back[columns[:-1]]
        left = np.abs(self.constraints @ maps[..., :-1] @ back).max(initial=0.0)
        allowed = ROUNDING * max(np.abs(maps[..., :-1]).max(initial=0.0), 1.0) * np.abs(self.back).max()
        if left > allowed or np.abs(self.constraints @ maps[..., -1:]).max(initial=0.0) > ROUNDING * size:
            name = self.case.method.name
            raise NotExact(f"a step of {name} does not keep its invariants at 0: take invariant evidence.")

    def holds(self, found: np.ndarray, expected: np.ndarray) -> None:
        """Hold what a drawn step did against what follows from the structure; what rounding leaves is kept."""
        apart = np.abs(found - expected).max() / max(np.abs(expected).max(), 1.0)
        if not apart <= ROUNDING:
            raise TooLarge(f"a step of {self.case.method.name} is not what its parts make of it: take path evidence.")
        self.gap = max(self.gap, float(apart))

    def lift(self, y: np.ndarray) -> Any:
        """Return the state that is apart from the fixed point by the error of some coordinates."""
        return self.probe.states((self.back @ y)[None])[0]

    def form(self) -> Form:
        """Return the form in the coordinates in which V is the squared norm."""
        if np.abs(self.drift).max() > ROUNDING * max(self.probe.scale, np.sqrt(np.abs(self.total[-1, -1]))):
            raise Moved(
                f"a step of {self.case.method.name} moves its fixed point in the mean: take invariant evidence."
            )
        if not np.isfinite(self.total).all():
            raise NotExact(f"{self.case.method.name} returns numbers that are not finite: take smaller step sizes.")
        M = self.white.form(self.total[:-1, :-1])
        rounding = self.white.bounds(self.gap, self.gap * self.probe.scale)
        if not self.noisy:
            return Form(M, np.zeros(len(M)), 0.0, *rounding, self.lift)
        return Form(M, self.back.T @ self.total[:-1, -1], float(self.total[-1, -1]), *rounding, self.lift)


def _tall(maps: np.ndarray) -> np.ndarray:
    return maps.reshape(-1, maps.shape[-1])


class _Row(NamedTuple):
    """What one row of what is drawn does to the step, beside its first value."""

    mixture: Mixture
    columns: np.ndarray
    """The coordinates that it touches, and the place of the number 1."""
    deviations: np.ndarray
    """The other values' maps less that of the first, shape (m, size, columns)."""

    @property
    def mean(self) -> np.ndarray:
        return np.tensordot(self.mixture.mean, self.deviations, 1)

    def deviate(self, value: np.ndarray, error: np.ndarray) -> np.ndarray:
        """Return what a value does to an error, with the number 1 behind it."""
        weights = self.mixture.weights(value)
        there = np.flatnonzero(weights)
        return weights[there] @ (self.deviations[there] @ error[self.columns])


def _of_rows(case: Case, random: Randomness, noisy: bool) -> Form | None:
    """Return E V⁺ where all that is drawn, but for what can be gone through one by one, are independent rows."""
    sides = sides_of(case, random)
    if sides is None:
        return None
    mean = _Mean(case, noisy)
    for share, side in sides:
        _Sum(mean, side).add(share)
    return mean.form()


class _Sum:
    """The steps of one side, summed up."""

    def __init__(self, mean: _Mean, side: Side) -> None:
        self._mean, self._probe, self._side = mean, mean.probe, side
        self._base = mean.base(side.outcome())

    def add(self, share: float) -> None:
        """Add what these steps make of V, with their probability."""
        try:
            # Where the clients' functions differ by linear terms only, one client's row tells those of all.
            found = self._held(self._row_of_first)
        except TooLarge:
            found = self._held(self._rows_of_each)
        mean = self._base.copy()
        for row in (row for rows in found.values() for row in rows):
            mean[:, row.columns] += row.mean
            # The covariance of the weights, as a sum of squares.
            sizes, vectors = np.linalg.eigh(row.mixture.second - np.outer(row.mixture.mean, row.mixture.mean))
            spread = vectors[:, sizes > 0.0] * np.sqrt(sizes[sizes > 0.0])
            if spread.size:
                self._mean.add(share, np.tensordot(spread.T, row.deviations, 1), row.columns)
        self._mean.add(share, mean)
        self._mean.drift += share * mean[:, -1]

    def _held(self, rows_of: Callable[[Part], list["_Row"]]) -> dict[Part, list[_Row]]:
        """Return the rows of all parts, held against steps under each of their values, and under drawn ones."""
        found = {part: rows_of(part) for part in self._side.rows if self._side.varies(part)}
        if not found:
            return found
        case, rng = self._mean.case, self._mean.rng
        mixtures = {part: [row.mixture for row in rows] for part, rows in found.items()}
        for t in range(max(len(each.values) for listed in mixtures.values() for each in listed)):
            # Another value of each row every time, so that each of them has had all in the end.
            self._hold(
                found,
                {
                    part: part.joined([each.values[(t + i) % len(each.values)] for i, each in enumerate(listed)])
                    for part, listed in mixtures.items()
                },
            )
        for _ in range(_HELD):
            self._hold(found, {part: part.draw(rng, case.problem, case.params, 1)[0] for part in found})
        return found

    def _row_of_first(self, part: Part) -> list[_Row]:
        """Return the rows of all clients, each as that of the first one under another name."""
        mixtures, n = self._side.rows[part] or (), self._mean.case.problem.n
        if len(mixtures) != n or len({len(mixture.values) for mixture in mixtures}) > 1:
            raise TooLarge(f"{part.name} has no row of each client.")
        first, names = self._row(part, 0, mixtures[0]), Names(self._probe.fixed, n)
        rows = [first]
        for i in range(1, n):
            # The names of two clients are exchanged.
            order = np.arange(n)
            order[[0, i]] = i, 0
            places = np.append(names.given(np.arange(self._mean.size), order), self._mean.size)
            rows.append(_Row(mixtures[i], places[first.columns], first.deviations[:, places[:-1]]))
        return rows

    def _rows_of_each(self, part: Part) -> list[_Row]:
        return [self._row(part, i, mixture) for i, mixture in enumerate(self._side.rows[part] or ())]

    def _row(self, part: Part, place: int, mixture: Mixture) -> _Row:
        outcomes = [self._side.outcome(part, place, value) for value in mixture.values]
        columns = self._touched(outcomes)
        deviations = np.zeros((len(outcomes), self._mean.size, len(columns) + 1))
        inside = np.zeros(self._mean.size, dtype=bool)
        inside[columns] = True
        others = np.where(inside, 0.0, self._probe.trial)
        for t, outcome in enumerate(outcomes[1:], start=1):
            found = self._probe.steps(np.concatenate([[0.0 * others, others], np.eye(len(inside))[columns]]), outcome)
            at_zero, aside = found[:2]
            if not self._is_still(others, aside, at_zero) and len(columns) < len(inside):
                return self._row_of_all(part, place, mixture)
            deviations[t, :, :-1] = (found[2:] - at_zero).T - self._base[:, columns]
            deviations[t, :, -1] = self._probe.moved(outcome) - self._base[:, -1]
        return _Row(mixture, np.append(columns, len(inside)), deviations)

    def _row_of_all(self, part: Part, place: int, mixture: Mixture) -> _Row:
        """Return a row that touches anything."""
        maps = np.array([self._mean.base(self._side.outcome(part, place, value)) for value in mixture.values])
        return _Row(mixture, np.arange(self._mean.size + 1), maps - maps[0])

    def _is_still(self, error: np.ndarray, there: np.ndarray, at_zero: np.ndarray) -> bool:
        """Return whether an error becomes what it becomes under the first values."""
        size = max(np.abs(there).max(), np.abs(at_zero).max())
        return bool(np.abs(there - at_zero - self._base[:, :-1] @ error).max() <= _STILL * size)

    def _touched(self, outcomes: Sequence[Any]) -> np.ndarray:
        """Return the coordinates that a row seems to touch, by some of its values: fields, or clients' rows of them."""
        groups = [row for rows in grouped(self._probe.fixed, self._mean.case.problem.n) for row in rows]
        trials = np.array(
            [np.where(np.isin(np.arange(self._mean.size), group), self._probe.trial, 0.0) for group in groups]
        )
        touched: set[int] = set()
        for place in (
            dict.fromkeys(np.linspace(1, len(outcomes) - 1, _TOUCHED).astype(int)) if len(outcomes) > 1 else ()
        ):
            at_zero, *there = self._probe.steps(
                np.concatenate([np.zeros((1, self._mean.size)), trials]), outcomes[place]
            )
            touched |= {g for g, each in enumerate(there) if not self._is_still(trials[g], each, at_zero)}
        return np.concatenate([np.zeros(0, int), *(groups[g] for g in sorted(touched))])

    def _hold(self, found: dict[Part, list[_Row]], drawn: dict[Part, np.ndarray]) -> None:
        """Hold a step under these values against the sum of what each row does."""
        outcome = self._side.drawn(drawn)
        error = self._mean.rng.standard_normal(self._mean.size)
        at_zero, there = self._probe.steps(np.array([0.0 * error, error]), outcome)
        for with_one, seen in (
            (np.append(error, 0.0), there - at_zero),
            (np.append(0.0 * error, 1.0), self._probe.moved(outcome)),
        ):
            expected = self._base @ with_one
            for part, rows in found.items():
                for row, value in zip(rows, part.apart(drawn[part]), strict=True):
                    expected += row.deviate(value, with_one)
            self._mean.holds(seen, expected)


def _of_cohorts(case: Case, random: Randomness, noisy: bool) -> Form | None:
    """Return E V⁺ where a communication after local steps has a cohort, each as likely, and treats clients alike.

    On functions that are all alike a whole step treats clients alike, so that the mean square of its map over all
    cohorts is that of one cohort over all names of clients. What a communication does there it does here.
    """
    problem, params = case.problem, case.params
    if not isinstance(random, Coin) or len(random.parts) != 1 or not isinstance(problem, Quadratic) or noisy:
        return None
    (part,), p = random.parts, random.chance(params)
    cohort = part.first(problem, params)
    if cohort is None:
        return None
    mean = _Mean(case, noisy)
    names = Names(mean.probe.fixed, problem.n)
    probe, apart = mean.probe, random.record(0, [np.zeros_like(cohort)])
    local = mean.base(apart)
    mean.add(1.0 - p, local)
    alike, undo = _alike(probe, problem, apart)
    C = alike.steps(np.eye(mean.size), random.record(1, [cohort])).T @ undo
    mean.keeps(C @ local, None)
    if not np.abs(names.mean(mean.P) - mean.P).max() <= ROUNDING * np.abs(mean.P).max():
        return None
    square = names.mean(C.T @ mean.P @ C)
    mean.total += p * (local.T @ square @ local)
    for _ in range(_HELD):
        drawn = part.draw(mean.rng, problem, params, 1)[0]
        order = mean.rng.permutation(problem.n)
        here, there = random.record(1, [drawn]), random.record(1, [part.renamed(drawn, order)])
        error = mean.rng.standard_normal(mean.size)
        # Clients with other names do the same.
        mean.holds(
            alike.steps(names.given(error, order)[None], there)[0],
            names.given(alike.steps(error[None], here)[0], order),
        )
        # What a communication makes of the local steps here it makes of others that lead to the same.
        at_zero, after = probe.steps(np.array([0.0 * error, error]), here)
        mean.holds(after - at_zero, alike.steps((undo @ (local[:, :-1] @ error))[None], here)[0])
        mean.holds(probe.moved(here) / probe.scale, np.zeros(mean.size))
    return mean.form()


def _alike(probe: Probe, problem: Quadratic, apart: Any) -> tuple[Probe, np.ndarray]:
    """Return the probe on functions that are all alike, and the inverse of a step there without a communication."""
    worst = np.inf
    for share in _FLAT:
        alike = probe.on(Quadratic([share * problem.L * np.eye(problem.d)], np.zeros((problem.n, problem.d))))
        step = alike.steps(np.eye(probe.size), apart).T
        worst = float(np.linalg.cond(step))
        if worst <= _WORST:
            return alike, np.linalg.inv(step)
    raise TooLarge(f"a local step of {probe.case.method.name} cannot be undone: take path evidence.")

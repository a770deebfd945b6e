r"""What a step makes of V on average on problems of any size, one eigenvector of the mean Hessian after the other.

Where all directions are kept apart, by each outcome or in the mean square of all of them, a state of n d numbers has d
forms of a few n numbers each. Three kinds of randomness are looked at like this:

* few outcomes: each keeps the directions apart, or there is no form;
* independent rows, one of each client. What one row does to each direction is found value by value; that its mean and
  its variance keep the directions apart is held against what it does to errors in all of them;
* cohorts. A communication is found on functions that are all alike, coordinate by coordinate, and its mean over all
  names of clients has to be the same in all coordinates, so that it is so in all directions.

As in :mod:`rootkappa.theory.engines.moments` nothing of that is believed of a method by its name, and what follows is
held against steps under outcomes that are drawn, from errors in all directions.
"""

from collections.abc import Callable, Sequence
from copy import copy
from functools import cached_property, partial
from typing import Any, NamedTuple

import numpy as np

from ...algorithms.compressors.mixture import Mixture
from ...algorithms.parts.rounds import Coin, Part, Phases
from ...core.randomness import generator
from ...problems import Quadratic
from ..case import Case, NotExact
from .affine import Moved, TooLarge, White
from .constants import without_constants
from .directions import Directions
from .form import Form, Names
from .probe import ROUNDING
from .sides import Side, sides_of

# Steps that outcomes, or values of a row, may cost, and numbers that are held at once.
_MOST_STEPS, _MOST_HELD = 2e4, 8e6
# Draws of a step that are held against what follows, and values that tell whom a row touches.
_HELD, _TOUCHED = 4, 3
# Rounding of an entry that a row does not touch.
_STILL = 256.0 * np.finfo(float).eps
# A part of V beside which what a row adds to it is held against what it should add.
_SMALL = 1e-6
# How flat the curvature of functions may be that are all alike, beside L, and how ill-conditioned their step.
_FLAT, _WORST = (0.5, 0.25), 1e6


def forms_at_size(case: Case) -> list[Form] | None:
    """Return E V⁺ in one part for each direction, None if directions are not kept apart.

    Parameters
    ----------
    case : Case
        On a quadratic, with a step that is affine and does not move the fixed point. Without a list of outcomes the
        method has to be a shipped one: a file could do otherwise where hardly any draw shows it.
    """
    random = case.method.random
    ways: list[Callable[[_Mean], bool]] = [_of_list]
    if case.method.is_shipped and random is not None and not isinstance(random, Phases):
        ways += [_of_rows, _of_cohorts]
    mean = None
    for way in ways:
        try:
            mean = mean.anew() if mean else _Mean(case)
            if way(mean):
                return mean.forms()
        except TooLarge:
            continue
    return None


class _Mean:
    """E V⁺ as a quadratic form of the error in each direction, summed up."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.probe = Directions(without_constants(case))
        self.total = np.zeros((*self.probe.places.shape, self.probe.width))
        self.gap = float(np.finfo(float).eps)
        self.rng = generator(case.seed, "at size")

    @cached_property
    def P(self) -> np.ndarray:
        """V as a matrix for each direction, shape (d, width, width)."""
        return self.probe.form()

    @cached_property
    def constraints(self) -> np.ndarray:
        """What sends every admissible error to 0, shape (d, k, width)."""
        return self.probe.constraints()

    @cached_property
    def whites(self) -> list[White]:
        """The admissible errors of each direction."""
        return [White(*pair) for pair in zip(self.P, self.constraints, strict=True)]

    def anew(self) -> "_Mean":
        """Return the same with nothing summed up."""
        other = copy(self)
        other.total, other.gap = np.zeros_like(self.total), float(np.finfo(float).eps)
        return other

    def base(self, outcome: Any) -> np.ndarray:
        """Return the maps of all directions under one outcome."""
        maps, offset, gap = self.probe.affine(outcome)
        self.stays(offset)
        self.gap = max(self.gap, gap)
        return maps

    def add(self, share: float, maps: np.ndarray) -> None:
        """Add a share of the square of maps of all directions."""
        self.total += share * (maps.transpose(0, 2, 1) @ self.P @ maps)

    def check_names(self, names: Names) -> None:
        """Raise unless V is the same whatever the names of clients are."""
        # Mostly all directions have one form.
        for P in self.P if self.P.strides[0] else self.P[:1]:
            if not np.abs(names.mean(P) - P).max() <= ROUNDING * np.abs(P).max():
                raise TooLarge("the Lyapunov function weighs clients differently: take fewer of them.")

    def error(self) -> np.ndarray:
        """Return a drawn error in all directions that all constraints send to 0, and so is one of a state."""
        drawn = [white.back @ self.rng.standard_normal(white.size) for white in self.whites]
        return self.probe.joined(np.array(drawn))

    def V(self, error: np.ndarray) -> float:
        """Return V of an error."""
        apart = self.probe.apart(error)
        return float(np.einsum("ja,jab,jb->", apart, self.P, apart, optimize=True))

    def stays(self, offset: np.ndarray) -> None:
        """Raise if the fixed point moves."""
        if np.abs(offset).max() > ROUNDING * self.probe.scale:
            raise Moved(f"a step of {self.case.method.name} moves its fixed point: take invariant evidence.")

    def keeps(self, after: np.ndarray) -> None:
        """Raise if a step has taken a drawn admissible error to one that is none."""
        apart = self.probe.apart(after)
        left = np.abs((self.constraints @ apart[..., None])[..., 0]).max(initial=0.0)
        if left > ROUNDING * max(np.abs(after).max(), 1.0) * max(self.constraints.shape[-1], 1):
            name = self.case.method.name
            raise NotExact(f"a step of {name} does not keep its invariants at 0: take invariant evidence.")

    def holds(self, found: np.ndarray, expected: np.ndarray, size: float = 1.0) -> None:
        """Hold what was found against what follows from the structure; what rounding leaves is kept."""
        apart = np.abs(found - expected).max() / max(np.abs(expected).max(), size)
        if not apart <= ROUNDING:
            raise TooLarge(f"a step of {self.case.method.name} is not what its parts make of it: take path evidence.")
        self.gap = max(self.gap, float(apart))

    def forms(self) -> list[Form]:
        """Return the forms in the coordinates in which V is the squared norm."""
        if not np.isfinite(self.total).all():
            raise NotExact(f"{self.case.method.name} returns numbers that are not finite: take smaller step sizes.")
        found: list[Form] = []
        for total, white, members in zip(self.total, self.whites, self.probe.places, strict=True):
            if white.size:
                rounding = white.bounds(self.gap, self.gap * self.probe.scale)
                lift = partial(_lifted, self.probe, members, white.back)
                found.append(Form(white.form(total), np.zeros(white.size), 0.0, *rounding, lift))
        return found


def _lifted(probe: Directions, members: np.ndarray, back: np.ndarray, y: np.ndarray) -> Any:
    error = np.zeros((1, probe.size))
    error[0, members] = back @ y
    return probe.states(error)[0]


def _of_list(mean: _Mean) -> bool:
    """Sum up all outcomes, and return whether they are few enough."""
    listed = mean.case.outcomes()
    if listed is None or len(listed) * mean.probe.width > _MOST_STEPS:
        return False
    total = sum(share for share, _ in listed)
    if not abs(total - 1.0) <= ROUNDING:
        raise NotExact(
            f"the outcomes of {mean.case.method.name} have probabilities that add up to {total:.6g}: list them all."
        )
    for share, outcome in listed:
        mean.add(share, mean.base(outcome))
        at_zero, after = mean.probe.steps(np.array([np.zeros(mean.probe.size), mean.error()]), outcome)
        mean.keeps(after - at_zero)
    return True


def _of_rows(mean: _Mean) -> bool:
    """Sum up the steps whose rows are independent, and return whether all that is drawn is of that kind."""
    random = mean.case.method.random
    sides = sides_of(mean.case, random) if random is not None else None
    if sides is None:
        return False
    for share, side in sides:
        _Sum(mean, side).add(share)
    return True


class _Row(NamedTuple):
    """What one row of what is drawn does to errors, beside its first value."""

    columns: np.ndarray
    """The coordinates of each direction that it touches, shape (c,)."""
    mean: np.ndarray
    """What its mean makes of each of these in each direction, shape (d, c, size), in the names of the first client."""
    spread: np.ndarray
    """Its part of E V⁺ beside the mean, shape (d, c, c)."""
    places: np.ndarray
    """Where the coordinates are that have those names, shape (width,)."""


class _Sum:
    """The steps of one side, summed up."""

    def __init__(self, mean: _Mean, side: Side) -> None:
        self._mean, self._probe, self._side = mean, mean.probe, side
        self._names = Names(mean.probe.slim, mean.case.problem.n)
        self._first = side.outcome()
        self._at_zero, *_ = mean.probe.steps(np.zeros((1, mean.probe.size)), self._first)

    def add(self, share: float) -> None:
        """Add what these steps make of V, with their probability."""
        mean, probe = self._mean, self._probe
        parts = [part for part in self._side.rows if self._side.varies(part)]
        if not parts:
            mean.add(share, mean.base(self._first))
            return
        mean.stays(probe.moved(self._first))
        # The first values need not keep directions apart, as long as the mean does.
        found = self._base(probe.everywhere(np.eye(probe.width)))
        rows = [row for part in parts for row in self._rows(part)]
        for row in rows:
            found[row.columns] += self._named(row.mean.sum(axis=0), row.places)
            mean.total[:, row.columns[:, None], row.columns] += share * row.spread
        maps = probe.apart(found).transpose(1, 2, 0)
        self._hold_mean(rows, maps)
        mean.add(share, maps)
        for _ in range(_HELD):
            self._hold({part: part.draw(mean.rng, mean.case.problem, mean.case.params, 1)[0] for part in parts})

    def _named(self, flat: np.ndarray, places: np.ndarray) -> np.ndarray:
        """Return flat vectors whose coordinates have been exchanged, pair by pair."""
        return self._probe.joined(self._probe.apart(flat)[..., places])

    def _base(self, errors: np.ndarray) -> np.ndarray:
        """Return what steps under first values make of errors."""
        return self._probe.steps(errors, self._first) - self._at_zero

    def _beside(self, part: Part, place: int, value: Any, errors: np.ndarray, base: np.ndarray) -> np.ndarray:
        """Return what another value of one row makes of errors, beside what first values make of them."""
        outcome = self._side.outcome(part, place, value)
        found = self._probe.steps(np.concatenate([np.zeros((1, self._probe.size)), errors]), outcome)
        return found[1:] - found[0] - base

    def _rows(self, part: Part) -> list[_Row]:
        """Return the rows of a part, each as that of the first client under another name."""
        mixtures, n = self._side.rows[part] or [], self._mean.case.problem.n
        if len(mixtures) > 1 and (len(mixtures) != n or len({len(each.values) for each in mixtures}) > 1):
            raise TooLarge(f"{part.name} has no row of each client.")
        different: list[Mixture] = []
        which: list[int] = []
        for mixture in mixtures:
            same = [t for t, each in enumerate(different) if _is_one(each, mixture)]
            which.append(same[0] if same else len(different))
            if not same:
                different.append(mixture)
        first = self._rows_of_first(part, mixtures[0].values, different)
        rows = [first[which[0]]]
        if len(mixtures) > 1:
            self._mean.check_names(self._names)
        error = self._mean.rng.standard_normal(self._probe.size)
        base = self._base(error[None])
        for i in range(1, len(mixtures)):
            # The names of two clients are exchanged.
            order = np.arange(n)
            order[[0, i]] = i, 0
            places = self._names.given(np.arange(self._probe.width), order)
            mixture, own = mixtures[i], first[which[i]]
            value = mixture.values[1 + i % (len(mixture.values) - 1)] if len(mixture.values) > 1 else mixture.values[0]
            named = self._named(error, places)
            (here,) = self._beside(part, i, value, error[None], base)
            (there,) = self._beside(part, 0, value, named[None], self._base(named[None]))
            self._mean.holds(self._named(there, places), here)
            rows.append(_Row(places[own.columns], own.mean, own.spread, places))
        return rows

    def _rows_of_first(self, part: Part, values: Sequence[Any], mixtures: Sequence[Mixture]) -> list[_Row]:
        """Return the first client's row under each of some mixtures of the same values."""
        probe = self._probe
        columns = self._touched(part, values)
        d, c, count = len(probe.places), len(columns), len(values)
        if count * c * d > _MOST_STEPS:
            raise TooLarge(f"{part.name} of a client matters to {c} numbers in each direction: take fewer clients.")
        means = [np.zeros((d, c, probe.size)) for _ in mixtures]
        spreads = [np.zeros((d, c, c)) for _ in mixtures]
        roots = [_root(mixture) for mixture in mixtures]
        at_once = max(int(_MOST_HELD / (count * max(c, 1) * probe.size)), 1)
        for directions in np.array_split(np.arange(d), -(-d // at_once)) if c else ():
            errors = np.zeros((len(directions), c, probe.size))
            np.put_along_axis(errors, probe.places[directions[:, None], columns][..., None], 1.0, axis=2)
            beside = self._beside_all(part, values, errors.reshape(-1, probe.size))
            beside = beside.reshape(count, len(directions), c, probe.size)
            for mixture, root, moved, spread in zip(mixtures, roots, means, spreads, strict=True):
                moved[directions] = np.tensordot(mixture.mean, beside, 1)
                spread[directions] = self._spread(root, beside)
        rows = [_Row(columns, *each, np.arange(probe.width)) for each in zip(means, spreads, strict=True)]
        self._hold_rows(part, values, mixtures, rows)
        return rows

    def _beside_all(self, part: Part, values: Sequence[Any], errors: np.ndarray) -> np.ndarray:
        """Return what each value of the first row makes of errors, beside what the first one makes of them."""
        base, beside = self._base(errors), np.zeros((len(values), *errors.shape))
        for t in range(1, len(values)):
            beside[t] = self._beside(part, 0, values[t], errors, base)
        return beside

    def _spread(self, root: np.ndarray, beside: np.ndarray) -> np.ndarray:
        """Return what the variance of deviations, shape (values, ..., c, size), adds to E V⁺, shape (..., c, c)."""
        spread, P = np.tensordot(root.T, beside, 1), self._mean.P
        diagonal = np.diagonal(P, axis1=1, axis2=2)
        if np.count_nonzero(P) == np.count_nonzero(diagonal):
            spread *= self._probe.joined(np.sqrt(diagonal))
        else:
            sizes, vectors = np.linalg.eigh(P)
            turn = (vectors * np.sqrt(np.maximum(sizes, 0.0))[:, None]).transpose(0, 2, 1)
            spread = self._probe.mapped(turn, spread)
        return (spread @ np.swapaxes(spread, -1, -2)).sum(axis=0)

    def _hold_rows(self, part: Part, values: Sequence[Any], mixtures: Sequence[Mixture], rows: Sequence[_Row]) -> None:
        """Hold the first client's rows against what they make of an error in all directions."""
        mean, probe = self._mean, self._probe
        error = mean.error()
        inside = np.zeros_like(error)
        touched = probe.places[:, rows[0].columns]
        inside[touched] = error[touched]
        # What is not touched does not matter, whatever the value.
        beside = self._beside_all(part, values, np.array([inside, error - inside]))
        mean.holds(beside[:, 1], 0.0 * beside[:, 1])
        for mixture, row in zip(mixtures, rows, strict=True):
            z = error[touched]
            moved = np.tensordot(z, row.mean, 2)
            mean.holds(np.tensordot(mixture.mean, beside[:, 0], 1), moved)
            expected = np.einsum("ja,jab,jb->", z, row.spread, z)
            # What rows do may be small.
            mean.holds(self._spread(_root(mixture), beside[:, :1]), np.array([[expected]]), _SMALL * mean.V(error))
        for value in values:
            mean.stays(probe.moved(self._side.outcome(part, 0, value)))

    def _touched(self, part: Part, values: Sequence[Any]) -> np.ndarray:
        """Return the coordinates of each direction that the first row seems to touch, by some of its values."""
        probe = self._probe
        trials = np.zeros((probe.width, probe.size))
        for trial, members in zip(trials, probe.places.T, strict=True):
            trial[members] = probe.trial[members]
        base = self._base(trials)
        touched: set[int] = set()
        for t in dict.fromkeys(np.linspace(1, len(values) - 1, _TOUCHED).astype(int)) if len(values) > 1 else ():
            beside = self._beside(part, 0, values[t], trials, base)
            size = np.abs(base).max(axis=1) + np.abs(self._at_zero).max()
            touched |= {*np.flatnonzero(np.abs(beside).max(axis=1) > _STILL * size)}
        return np.array(sorted(touched), dtype=int)

    def _hold_mean(self, rows: Sequence[_Row], maps: np.ndarray) -> None:
        """Hold the maps of all directions, in the mean, against first values and what rows do beside them."""
        mean, probe = self._mean, self._probe
        error = mean.error()
        (found,) = self._base(error[None])
        for row in rows:
            found += self._named(np.tensordot(error[probe.places[:, row.columns]], row.mean, 2), row.places)
        mean.holds(found, probe.mapped(maps, error))

    def _hold(self, drawn: dict[Part, np.ndarray]) -> None:
        """Hold a step under these values against the sum of what each row does alone."""
        mean, probe = self._mean, self._probe
        error = mean.error()
        outcome = self._side.drawn(drawn)
        at_zero, there = probe.steps(np.array([0.0 * error, error]), outcome)
        mean.keeps(there - at_zero)
        mean.stays(probe.moved(outcome))
        base = self._base(error[None])
        expected = base[0].copy()
        for part, value in drawn.items():
            mixtures = self._side.rows[part] or []
            for i, own in enumerate(part.apart(value)):
                (beside,) = self._beside(part, i, own, error[None], base)
                expected += beside
                if i == 0:
                    weights = mixtures[i].weights(own)
                    each = self._beside_all(part, mixtures[i].values, error[None])[:, 0]
                    mean.holds(beside, weights @ each)
        mean.holds(there - at_zero, expected)


def _is_one(mixture: Mixture, other: Mixture) -> bool:
    """Return whether two mixtures are of the same values with the same moments."""
    return mixture is other or (
        np.array_equal(mixture.values, other.values)
        and np.array_equal(mixture.mean, other.mean)
        and np.array_equal(mixture.second, other.second)
    )


def _root(mixture: Mixture) -> np.ndarray:
    """Return a root R of the covariance R R' of a mixture's weights."""
    sizes, vectors = np.linalg.eigh(mixture.second - np.outer(mixture.mean, mixture.mean))
    return vectors[:, sizes > 0.0] * np.sqrt(sizes[sizes > 0.0])


def _of_cohorts(mean: _Mean) -> bool:
    """Sum up local steps and communications of cohorts of which each is any other with other names."""
    case, probe = mean.case, mean.probe
    random, problem = case.method.random, case.problem
    if not isinstance(random, Coin) or len(random.parts) != 1 or not isinstance(problem, Quadratic):
        return False
    (part,), p = random.parts, random.chance(case.params)
    cohort = part.first(problem, case.params)
    if cohort is None:
        return False
    if np.abs(mean.P - mean.P[0]).max() > ROUNDING * np.abs(mean.P).max():
        raise TooLarge("the Lyapunov function weighs directions differently: take fewer clients or coordinates.")
    names, P = Names(probe.slim, problem.n), mean.P[0]
    mean.check_names(names)
    apart = random.record(0, [np.zeros_like(cohort)])
    local = mean.base(apart)
    mean.add(1.0 - p, local)
    alike, undo = _alike(mean, problem, apart)
    maps, _, gap = alike.affine(random.record(1, [cohort]))
    mean.gap = max(mean.gap, gap)
    communication = maps @ undo
    squares = np.array([names.mean(C.T @ P @ C) for C in communication])
    # What is the same in all coordinates is so in all directions.
    mean.holds(squares, np.broadcast_to(squares.mean(axis=0), squares.shape))
    mean.total += p * (local.transpose(0, 2, 1) @ squares.mean(axis=0) @ local)
    for _ in range(_HELD):
        _hold_cohort(mean, part, alike, undo, local)
    return True


def _alike(mean: _Mean, problem: Quadratic, apart: Any) -> tuple[Directions, np.ndarray]:
    """Return the probe on functions that are all alike, and the inverse of a step there without a communication."""
    for share in _FLAT:
        alike = mean.probe.fully(Quadratic([share * problem.L * np.eye(problem.d)], np.zeros((problem.n, problem.d))))
        step = alike.affine(apart)[0]
        if np.linalg.cond(step).max() <= _WORST:
            return alike, np.linalg.inv(step)
    raise TooLarge(f"a local step of {mean.case.method.name} cannot be undone: take path evidence.")


def _hold_cohort(mean: _Mean, part: Part, alike: Directions, undo: np.ndarray, local: np.ndarray) -> None:
    """Hold a communication of a drawn cohort against one of other names, and against one after other local steps."""
    probe, case = mean.probe, mean.case
    problem, random = case.problem, case.method.random
    assert random is not None
    names = Names(probe.slim, problem.n)
    drawn = part.draw(mean.rng, problem, case.params, 1)[0]
    order = mean.rng.permutation(problem.n)
    here, there = random.record(1, [drawn]), random.record(1, [part.renamed(drawn, order)])
    error = mean.error()

    def named(flat: np.ndarray) -> np.ndarray:
        return probe.joined(np.array([names.given(each, order) for each in probe.apart(flat)]))

    # Clients with other names do the same.
    (after,), (of_others,) = alike.steps(error[None], here), alike.steps(named(error)[None], there)
    mean.holds(of_others, named(after))
    # What a communication makes of the local steps here it makes of others that lead to the same.
    at_zero, after = probe.steps(np.array([0.0 * error, error]), here)
    turned = probe.turned(probe.mapped(local, error), alike)
    (same,) = alike.steps(alike.mapped(undo, turned)[None], here)
    mean.holds(probe.turned(after - at_zero, alike), same)
    mean.keeps(after - at_zero)
    mean.stays(probe.moved(here))

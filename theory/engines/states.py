"""States from which a step does badly: a rate is promised from every state, and a path visits the harmless ones.

They are searched, beginning with a path's: an error is mirrored, mixed with others and shifted at random, field by
field, as long as the conserved sums stay 0 and V grows more than it did. Where the outcomes of a step can be listed,
the mean over them is no estimate, so that one state that breaks the promise refutes it. Otherwise the state that is
found is stepped from anew, with randomness of which the search knew nothing.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import numpy as np

from ...algorithms.driver.objects import ObjectMethod
from ...core.randomness import generator
from ..case import Case
from .constants import without_constants
from .rounding import disturb

# Outcomes that are all taken, and how many are drawn where there are more: to search, and to judge.
_LISTED, _DRAWN, _JUDGED = 16, 16, 400
# Steps that the search may take, and multiplications; what a step costs besides, compiled and not.
_FEWEST, _MOST, _WORK = 64, 1000, 1e8
_PER_STEP, _PER_PLAIN_STEP = 1e5, 1e6
# Rounds after which a path's states are taken.
_TAKEN = (0, 1, 2, 5, 10)
# How often a multiple of an error is tried, and how small and large V may become beside the start.
_SCALED, _SMALLEST, _LARGEST = 0.1, 1e-4, 1e4
# How large what should be 0 may be beside what it is made of.
_ZERO = 1e-9
# As an error of the solution: so many roundings of the clients' gradients.
_ROUNDINGS = 16.0


class Stepped(NamedTuple):
    """A state, and what steps from it make of V."""

    looked_at: int
    """How many states were looked at."""
    start: float
    """V of the state."""
    after: np.ndarray
    """V after a step, relative to that, under each outcome."""
    weights: np.ndarray | None
    """The probabilities of the outcomes, None if they are drawn."""
    rounding: float
    """How far rounding may have moved the mean."""
    state: Any = None
    """The state itself."""

    @property
    def mean(self) -> float:
        """The factor of the mean step."""
        return float(np.average(self.after, weights=self.weights))


def worst(case: Case) -> Stepped | None:
    """Return the worst state that a search finds; None if the method has no fixed point to measure errors from."""
    if not case.has_fixed_point:
        return None
    # No state of the method has others.
    case = without_constants(case)
    listed = case.outcomes() or ()
    exact = 0 < len(listed) <= _LISTED
    weights = np.array([q for q, _ in listed]) if exact else None
    outcomes = [w for _, w in listed] if exact else _drawn(case, "searched", _DRAWN)
    search = _Search(case, outcomes, weights)
    a_step = case.problem.work(1.0) + (_PER_PLAIN_STEP if isinstance(case.method, ObjectMethod) else _PER_STEP)
    found = search.run(int(np.clip(_WORK / a_step, _FEWEST, _MOST) / len(outcomes)))
    if found is None:
        return None
    judged = outcomes if exact else _drawn(case, "judged", _JUDGED)
    start, after = search.values(found, judged)
    rounding = search.rounding(found, judged, after) if exact else 0.0
    return Stepped(search.looked_at, start, after, weights, rounding, search.state(found))


def _drawn(case: Case, purpose: str, count: int) -> Sequence[Any]:
    """Return outcomes of independent steps."""
    # A round has one step at least; with those of whole rounds the last one would end its round for certain.
    return case.unroll(case.draw(generator(case.seed, "states", purpose), count))[:count]


def _sum(error: list[np.ndarray], direction: list[np.ndarray], share: float) -> list[np.ndarray]:
    return [part + share * move for part, move in zip(error, direction, strict=True)]


class _Search:
    """Errors, as lists of fields, and the factor by which steps from them multiply V."""

    def __init__(self, case: Case, outcomes: Sequence[Any], weights: np.ndarray | None) -> None:
        self.case, self.outcomes, self.weights = case, outcomes, weights
        self.fixed = case.fixed_point()
        self.rng = generator(case.seed, "states")
        self.looked_at = 0
        self.behind = self._fields_behind()
        self.centred = [not self._is_admissible(self.error(self._moved(place))) for place in range(len(self.fixed))]

    def state(self, error: Sequence[np.ndarray]) -> Any:
        return self.case.state(*(at + part for at, part in zip(self.fixed, error, strict=True)))

    def error(self, state: Any) -> list[np.ndarray]:
        return [part - at for at, part in zip(self.fixed, state, strict=True)]

    def values(self, error: Sequence[np.ndarray], outcomes: Sequence[Any]) -> tuple[float, np.ndarray]:
        """Return V, and V after each outcome relative to it."""
        start = self.case.lyapunov(self.state(error))
        after = [self.case.lyapunov(self.case.step(self.state(error), w)) for w in outcomes]
        return start, np.array(after) / start if start > 0.0 else np.zeros(len(after))

    def squares(self, error: Sequence[np.ndarray]) -> np.ndarray:
        """Return the mean V after a step, without the noise that the case allows, and V."""
        self.looked_at += 1
        start, after = self.values(error, self.outcomes)
        return np.array([float(np.average(after, weights=self.weights)) * start - self.case.noise, start])

    def factor(self, error: Sequence[np.ndarray]) -> float:
        """Return the factor that a promise would have to have; -inf of what is no state."""
        after, start = self.squares(error)
        found = after / start if start > 0.0 else np.nan
        return float(found) if np.isfinite(found) and self._is_admissible(error) else -np.inf

    def run(self, count: int) -> list[np.ndarray] | None:
        """Return the worst error that was found."""
        with np.errstate(all="ignore"):
            trail = self._path()
            factors = [self.factor(error) for error in trail]
            best = max(factors)
            if best == -np.inf:
                return None
            error = trail[int(np.argmax(factors))]
            while self.looked_at < count:
                there = self._scaled(error) if self.rng.random() < _SCALED else self._along(error, trail)
                factor = self.factor(there)
                if factor > best:
                    error, best = there, factor
        return error

    def _scaled(self, error: list[np.ndarray]) -> list[np.ndarray]:
        """Return a multiple of an error: where a problem is no quadratic the worst may be far away, or near."""
        size = 10.0 ** self.rng.uniform(-1.0, 1.0)
        within = _SMALLEST < size**2 * self.case.lyapunov(self.state(error)) / self.case.start[0] < _LARGEST
        return [size * part for part in error] if within else error

    def _along(self, error: list[np.ndarray], trail: list[list[np.ndarray]]) -> list[np.ndarray]:
        """Return the worst combination of two errors, as it were if V were a square and a step linear."""
        direction = self._direction(error, trail)
        here, aside = self.squares(error), self.squares(direction)
        share = np.sqrt(here[1] / aside[1]) if aside[1] > 0.0 else 1.0
        both = self.squares(_sum(error, direction, share))
        (a, b), (c, d) = here, share**2 * aside
        mixed = (both - here - share**2 * aside) / 2.0
        forms = np.array([[[a, mixed[0]], [mixed[0], c]], [[b, mixed[1]], [mixed[1], d]]])
        # The directions in which the first form, divided by the second, is largest and smallest.
        relative = cast("np.ndarray", np.linalg.lstsq(forms[1], forms[0], rcond=None)[0])
        values, vectors = np.linalg.eig(relative)
        combined = np.real(vectors[:, int(np.argmax(np.real(values)))])
        # V stays as large as it is.
        first, second = combined * np.sqrt(b / (combined @ forms[1] @ combined))
        return [first * part + second * share * move for part, move in zip(error, direction, strict=True)]

    def _direction(self, error: list[np.ndarray], trail: list[list[np.ndarray]]) -> list[np.ndarray]:
        rng, kind = self.rng, self.rng.integers(4)
        place = int(rng.integers(len(error)))
        if kind == 0:
            # What a step makes of the error shows the directions that matter.
            after = self.case.step(self.state(error), self.outcomes[int(rng.integers(len(self.outcomes)))])
            return self.error(after)
        if kind == 1:
            return trail[int(rng.integers(len(trail)))]
        if kind == 2:
            return [part if at == place else 0.0 * part for at, part in enumerate(error)]
        direction = rng.standard_normal(error[place].shape)
        if self.centred[place]:
            direction -= direction.mean(axis=0)
        return [direction if at == place else 0.0 * part for at, part in enumerate(error)]

    def _path(self) -> list[list[np.ndarray]]:
        errors: list[list[np.ndarray]] = []
        state, draws = self.case.initial(), self.case.draw(self.rng, _TAKEN[-1])
        for first, last in zip(_TAKEN, (*_TAKEN[1:], _TAKEN[-1]), strict=True):
            error = self.error(state)
            V = self.case.lyapunov(state)
            # What is left of the error after many steps may be rounding.
            grown = np.sqrt(_SMALLEST * self.case.start[0] / V) if V > 0.0 else 1.0
            errors.append([max(grown, 1.0) * part for part in error])
            if last > first:
                state = self.case.advance(state, draws[first:last])
        return errors

    def _is_admissible(self, error: Sequence[np.ndarray]) -> bool:
        state = self.state(error)
        for name, value in self.case.invariants(state).items():
            size = max((np.abs(state[place]).max(initial=0.0) for place in self.behind.get(name, ())), default=0.0)
            if not np.abs(value).max(initial=0.0) <= _ZERO * size:
                return False
        return True

    def _moved(self, place: int) -> Any:
        """Return the fixed point with one field changed at random, by about its size."""
        error = [np.zeros_like(field) for field in self.fixed]
        size = float(np.abs(self.fixed[place]).max(initial=0.0)) or 1.0
        error[place] = size * self.rng.standard_normal(error[place].shape)
        return self.state(error)

    def _fields_behind(self) -> dict[str, list[int]]:
        """Return the places of the fields on which each conserved sum depends: fields may have different units."""
        at_rest = self.case.invariants(self.state([np.zeros_like(field) for field in self.fixed]))
        behind: dict[str, list[int]] = {name: [] for name in at_rest}
        for place in range(len(self.fixed)):
            for name, value in self.case.invariants(self._moved(place)).items():
                if np.any(value != at_rest[name]):
                    behind[name].append(place)
        return behind

    def rounding(self, error: Sequence[np.ndarray], outcomes: Sequence[Any], after: np.ndarray) -> float:
        """Return by how much the mean differs with larger rounding errors, and a solution as far off as it may be."""
        case, rng = self.case, generator(self.case.seed, "states", "rounding")
        target = case.target
        unknown = _ROUNDINGS * np.finfo(float).eps * float(np.linalg.norm(target.gradients)) / case.problem.mu
        shift = rng.choice([-1.0, 1.0], target.x.shape) * unknown / np.sqrt(target.x.size)

        def value(state: Any) -> float:
            disturb(case, state, rng)
            return case.theorem.lyapunov(case.problem, case.params, state, target._replace(x=target.x + shift))

        start = value(self.state(error))
        again = [value(case.step(self.state(error), w)) for w in outcomes]
        return abs(float(np.average(np.array(again) / start - after, weights=self.weights)))

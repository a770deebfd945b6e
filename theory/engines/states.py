"""States from which a step does badly: a rate is promised from every state, and a path visits the harmless ones.

They are searched, beginning with a path's: an error is mirrored, mixed with others and shifted at random, field by
field, as long as the conserved sums stay 0 and V grows more than it did. Where the outcomes of a step can be listed,
the mean over them is no estimate, so that one state that breaks the promise refutes it. Otherwise the state that is
found is stepped from anew, with randomness of which the search knew nothing.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ...algorithms.driver.objects import ObjectMethod
from ...core.randomness import generator
from ..case import Case
from .rounding import disturb

# Outcomes that are all taken, and how many are drawn where there are more: to search, and to judge.
_LISTED, _DRAWN, _JUDGED = 16, 16, 400
# Steps that the search may take, and multiplications; what a step costs besides, compiled and not.
_FEWEST, _MOST, _WORK = 64, 1500, 1.5e8
_PER_STEP, _PER_PLAIN_STEP = 1e5, 1e6
# Rounds after which a path's states are taken.
_TAKEN = (0, 1, 2, 5, 10)
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

    @property
    def mean(self) -> float:
        """The factor of the mean step."""
        return float(np.average(self.after, weights=self.weights))


def worst(case: Case) -> Stepped | None:
    """Return the worst state that a search finds; None if the method has no fixed point to measure errors from."""
    if not case.has_fixed_point:
        return None
    listed = case.outcomes()
    exact = listed is not None and len(listed) <= _LISTED
    weights = np.array([q for q, _ in listed]) if exact else None
    outcomes = [w for _, w in listed] if exact else _drawn(case, "searched", _DRAWN)
    search = _Search(case, outcomes, weights)
    a_step = case.problem.work(1.0) + (_PER_PLAIN_STEP if isinstance(case.method, ObjectMethod) else _PER_STEP)
    found = search.run(int(np.clip(_WORK / a_step, _FEWEST, _MOST) / len(outcomes)))
    if found is None:
        return None
    judged = outcomes if exact else _drawn(case, "judged", _JUDGED)
    start, after = search.values(found, judged)
    return Stepped(search.looked_at, start, after, weights, search.rounding(found, judged, after) if exact else 0.0)


def _drawn(case: Case, purpose: str, count: int) -> Sequence[Any]:
    """Return outcomes of independent steps."""
    # A round has one step at least; with those of whole rounds the last one would end its round for certain.
    return case.unroll(case.draw(generator(case.seed, "states", purpose), count))[:count]


class _Search:
    """Errors, as lists of fields, and the factor by which steps from them multiply V."""

    def __init__(self, case: Case, outcomes: Sequence[Any], weights: np.ndarray | None) -> None:
        self.case, self.outcomes, self.weights = case, outcomes, weights
        self.fixed = case.fixed_point()
        self.rng = generator(case.seed, "states")
        self.looked_at = 0
        self.centred = [self._must_be_centred(place) for place in range(len(self.fixed))]

    def state(self, error: Sequence[np.ndarray]) -> Any:
        return self.case.state(*(at + part for at, part in zip(self.fixed, error, strict=True)))

    def error(self, state: Any) -> list[np.ndarray]:
        return [part - at for at, part in zip(self.fixed, state, strict=True)]

    def values(self, error: Sequence[np.ndarray], outcomes: Sequence[Any]) -> tuple[float, np.ndarray]:
        """Return V, and V after each outcome relative to it."""
        start = self.case.lyapunov(self.state(error))
        after = [self.case.lyapunov(self.case.step(self.state(error), w)) for w in outcomes]
        return start, np.array(after) / start if start > 0.0 else np.zeros(len(after))

    def factor(self, error: Sequence[np.ndarray]) -> float:
        """Return the factor that a promise with the case's noise would have to have; -inf of what is no state."""
        self.looked_at += 1
        with np.errstate(all="ignore"):
            start, after = self.values(error, self.outcomes)
            found = float(np.average(after, weights=self.weights)) - self.case.noise / start if start > 0.0 else np.nan
        return found if np.isfinite(found) and self._is_admissible(error) else -np.inf

    def run(self, count: int) -> list[np.ndarray] | None:
        """Return the worst error that was found."""
        trail = self._path()
        factors = [self.factor(error) for error in trail]
        best = max(factors)
        if best == -np.inf:
            return None
        error = trail[int(np.argmax(factors))]
        move: list[np.ndarray] | None = None
        for _ in range(count):
            move = self._proposed(error, trail) if move is None else move
            there = [part + step for part, step in zip(error, move, strict=True)]
            factor = self.factor(there)
            if factor > best:
                # What was good is tried again.
                error, best = there, factor
            else:
                move = None
        return error

    def _proposed(self, error: list[np.ndarray], trail: list[list[np.ndarray]]) -> list[np.ndarray]:
        rng, kind = self.rng, self.rng.integers(4)
        move = [np.zeros_like(part) for part in error]
        place = int(rng.integers(len(error)))
        size = rng.choice([-1.0, 1.0]) * 10.0 ** rng.uniform(-2.0, 0.5)
        V = self.case.lyapunov(self.state(error))
        if kind == 0:
            move[place] = error[place] * (-2.0 if rng.random() < 0.5 else size)
        elif kind == 1:
            # What a step makes of the error shows the directions that matter.
            after = self.case.step(self.state(error), self.outcomes[int(rng.integers(len(self.outcomes)))])
            move = [size * part for part in self.error(after)]
        elif kind == 2:
            other = trail[int(rng.integers(len(trail)))]
            share = np.sqrt(V / (self.case.lyapunov(self.state(other)) or V))
            move = [size * share * part for part in other]
            if rng.random() < 0.5:
                move = [part if at == place else 0.0 * part for at, part in enumerate(move)]
        else:
            direction = rng.standard_normal(error[place].shape)
            if self.centred[place]:
                direction -= direction.mean(axis=0)
            weight = self.case.weights[place] * max(direction.size, 1)
            move[place] = size * (np.sqrt(V / weight) if weight > 0.0 else 1.0) * direction
        return move

    def _path(self) -> list[list[np.ndarray]]:
        errors: list[list[np.ndarray]] = []
        state, draws = self.case.initial(), self.case.draw(self.rng, _TAKEN[-1])
        for first, last in zip(_TAKEN, (*_TAKEN[1:], _TAKEN[-1]), strict=True):
            errors.append(self.error(state))
            if last > first:
                state = self.case.advance(state, draws[first:last])
        return errors

    def _is_admissible(self, error: Sequence[np.ndarray]) -> bool:
        state = self.state(error)
        size = max(np.abs(field).max(initial=0.0) for field in state)
        return all(np.abs(value).max() <= _ZERO * size for value in self.case.invariants(state).values())

    def _must_be_centred(self, place: int) -> bool:
        error = [np.zeros_like(field) for field in self.fixed]
        error[place] = self.rng.standard_normal(error[place].shape)
        return not self._is_admissible(error)

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

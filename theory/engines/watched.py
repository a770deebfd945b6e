"""A few rounds of a method on a small quadratic, which can be played again with other data: what is seen of them.

What is seen are the states between the rounds, the points at which gradients are computed, and what is sent and
averaged. Nothing is compiled for it.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from ...algorithms.driver.objects import ObjectMethod
from ...algorithms.parts import letters
from ...core.errors import InputError, complaint
from ...core.randomness import generator
from ...problems import Personal, Problem, Quadratic
from ..case import Case, NotExact
from .watch import AVERAGED, POINT, SENT, STATE, Bump, Evaluation, Watch, Watched

#: The rounds that are watched, after some that only lead away from the start.
ROUNDS = 3
_BEFORE = 3
# Sizes that differ, so that an array of n rows is seen to have one for each client.
_CLIENTS, _DIM = 4, 6
# The largest sizes where letters do not fit those.
_MOST_CLIENTS, _MOST_DIM = 16, 64
# Costs do not depend on it, and rounds stay short.
_KAPPA = 10.0
_CHANCE, _STEPS, _LONGEST = 0.25, 3, 100.0
#: Owners that are no clients: the server, everybody who hears what is sent, and nobody that is known.
SERVER, ALL, NOBODY = -1, -2, -3


class Mark(NamedTuple):
    """What some numbers are that were seen together."""

    kind: int
    """STATE, POINT, SENT or AVERAGED."""
    owner: int | None
    """Who knows them: a client, or SERVER, ALL or NOBODY; None if each client knows the entries along one axis."""
    round: int
    which: int
    """Which one of its kind: for gradients among all, else in the round."""
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Seen:
    """All numbers that were seen in some rounds.

    Attributes
    ----------
    values : ndarray, shape (numbers,)
        The numbers.
    marks : list of Mark
        What they are.
    n : int
        The number of clients.
    evaluations : list of (int, Evaluation)
        The gradients with their rounds.
    states : list
        The state after each round.
    """

    values: np.ndarray
    marks: list[Mark]
    n: int
    evaluations: list[tuple[int, Evaluation]]
    states: list[Any]

    def is_like(self, other: "Seen") -> bool:
        """Return whether the same gradients are computed, and as many numbers sent, as elsewhere in the same rounds."""
        return [(m.kind, m.owner, m.shape) for m in self.marks] == [(m.kind, m.owner, m.shape) for m in other.marks]

    def since(self, first: int) -> "Seen":
        """Return what was seen from a round on."""
        marks = [mark for mark in self.marks if mark.round >= first]
        return replace(self, values=self.values[self.rounds >= first], marks=marks)

    @cached_property
    def owners(self) -> np.ndarray:
        """The owner of each number."""
        return np.concatenate([self._owners(mark) for mark in self.marks])

    def _owners(self, mark: Mark) -> np.ndarray:
        if mark.owner is not None:
            return np.full(math.prod(mark.shape), mark.owner)
        axis = mark.shape.index(self.n)
        along = np.arange(self.n).reshape([-1 if one == axis else 1 for one in range(len(mark.shape))])
        return np.broadcast_to(along, mark.shape).ravel()

    @cached_property
    def rounds(self) -> np.ndarray:
        """The round of each number."""
        return self._each("round")

    @cached_property
    def kinds(self) -> np.ndarray:
        """The kind of each number."""
        return self._each("kind")

    @cached_property
    def which(self) -> np.ndarray:
        """Which one of its kind each number belongs to."""
        return self._each("which")

    def _each(self, name: str) -> np.ndarray:
        return np.repeat([getattr(m, name) for m in self.marks], [math.prod(mark.shape) for mark in self.marks])


class Rounds:
    """Some rounds of a case, which can be played again with other data or another gradient.

    Attributes
    ----------
    case : Case
        The case on a small quadratic.
    draws : sequence
        What is drawn in the watched rounds.
    base : Seen
        What is seen without any change.
    known : set
        The gradients that had been computed before, which a client may remember.
    opened : list of Evaluation
        The gradients that the start computes.
    """

    def __init__(self, case: Case) -> None:
        self.case = _small(case)
        self._is_private = isinstance(self.case.problem, Personal)
        small = self.case.problem.inner if isinstance(self.case.problem, Personal) else self.case.problem
        self.watch = Watch(small.kernel.server)
        self.problem = Watched(*small.kernel[:2])
        # What the server computes on its own data nobody has to be told.
        self.problem.server, self.problem.kernel = (
            small.server,
            self.problem.kernel._replace(server=small.kernel.server),
        )
        self.problem.watch, self.problem.tilts = self.watch, {}
        method = self.case.method
        self._is_object = isinstance(method, ObjectMethod)
        self._advance = method.advance if self._is_object else self.watch.listening().of(method.advance)
        draws = self.case.draw(generator(case.seed, "cost"), _BEFORE + ROUNDS)
        self.draws = draws[_BEFORE:]
        state = self._started(self.problem)
        self.opened = self.watch.evaluations
        before = self._play(state, draws[:_BEFORE], range(_BEFORE), {}, None)
        self._starts = [before.states[-1]]
        self.known = {_key(evaluation) for _, evaluation in before.evaluations}
        self.base = self.play(0, ROUNDS, {})
        self._starts += self.base.states
        if not np.array_equal(self.play(0, ROUNDS, {}).values, self.base.values, equal_nan=True):
            raise NotExact(
                f"{method.name} does not do the same again from the same state and draws, so nothing can be told from "
                "what changes: let it keep nothing besides its state, and draw nothing besides its draws."
            )

    def _started(self, problem: Watched) -> Any:
        self.watch.restart(None)
        return self.case.method.start(self._given(problem), self.case.params)

    def told_at_the_start(self) -> int | None:
        """Return a client of whose linear term others hold something at the start, None if there is none."""
        by = generator(self.case.seed, "cost", "start").standard_normal(self.problem.d) * self.scale
        base = self._started(self.problem)
        for client in range(self.problem.n):
            other = self._started(self.problem.with_changes({}, {client: by}))
            for array, changed in zip(base, other, strict=True):
                apart = np.not_equal(array, changed)
                if self.problem.n in apart.shape:
                    apart = np.delete(apart, client, axis=apart.shape.index(self.problem.n))
                if apart.any():
                    return client
        return None

    def play(self, first: int, last: int, problems: Mapping[int, Watched], bump: Bump | None = None) -> Seen:
        """Return what is seen from one round up to another, with other data in some of them."""
        return self._play(self._starts[first], self.draws, range(first, last), problems, bump)

    def _play(self, state: Any, draws: Any, rounds: range, problems: Mapping[int, Watched], bump: Bump | None) -> Seen:
        values: list[np.ndarray] = []
        marks: list[Mark] = []
        evaluations: list[tuple[int, Evaluation]] = []
        states: list[Any] = []

        def see(numbers: np.ndarray, kind: int, owner: int | None, r: int, index: int) -> None:
            values.append(numbers.ravel())
            marks.append(Mark(kind, owner, r, index, numbers.shape))

        for r in rounds:
            problem = problems.get(r, self.problem)
            self.watch.restart(bump if bump and bump.round == r else None, problem.tilts)
            state = self._after(problem, state, draws[r : r + 1])
            for evaluation in self.watch.evaluations:
                see(evaluation.point, POINT, evaluation.client, r, len(evaluations))
                evaluations.append((r, evaluation))
            for index, message in enumerate(self.watch.sent):
                see(message, SENT, ALL, r, index)
            for kind, arrays in ((AVERAGED, self.watch.averaged), (STATE, state)):
                for index, array in enumerate(arrays):
                    see(array, kind, self._owner(array), r, index)
            states.append(_copied(state))
        return Seen(np.concatenate(values), marks, self.problem.n, evaluations, states)

    def _owner(self, array: np.ndarray) -> int | None:
        if self.problem.n in array.shape:
            return None
        # Of an array of another form nobody can say whose it is.
        d = self.problem.d
        return SERVER if array.shape in ((), (1,), (d,), (1, d)) else NOBODY

    def _given(self, problem: Watched) -> Problem:
        """Return the problem as the method is given it, whose models may all be the clients' own."""
        return Personal(problem, "all") if self._is_private else problem

    def _after(self, problem: Watched, state: Any, draws: Any) -> Any:
        state = _copied(state)
        given = self._given(problem)
        asked = given if self._is_object else given.kernel
        try:
            with np.errstate(all="ignore"):
                returned = self._advance(asked, self.case.params, state, draws)
        except Exception as error:
            how = complaint(error.__cause__ or error)
            raise NotExact(
                f"{self.case.method.name} cannot be watched on a small quadratic, where it raises {how}: nothing is "
                "known of what it sends."
            ) from error
        return state if returned is None else returned

    def notices(self) -> np.ndarray:
        """Return for each gradient whether anything that is seen depends on it."""
        rng = generator(self.case.seed, "cost", "gradients")
        counts: dict[int, int] = {}
        noticed = np.zeros(len(self.base.evaluations), dtype=bool)
        for position, (r, evaluation) in enumerate(self.base.evaluations):
            index = counts[r] = counts.get(r, -1) + 1
            by = rng.standard_normal(len(evaluation.point)) * self.scale
            seen = self.play(r, ROUNDS, {}, Bump(r, POINT, index, by))
            noticed[position] = not np.array_equal(seen.values, self.base.values[self.base.rounds >= r])
        return noticed

    def felt(self) -> np.ndarray:
        """Return for each array of the state whether clients notice what is in it.

        If not it is kept for the record, as a mean of all models may be, and need not be told to anybody.
        """
        base = self.base
        of_clients = (base.owners >= 0) & (base.kinds != AVERAGED)
        felt = np.ones(len(self._starts[0]), dtype=bool)
        if not (base.kinds == POINT).any():
            return felt
        for position in range(len(felt)):
            start = _copied(self._starts[0])
            start[position][...] += self.scale
            seen = self._play(start, self.draws, range(ROUNDS), {}, None)
            changed = len(seen.values) != len(base.values) or seen.values[of_clients] != base.values[of_clients]
            felt[position] = bool(np.any(changed))
        return felt

    def held(self) -> np.ndarray:
        """Return for each array of the state whether its rows are held by the clients.

        These need them for the gradients of the very round, while what the server keeps for a client, such as what it
        has not told it yet, matters later at most.
        """
        base = self.base
        if not (base.kinds == POINT).any():
            return np.ones(len(self._starts[0]), dtype=bool)
        held = np.zeros(len(self._starts[0]), dtype=bool)
        for r in range(ROUNDS):
            before = base.values[(base.kinds == POINT) & (base.rounds == r)]
            for position in range(len(held)):
                start = _copied(self._starts[r])
                start[position][...] += self.scale
                seen = self._play(start, self.draws, range(r, r + 1), {}, None)
                held[position] |= not np.array_equal(seen.values[seen.kinds == POINT], before)
        return held

    @property
    def scale(self) -> float:
        """The size of the linear terms."""
        return float(np.abs(self.problem.kernel.b).max())

    def new_gradients(self, noticed: np.ndarray) -> np.ndarray:
        """Return how many gradients each client has to compute in each round, shape (ROUNDS, n).

        One at a point where it has been computed before is remembered. Where a method computes those of components the
        whole gradient of a client counts as many as it has components.
        """
        counts = np.zeros((ROUNDS, self.problem.n), dtype=int)
        for r, evaluation, count in self.new(noticed):
            counts[r, evaluation.client] += count
        return counts

    def new(self, noticed: np.ndarray) -> list[tuple[int, Evaluation, int]]:
        """Return the gradients that have to be computed, with their rounds, and for how many each counts."""
        known, found = set(self.known), list[tuple[int, Evaluation, int]]()
        of_components = any(evaluation.component is not None for _, evaluation in self.base.evaluations)
        for (r, evaluation), is_noticed in zip(self.base.evaluations, noticed, strict=True):
            if is_noticed and _key(evaluation) not in known:
                known.add(_key(evaluation))
                whole = of_components and evaluation.component is None
                found.append((r, evaluation, self.problem.d if whole else 1))
        return found


def _key(evaluation: Evaluation) -> tuple[int, int | None, bytes]:
    return evaluation.client, evaluation.component, evaluation.point.tobytes()


def _copied(state: Any) -> Any:
    return type(state)(*(field.copy() for field in state))


def _small(case: Case) -> Case:
    """Return the case on a quadratic that is small, but has room for the letters, with short rounds."""
    n, d = min(case.problem.n, _MOST_CLIENTS), min(case.problem.d, _MOST_DIM)
    refusal = ""
    for clients, dim in ((_CLIENTS, _DIM), (n, _DIM), (_CLIENTS, d), (n, d)):
        try:
            small = _quadratic(case, clients, dim)
            alone = isinstance(case.problem, Personal) and len(case.problem.shared) == 0
            shortened = _with_short_rounds(replace(case, problem=Personal(small, "all") if alone else small))
        except Exception as error:  # whatever a file or an object does with a problem that is not the given one
            refusal = str(error) if isinstance(error, InputError) else complaint(error)
            continue
        if shortened.pace.iterations > _LONGEST * shortened.pace.rounds:
            raise NotExact(f"rounds of {case.method.name} are too long to watch: give letters with shorter ones.")
        return shortened
    raise NotExact(f"{case.method.name} does not run on a small quadratic, where it would be watched: {refusal}")


def _quadratic(case: Case, clients: int, dim: int) -> Quadratic:
    unit = Quadratic.random(clients, max(dim + (dim == clients), 2), _KAPPA, case.seed, basis="client").kernel
    server = (case.problem.L * unit.A[0], unit.b[0]) if case.problem.server else None
    return Quadratic(case.problem.L * unit.A, unit.b, server=server)


def _with_short_rounds(case: Case) -> Case:
    """Return a case with letters that make rounds short, which start, draw and cost accept."""
    case.check()
    params, kind = case.params, case.method.Params
    short = {letter: max(getattr(params, letter), _CHANCE) for letter in letters.of_kind(kind, letters.Probability)}
    short |= {letter: min(getattr(params, letter), _STEPS) for letter in letters.of_kind(kind, letters.LocalSteps)}
    changes = {letter: value for letter, value in short.items() if value != getattr(params, letter)}
    shortened = replace(case, changes=case.changes | changes)
    shortened.initial()
    shortened.cost(shortened.draw(generator(case.seed, "cost"), 1))
    return shortened

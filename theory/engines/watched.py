"""A few rounds of a method on a small quadratic, watched: who learns what, and which gradients are computed.

What is seen of a run are the states between its rounds, the points at which gradients are computed, and what goes
through :func:`~rootkappa.algorithms.parts.messages.send`. A file's functions are run as plain Python, so that nothing is
compiled; an object's are, and ask a problem that listens.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from ...algorithms.driver.objects import ObjectMethod
from ...algorithms.driver.plain import Plain
from ...algorithms.parts import letters, messages
from ...core.checks import checked_array
from ...core.errors import InputError, complaint
from ...core.randomness import generator
from ...problems import Quadratic, oracles
from ..case import Case, NotExact

#: The rounds that are watched, after some that only lead away from the start.
ROUNDS = 3
_BEFORE = 3
# Sizes that differ, so that an array of n rows is seen to have one for each client.
_CLIENTS, _DIM = 4, 6
# The largest sizes where letters do not fit those.
_MOST_CLIENTS, _MOST_DIM = 16, 64
# Costs do not depend on it, and rounds stay short.
_KAPPA = 10.0
_CHANCE, _STEPS, _LONGEST = 0.2, 5, 100.0
#: What stands for nobody: the server, and everybody who hears what is sent.
SERVER, ALL = -1, -2


class Evaluation(NamedTuple):
    """One gradient that was computed."""

    client: int
    component: int | None
    """None for the whole function of the client."""
    point: np.ndarray


class Bump(NamedTuple):
    """A change of the gradient that is computed as so many-th in a round."""

    round: int
    index: int
    by: np.ndarray


class Watch:
    """What happens in a round, in order; it may change one gradient, to see whether anybody notices."""

    def __init__(self) -> None:
        self.evaluations: list[Evaluation] = []
        self.sent: list[np.ndarray] = []
        self.bump: tuple[int, np.ndarray] | None = None

    def restart(self, bump: tuple[int, np.ndarray] | None) -> None:
        """Forget the last round."""
        self.evaluations, self.sent, self.bump = [], [], bump

    def evaluated(self, client: int, component: int | None, point: np.ndarray, gradient: np.ndarray) -> None:
        """Take note of a gradient."""
        if self.bump and self.bump[0] == len(self.evaluations):
            gradient += self.bump[1]
        # Adding 0 makes no difference but to a negative zero, which is no other point.
        self.evaluations.append(Evaluation(client, component, np.array(point, dtype=float) + 0.0))

    def listening(self) -> Plain:
        """Return plain copies of functions that tell what they compute and send."""

        def gradient(kernel, i, x, g, work):
            g[:] = kernel.A[_own(kernel, i)] @ x - kernel.b[i]
            self.evaluated(i, None, x, g)

        def component_gradient(kernel, i, j, x, g, work):
            v, size = kernel.V[_own(kernel, i), j], len(x) * kernel.lam[_own(kernel, i), j]
            g[:] = size * (v @ x) * v - kernel.b[i]
            self.evaluated(i, int(j), x, g)

        def local_steps(kernel, i, x, h, gamma, k, work):
            g = np.empty_like(x)
            for _ in range(k):
                gradient(kernel, i, x, g, work)
                x -= gamma * (g - h)

        def send(C, x, w, message, work):
            plain.of(messages.compress)(C.kernel, x, w, message, work)
            self.sent.append(message.copy())

        replaced: dict[Callable[..., Any], Callable[..., Any]] = {
            oracles.gradient: gradient,
            oracles.component_gradient: component_gradient,
            oracles.local_steps: local_steps,
            messages.send: send,
        }
        plain = Plain(replaced)
        return plain


def _own(kernel: Any, i: int) -> int:
    return i if len(kernel.A) > 1 else 0


class Watched(Quadratic):
    """A quadratic that tells which gradients it is asked for."""

    watch: Watch

    @classmethod
    def of(cls, hessians: np.ndarray, linear: np.ndarray, like: Quadratic, watch: Watch) -> "Watched":
        """Return one with the constants of another, which everybody knows, whatever its clients' functions are."""
        problem = cls(hessians, linear)
        problem.L_i, problem.mu_i, problem.watch = like.L_i, like.mu_i, watch
        return problem

    def gradients(self, x: np.ndarray) -> np.ndarray:
        return self.gradients_at(np.tile(np.asarray(x, dtype=float), (self.n, 1)))

    def gradients_at(self, X: Any) -> np.ndarray:
        points = checked_array("X", X)
        found = np.einsum("ijk,ik->ij", self.hessians, points) - self.kernel.b
        for i in range(self.n):
            self.watch.evaluated(i, None, points[i], found[i])
        return found


@dataclass(frozen=True)
class Seen:
    """All numbers that were seen in some rounds.

    Attributes
    ----------
    values : ndarray, shape (numbers,)
        The numbers.
    owners : ndarray of int, shape (numbers,)
        The client who knows a number, or SERVER or ALL.
    rounds : ndarray of int, shape (numbers,)
        In which round it was seen.
    gradients : ndarray of int, shape (numbers,)
        For the coordinates of points the position of the gradient, else -1.
    evaluations : list of (int, Evaluation)
        The gradients with their rounds.
    states : list
        The state after each round.
    """

    values: np.ndarray
    owners: np.ndarray
    rounds: np.ndarray
    gradients: np.ndarray
    evaluations: list[tuple[int, Evaluation]]
    states: list[Any]


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
    """

    def __init__(self, case: Case) -> None:
        self.case = _small(case)
        self.watch = Watch()
        self.hessians, self.linear = np.array(self.case.problem.hessians), self.case.problem.kernel.b.copy()
        self.problem = self.changed({})
        method = self.case.method
        self._is_object = isinstance(method, ObjectMethod)
        self._advance = method.advance if self._is_object else self.watch.listening().of(method.advance)
        draws = self.case.draw(generator(case.seed, "cost"), _BEFORE + ROUNDS)
        self.draws = draws[_BEFORE:]
        state = method.start(self.problem, self.case.params)
        before = self._play(state, draws[:_BEFORE], range(_BEFORE), {}, None)
        self._starts = [before.states[-1]]
        self.known = {_key(evaluation) for _, evaluation in before.evaluations}
        self.base = self.play(0, ROUNDS, {})
        self._starts += self.base.states

    def changed(self, change: Mapping[int, tuple[np.ndarray, np.ndarray]]) -> Watched:
        """Return the problem with something added to the Hessians and the linear terms of some clients."""
        hessians, linear = self.hessians.copy(), self.linear.copy()
        for client, (of_hessian, of_linear) in change.items():
            hessians[client] += of_hessian
            linear[client] += of_linear
        problem: Any = self.case.problem
        return Watched.of(hessians, linear, problem, self.watch)

    def play(self, first: int, last: int, problems: Mapping[int, Watched], bump: Bump | None = None) -> Seen:
        """Return what is seen from one round up to another, with other data in some of them."""
        return self._play(self._starts[first], self.draws, range(first, last), problems, bump)

    def _play(
        self, state: Any, draws: Any, rounds: range, problems: Mapping[int, Watched], bump: Bump | None
    ) -> Seen:
        parts: list[tuple[np.ndarray, np.ndarray, int, int]] = []
        evaluations: list[tuple[int, Evaluation]] = []
        states: list[Any] = []
        n = self.problem.n
        for r in rounds:
            self.watch.restart((bump.index, bump.by) if bump and bump.round == r else None)
            state = self._after(problems.get(r, self.problem), state, draws[r : r + 1])
            for evaluation in self.watch.evaluations:
                owner = np.full(len(evaluation.point), evaluation.client)
                parts.append((evaluation.point, owner, r, len(evaluations)))
                evaluations.append((r, evaluation))
            parts += [(message.ravel(), np.full(message.size, ALL), r, -1) for message in self.watch.sent]
            for field in state:
                rows = np.arange(n) if field.ndim and len(field) == n else np.array([SERVER])
                parts.append((field.ravel(), np.repeat(rows, field.size // len(rows)), r, -1))
            states.append(_copied(state))
        lengths = [len(values) for values, *_ in parts]
        return Seen(
            np.concatenate([values for values, *_ in parts]),
            np.concatenate([owners for _, owners, *_ in parts]),
            np.repeat([r for *_, r, _ in parts], lengths),
            np.repeat([index for *_, index in parts], lengths),
            evaluations,
            states,
        )

    def _after(self, problem: Watched, state: Any, draws: Any) -> Any:
        state = _copied(state)
        asked = problem if self._is_object else problem.kernel
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
            seen = self.play(r, ROUNDS, {}, Bump(r, index, by))
            noticed[position] = not np.array_equal(seen.values, self.base.values[self.base.rounds >= r])
        return noticed

    @property
    def scale(self) -> float:
        """The size of the linear terms."""
        return float(np.abs(self.linear).max())

    def new_gradients(self, noticed: np.ndarray) -> np.ndarray:
        """Return how many gradients each client has to compute in each round, shape (ROUNDS, n).

        One at a point where it has been computed before is remembered. Where a method computes those of components the
        whole gradient of a client counts as many as it has components.
        """
        counts, known = np.zeros((ROUNDS, self.problem.n), dtype=int), set(self.known)
        of_components = any(evaluation.component is not None for _, evaluation in self.base.evaluations)
        for (r, evaluation), is_noticed in zip(self.base.evaluations, noticed, strict=True):
            if is_noticed and _key(evaluation) not in known:
                known.add(_key(evaluation))
                whole = of_components and evaluation.component is None
                counts[r, evaluation.client] += self.problem.d if whole else 1
        return counts


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
            shortened = _with_short_rounds(replace(case, problem=_quadratic(case, clients, dim)))
        except InputError as error:
            refusal = str(error)
            continue
        if shortened.pace.iterations > _LONGEST * shortened.pace.rounds:
            raise NotExact(f"rounds of {case.method.name} are too long to watch: give letters with shorter ones.")
        return shortened
    raise NotExact(f"{case.method.name} does not run on a small quadratic, where it would be watched: {refusal}")


def _quadratic(case: Case, clients: int, dim: int) -> Quadratic:
    unit = Quadratic.random(clients, max(dim + (dim == clients), 2), _KAPPA, case.seed, basis="client").kernel
    return Quadratic(case.problem.L * unit.A, unit.b)


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

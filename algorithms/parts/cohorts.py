"""What CompressedScaffnew and TAMUNA share: a communication in which every coordinate comes from s of c clients.

A mask is the cohort as an ordered list Ω of c clients: coordinate j is sent by those at the s places s j, ...,
s j + s - 1 modulo c of the list. So every coordinate has s senders, and a client sends at most ⌈s d / c⌉ coordinates.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations, permutations
from math import comb, perm
from typing import Any

import numpy as np

from ...core.compiled import njit
from ...core.dispatch import dispatched, implements
from ...core.errors import InputError
from ...core.inner import inner
from ...core.vectors import copyto
from ...problems.oracles import cohort_phase, workspace
from ...problems.problem import Problem
from ..compressors.choices import choices
from .cost import Length, Parcel, Sends, Vectors
from .local_steps import broadcast, communicate
from .messages import average
from .rounds import LISTED, Draws, Listing, Part
from .skipped_rounds import State


def _cohort(letter: str | None, problem: Problem, params: Any) -> int:
    return getattr(params, letter) if letter else problem.n


@dataclass(frozen=True)
class Orders(Part):
    """The clients of a cohort in random order, one cohort a round.

    Parameters
    ----------
    letter : str, optional
        The letter for the number of clients in a cohort; by default it is all of them.
    """

    letter: str | None = None
    name: str = "omega"

    def draw(self, rng: np.random.Generator, problem: Problem, params: Any, count: int) -> np.ndarray:
        return choices(rng, problem.n, _cohort(self.letter, problem, params), count)

    def cohorts(self, values: np.ndarray) -> np.ndarray:
        return values

    def first(self, problem: Problem, params: Any) -> np.ndarray:
        return np.arange(_cohort(self.letter, problem, params))

    def renamed(self, value: np.ndarray, names: np.ndarray) -> np.ndarray:
        return names[value]

    def listed(self, problem: Problem, params: Any) -> Listing:
        c = _cohort(self.letter, problem, params)
        count = perm(problem.n, c)
        if count > LISTED:
            return None
        return [(1.0 / count, np.array(order)) for order in permutations(range(problem.n), c)]


@dataclass(frozen=True)
class Sampled(Orders):
    """The clients of a cohort in increasing order, one cohort a round; where all take part nothing is drawn."""

    def draw(self, rng: np.random.Generator, problem: Problem, params: Any, count: int) -> np.ndarray:
        M = _cohort(self.letter, problem, params)
        if problem.n == M:
            return np.tile(np.arange(M), (count, 1))
        return np.sort(choices(rng, problem.n, M, count), axis=1)

    def renamed(self, value: np.ndarray, names: np.ndarray) -> np.ndarray:
        return np.sort(names[value])

    def listed(self, problem: Problem, params: Any) -> Listing:
        M = _cohort(self.letter, problem, params)
        count = comb(problem.n, M)
        if count > LISTED:
            return None
        return [(1.0 / count, np.array(chosen)) for chosen in combinations(range(problem.n), M)]


def check_size(problem: Problem, M: int) -> None:
    """Raise an InputError if a cohort has more clients than there are."""
    if problem.n < M:
        raise InputError(f"M = {M} clients in a cohort do not fit n = {problem.n} clients: give 1 <= M <= n.")


@inner
def average_of(omega, X, mean):
    """Write (1/M) Σ_i x_i over the M clients of a cohort in increasing order to ``mean``."""
    if omega.shape[0] == X.shape[0]:
        average(X, mean)
    else:
        mean[:] = 0.0
        for i in omega:
            for j in range(mean.shape[0]):
                mean[j] += X[i, j]
        for j in range(mean.shape[0]):
            mean[j] /= omega.shape[0]


@inner
def largest_of(omega, X, largest):
    """Write the largest of the x_i of a cohort, coordinate by coordinate, to ``largest``."""
    largest[:] = X[omega[0]]
    for i in omega:
        for j in range(largest.shape[0]):
            largest[j] = max(largest[j], X[i, j])


@dataclass(frozen=True)
class Share(Parcel):
    """What a client of the cohort sends: ⌈s d / c⌉ numbers, whose places everybody knows as the mask is known."""

    senders: str
    cohort: str | None = None

    def length(self, problem: Problem, params: Any) -> Length:
        """Return the largest share of a client."""
        floats = -(-getattr(params, self.senders) * problem.d // _cohort(self.cohort, problem, params))
        return Length(floats, 64 * floats)


def Shares(senders: str, cohort: str | None = None) -> Sends:
    """Return the ``SENDS`` of a method whose clients send their share and receive a full vector.

    Parameters
    ----------
    senders, cohort : str
        The letters for the senders of a coordinate and for the clients of a cohort; without the latter all clients.
    """
    return Sends(Share(senders, cohort), Vectors(1))


def check(problem: Problem) -> None:
    """Raise an InputError for a single client, which can share no coordinate with anybody."""
    if problem.n < 2:
        raise InputError(f"clients = {problem.n} is too few for every coordinate to have two senders: give at least 2.")


def check_senders(problem: Problem, s: int, c: int) -> None:
    """Raise an InputError if cohort and senders do not fit the number of clients."""
    check(problem)
    if not 2 <= s <= c <= problem.n:
        raise InputError(
            f"s = {s} senders of a cohort of c = {c} do not fit n = {problem.n} clients: give 2 <= s <= c <= n."
        )


def start(problem: Problem, params: Any) -> State:
    """Return the start x_i = h_i = 0 if s senders, and c clients where there is a cohort, fit the number of clients."""
    check_senders(problem, params.s, getattr(params, "c", problem.n))
    return State(np.zeros((problem.n, problem.d)), np.zeros((problem.n, problem.d)))


@dispatched
def average_of_senders(params, state, omega, mean):
    """Write x̄ to ``mean`` and let the control variates of its senders follow; ``omega`` is the cohort in its order.

    What a client of the cohort sends is read here and nowhere else.
    """
    raise NotImplementedError


def _hand_out(params, kernel, state, w, scratch):
    """Average what the senders of each coordinate send, then x_i⁺ = x̄ for all clients."""
    average_of_senders(params, state, w, scratch.mean)
    broadcast(scratch.mean, state.X)


def averages(letters: type) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register the decorated function as the average of the senders of a method, which with it communicates."""

    def register(average: Callable[..., None]) -> Callable[..., None]:
        implements(communicate, letters)(_hand_out)
        return implements(average_of_senders, letters)(average)

    return register


@njit
def _rounds_of_cohorts(params, kernel, state, lengths, cohorts):
    X, H = state
    mean, work = X[0].copy(), workspace(kernel)
    for r in range(lengths.shape[0]):
        omega = cohorts[r]
        for i in omega:
            copyto(X[i], mean)
        cohort_phase(kernel, omega, X, H, params.gamma, lengths[r], work)
        average_of_senders(params, state, omega, mean)
    broadcast(mean, X)


def advance(kernel: Any, params: Any, state: State, draws: Draws) -> None:
    """All rounds, computed at their cohorts only.

    The cohort of a round is known when it starts, so only its clients compute and send: whatever the others' x̂_i are,
    they are overwritten when the round ends. A ``step`` does not leave them out, and both end a round alike.
    """
    cohorts = np.ascontiguousarray(draws.ends["omega"])
    _rounds_of_cohorts(params, kernel, state, draws.lengths, cohorts)

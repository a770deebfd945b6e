"""Tiers of clients of about equal speed, and cohorts of one tier.

The tier of a round is drawn. Every tier has the same chance, or, with I >= 1, a chance that follows from losses: every
I rounds the clients tell their losses at the server's model, and if the mean of the last round's tier has not fallen
since they did so before, the tier with the k-th largest mean gets a chance of m + 1 - k parts. A round costs its tier
one of its credits; who has none is not drawn until nobody has any, and then all have as many as at first.
"""

from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import Any, NamedTuple

import numpy as np

from ...core.compiled import njit
from ...core.errors import InputError
from ...core.inner import inner
from ...problems.losses import loss
from ...problems.problem import Problem
from ..compressors.choices import choices
from . import speeds
from .cost import Length, Parcel, Sends, Vectors, numbers
from .rounds import LISTED, Draws, Listing, Part
from .stochastic import uniform


class State(NamedTuple):
    """The model, and what the server knows of the tiers."""

    x: np.ndarray
    """Model, shape (d,)."""
    tier: np.ndarray
    """The tier of each client from 0, the fastest, and that of the last round, shape (n + 1,)."""
    credits: np.ndarray
    """What is left of each tier's credits, shape (m,)."""
    chances: np.ndarray
    """How many parts of the chances each tier has, shape (m,)."""
    losses: np.ndarray
    """Mean losses of the tiers when they were told last, shape (m,)."""
    t: np.ndarray
    """How many rounds there were, shape (1,)."""


def tiers(problem: Problem, params: Any) -> list[np.ndarray]:
    """Return the clients of each tier, the fastest first; the first ones have one client more where n/m is no integer.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> tiers(SimpleNamespace(n=5), SimpleNamespace(m=2, speeds="0.1,0.5,1,0.2,0.9", w=0))
    [array([2, 4, 1]), array([3, 0])]
    """
    return np.array_split(np.argsort(-speeds.of_clients(params.speeds, problem.n, params.w), kind="stable"), params.m)


def start(problem: Problem, params: Any) -> State:
    """Return the start x = 0 if every tier has as many clients as a cohort."""
    S, m = params.S, params.m
    if S * m > problem.n or problem.n // m < S:
        raise InputError(
            f"S = {S} clients of one of m = {m} tiers do not fit n = {problem.n} clients: give S <= {problem.n // m} "
            "or fewer tiers."
        )
    of_clients = np.zeros(problem.n + 1)
    for place, clients in enumerate(tiers(problem, params)):
        of_clients[clients] = place
    left = np.full(m, float(params.credits))
    return State(np.zeros(problem.d), of_clients, left, np.ones(m), np.zeros(m), np.zeros(1))


def model(state: State) -> np.ndarray:
    """Return the server's model."""
    return state.x


def invariants(problem: Problem, params: Any, state: State) -> dict[str, np.ndarray]:
    """Nobody changes its tier."""
    return {"change of tiers": state.tier[:-1] - start(problem, params).tier[:-1]}


def depends_on_state(params: Any) -> bool:
    """Return whether the tier of a round depends on what was before."""
    return params.credits > 0 or params.I > 0


@dataclass(frozen=True)
class OfOneTier(Part):
    """S clients of one of m tiers, in ascending order; the tier and then the clients are uniform.

    Where the tier depends on the state, it is a word for it, and S clients of the first tier, of the second and so on.
    """

    name: str = "omega"

    def cohorts(self, values: np.ndarray) -> np.ndarray:
        return values

    def draw(self, rng: np.random.Generator, problem: Problem, params: Any, count: int) -> np.ndarray:
        clients = tiers(problem, params)
        of_each = np.array([np.sort(tier[choices(rng, len(tier), params.S, count)], axis=1) for tier in clients])
        if depends_on_state(params):
            return np.concatenate([rng.integers(2**63, size=(count, 1)), *of_each], axis=1)
        return of_each[rng.integers(params.m, size=count), np.arange(count)]

    def listed(self, problem: Problem, params: Any) -> Listing:
        clients = tiers(problem, params)
        if depends_on_state(params) or sum(comb(len(tier), params.S) for tier in clients) > LISTED:
            return None
        return [
            (1.0 / params.m / comb(len(tier), params.S), np.array(cohort))
            for tier in clients
            for cohort in combinations(sorted(tier), params.S)
        ]


@inner
def cohort(params, state, w):
    """Return the clients of the cohort, of what is drawn for a round."""
    if w.shape[0] == params.S:
        return w
    first = 1 + int(state.tier[-1]) * params.S
    return w[first : first + params.S]


def decided(params: Any, state: State, draws: Draws) -> Draws:
    """Return what was drawn for a round with the cohort that took part in it, of whose state it is the end."""
    omega = cohort(params, state, draws.ends["omega"][0])
    return Draws(draws.lengths, draws.ends | {"omega": omega[None]}, draws.steps)


@inner
def choose(params, kernel, state, w, losses):
    """Write the tier of a round to the state, by its word; of one that does not depend on the state there is none.

    ``losses`` is scratch space, shape (m,).
    """
    if w.shape[0] > params.S:
        if params.I > 0 and int(state.t[0]) % params.I == 0:
            mean_losses(kernel, state.tier, state.x, losses)
            last = int(state.tier[-1])
            if state.t[0] > 0.0 and losses[last] >= state.losses[last]:
                rank(losses, state.chances)
            state.losses[:] = losses
        state.tier[-1] = take(w[0], params.credits, state.chances, state.credits)
    state.t[0] += 1.0


@inner
def mean_losses(kernel, tier, x, losses):
    """Write the mean of the losses at x of each tier's clients to ``losses``."""
    for place in range(losses.shape[0]):
        total, clients = 0.0, 0
        for i in range(tier.shape[0] - 1):
            if tier[i] == place:
                total += loss(kernel, i, x)
                clients += 1
        losses[place] = total / clients


@njit
def rank(losses, chances):
    """Write 1 for the smallest loss to ``chances``, 2 for the next and so on; of equal ones the first has more.

    Examples
    --------
    >>> chances = np.ones(3)
    >>> rank(np.array([0.2, 0.9, 0.5]), chances)
    >>> chances.tolist()
    [1.0, 3.0, 2.0]
    """
    for a in range(losses.shape[0]):
        chances[a] = 1.0
        for b in range(losses.shape[0]):
            if losses[b] < losses[a] or (losses[b] == losses[a] and b > a):
                chances[a] += 1.0


@njit
def take(word, most, chances, left):
    """Return the tier of a word, and take one of its credits; with ``most`` = 0 of them they have no end.

    Examples
    --------
    >>> left = np.array([0.0, 1.0])
    >>> take(7, 2, np.ones(2), left), left.tolist()
    (1, [0.0, 0.0])
    >>> take(7, 2, np.array([1e9, 1.0]), left), left.tolist()
    (0, [1.0, 2.0])
    """
    m = chances.shape[0]
    if most > 0 and left.max() <= 0.0:
        left[:] = most
    whole = 0.0
    for tier in range(m):
        if most == 0 or left[tier] > 0.0:
            whole += chances[tier]
    below, taken = uniform(word, 0) * whole, -1
    for tier in range(m):
        if below >= 0.0 and (most == 0 or left[tier] > 0.0):
            taken = tier
            below -= chances[tier]
    if most > 0:
        left[taken] -= 1.0
    return taken


@dataclass(frozen=True)
class ModelAndLoss(Parcel):
    """A model, and a loss where these are asked for: all clients may be, and those of the cohort send most."""

    def length(self, problem: Problem, params: Any) -> Length:
        """Return d numbers, or one more."""
        return numbers(problem.d + (params.I > 0))


#: A model each way, and a loss up.
SENDS = Sends(ModelAndLoss(), Vectors(1))

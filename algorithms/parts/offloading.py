"""What Aergia plans in every round: who of a cohort trains for whom, and for how many steps.

A client whose local steps take longer than the cohort's mean is slow. A slow client a may leave the feature block of
its model to a fast client b for its last d steps, which then take it only 1 - bf of a step each, and b takes d more.
With seconds t of a step both are done after ::

    max{(K - bf d) t_a, (K + d) t_b + comm},    d* = the d >= 1 that makes it least.

Every slow client has one helper at most and every fast client one to help; of all assignments of as many pairs as there
can be that with the smallest ``makespan * max{f * Σ sim, 0.01}`` is taken. There sim = max{W, 0.01}, with Wasserstein's
distance W of the pair's label histograms over the numbers of the classes. Who would not be done before its own K t_a
keeps its steps: this rule is ours, and with it no round takes longer than without helpers.
"""

from dataclasses import dataclass
from functools import cache
from itertools import combinations, permutations
from math import comb, perm
from typing import Any, NamedTuple

import numpy as np

from ...core.dispatch import dispatched, implements
from ...core.errors import InputError
from ...core.inner import inner
from ...problems.oracles import clients, gradient
from ...problems.problem import Problem
from ...problems.softmax_kernels import DenseSoftmaxKernel, SparseSoftmaxKernel
from ...problems.weighted import WeightedKernel
from ..compressors.choices import choices
from . import speeds
from .clock import Clock
from .cost import Cost, numbers
from .nothing_drawn import State
from .rounds import LISTED, Draws, Listing, Part

# All one-to-one assignments are tried.
_ASSIGNMENTS = 10_000
_LEAST = 0.01


class Plan(NamedTuple):
    """Who helps whom in a cohort of S clients."""

    helpers: np.ndarray
    """The place in the cohort of each client's helper, -1 if it has none; shape (S,)."""
    steps: np.ndarray
    """How many steps without the feature block each client takes, and its helper with it; shape (S,)."""


def distances(problem: Problem) -> np.ndarray:
    """Return Wasserstein's distance of the label histograms of every two clients, shape (n, n).

    Of a problem without labels it is 0.

    Examples
    --------
    >>> from rootkappa import problems
    >>> features, labels = np.eye(4), [0, 1, 2, 2]
    >>> distances(problems.Softmax(features, labels, clients=4, kappa=10.0))[0].tolist()
    [0.0, 1.0, 2.0, 2.0]
    """
    shares = getattr(problem, "label_shares", None)
    if shares is None:
        return np.zeros((problem.n, problem.n))
    below = np.cumsum(shares, axis=1)
    return np.abs(below[:, None] - below).sum(axis=2)


def planned(times: np.ndarray, apart: np.ndarray, K: int, bf: float, f: float, comm: float) -> Plan:
    """Return the plan of a cohort.

    Parameters
    ----------
    times : ndarray, shape (S,)
        Seconds of a step of each client.
    apart : ndarray, shape (S, S)
        Distances of their label histograms.
    K : int
        Local steps of a round.
    bf : float
        The part of a step that is the backward pass of the feature block.
    f : float
        The weight of similarity.
    comm : float
        Seconds until a model has gone from one client to another.

    Examples
    --------
    >>> plan = planned(np.array([1.0, 2.0, 9.0]), np.zeros((3, 3)), K=10, bf=0.65, f=0.0, comm=0.0)
    >>> plan.helpers.tolist(), plan.steps.tolist()
    ([-1, -1, 0], [0, 0, 10])
    """
    S = len(times)
    none = Plan(np.full(S, -1), np.zeros(S, dtype=np.int64))
    is_slow = times > times.mean()
    slow, fast = np.flatnonzero(is_slow), np.flatnonzero(~is_slow)
    if len(slow) == 0:
        return none
    d = np.arange(1, K + 1)
    alone = (K - bf * d) * times[slow, None]
    joint = np.maximum(alone[:, None], (K + d) * times[fast, None] + comm)
    best, done = joint.argmin(axis=2), joint.min(axis=2)
    helps = done < K * times[slow, None]
    pair = np.where(helps, done, K * times[slow, None])
    a, b = _assignments(len(slow), len(fast))
    # Who has no helper takes as long as ever.
    left = np.array([np.delete(K * times[slow], row).max(initial=0.0) for row in a])
    makespan = np.maximum(pair[a, b].max(axis=1), left)
    similar = np.maximum(apart[np.ix_(slow, fast)], _LEAST)[a, b].sum(axis=1)
    taken = int(np.argmin(makespan * np.maximum(f * similar, _LEAST)))
    for slower, faster in zip(a[taken], b[taken], strict=True):
        if helps[slower, faster]:
            none.helpers[slow[slower]] = fast[faster]
            none.steps[slow[slower]] = d[best[slower, faster]]
    return none


@cache
def _assignments(slow: int, fast: int) -> tuple[np.ndarray, np.ndarray]:
    """Return all ways to pair as many as can be paired, one a row: places of the slow, and of the fast."""
    count = min(slow, fast)
    if slow <= fast:
        return (b := np.array(list(permutations(range(fast), count)))) * 0 + np.arange(count), b
    return (a := np.array(list(permutations(range(slow), count)))), a * 0 + np.arange(count)


@dataclass(frozen=True)
class Plans(Part):
    """The clients of a cohort in ascending order, with the plan: rows of a client, its helper or -1, and the steps."""

    name: str = "plan"

    def cohorts(self, values: np.ndarray) -> np.ndarray:
        return values[..., 0]

    def draw(self, rng: np.random.Generator, problem: Problem, params: Any, count: int) -> np.ndarray:
        cohorts = np.sort(choices(rng, problem.n, params.S, count), axis=1)
        return self._planned(problem, params, cohorts)

    def listed(self, problem: Problem, params: Any) -> Listing:
        count = comb(problem.n, params.S)
        if count > LISTED:
            return None
        cohorts = np.array(list(combinations(range(problem.n), params.S)))
        return [(1.0 / count, plan) for plan in self._planned(problem, params, cohorts)]

    def _planned(self, problem: Problem, params: Any, cohorts: np.ndarray) -> np.ndarray:
        times = 1.0 / speeds.of_clients(params.speeds, problem.n, params.w)
        apart = distances(problem)
        plans = np.zeros((*cohorts.shape, 3), dtype=np.int64)
        plans[..., 0] = cohorts
        for r, cohort in enumerate(cohorts):
            near = apart[np.ix_(cohort, cohort)]
            helpers, steps = planned(times[cohort], near, params.K, params.bf, params.f, params.comm)
            plans[r, :, 1] = np.where(helpers >= 0, cohort[helpers], -1)
            plans[r, :, 2] = steps
        return plans


def compiled(params: Any, state: Any) -> Any:
    """Return the letters with a number in the place of a word: whether a helper trains the whole model."""
    return params._replace(trains=params.trains == "model")


def start(problem: Problem, params: Any) -> State:
    """Return the start x = 0 if a cohort fits the number of clients and has not too many assignments to try."""
    S = params.S
    if problem.n < S:
        raise InputError(f"S = {S} clients in a cohort do not fit n = {problem.n} clients: give 1 <= S <= n.")
    if max(perm(max(k, S - k), min(k, S - k)) for k in range(S)) > _ASSIGNMENTS:
        raise InputError(f"S = {S} clients in a cohort have too many assignments to try them all: give S <= 13.")
    return State(np.zeros(problem.d))


# The blocks of a model.


@dispatched
def columns(kernel, d):
    """Return how many columns a model has as a matrix, of which the first are its feature block: by default d."""
    return d


@implements(columns, DenseSoftmaxKernel)
@implements(columns, SparseSoftmaxKernel)
def _features(kernel, d):
    return d // kernel.classes


@implements(columns, WeightedKernel)
def _weighted(kernel, d):
    return columns(kernel.own, d)


@inner
def kept_columns(share, count):
    """Return how many columns the feature block has."""
    return int(share * count + 0.5)


@inner
def steps_of_block(kernel, i, y, share, is_feature, eta, k, g, work):
    """Take k gradient steps of client i on the feature block alone, or else on the rest alone, in place.

    ``g`` is scratch space like y.
    """
    width = columns(kernel, y.shape[0])
    block = kept_columns(share, width)
    for _ in range(k):
        gradient(kernel, i, y, g, work)
        for j in range(y.shape[0]):
            if (j % width < block) == is_feature:
                y[j] -= eta * g[j]


@inner
def put_block(kernel, z, share, y):
    """Put the feature block of z into y."""
    width = columns(kernel, y.shape[0])
    block = kept_columns(share, width)
    for j in range(y.shape[0]):
        if j % width < block:
            y[j] = z[j]


def space(params, kernel, d):
    """Return space for the models that are handed on, shape (n, d): an ``own_scratch``."""
    return np.empty((clients(kernel), d))


# What a round costs.


def block_size(problem: Problem, share: float) -> int:
    """Return how many numbers the feature block has.

    Examples
    --------
    >>> from rootkappa import problems
    >>> block_size(problems.Quadratic.random(clients=2, dim=10, kappa=3.0), 0.75)
    8
    """
    width = int(columns(problem.kernel, problem.d))
    return int(kept_columns(share, width)) * (problem.d // width)


def cost(problem: Problem, params: Any, draws: Draws) -> Cost:
    """Return the cost of the busiest: a slow client sends its model on and its classifier, a helper both blocks.

    A helper receives one model more, and both are told of each other and of the steps. A gradient of one block counts
    as one.
    """
    d, block = problem.d, block_size(problem, params.phi)
    helped = int((draws.ends["plan"][..., 2] > 0).any(axis=1).sum())
    more = numbers(max(block, d - block))
    told = 2 * helped * (int(problem.n).bit_length() + int(params.K).bit_length())
    usual = numbers(d * len(draws))
    # Each round is rounded by itself, so that costs of rounds add up.
    steps = np.rint(draws.ends["plan"][..., 2].mean(axis=1))
    return Cost(
        draws.iterations,
        usual.floats + helped * more.floats,
        usual.floats + helped * d,
        usual.bits + helped * more.bits,
        usual.bits + helped * numbers(d).bits + told,
        draws.iterations + int(steps.sum()),
    )


def seconds(problem: Problem, params: Any, draws: Draws, clock: Clock) -> np.ndarray:
    """Return how long each round takes: helpers wait for the model that they take over, and the server for all."""
    d, block, plans = problem.d, block_size(problem, params.phi), draws.ends["plan"]
    client, helper, steps = plans[..., 0], plans[..., 1], plans[..., 2]
    helped = steps > 0
    a_step = float(clock.compute) / clock.speeds_of(problem.n)

    def link(up: Any, down: Any) -> Any:
        sent, received = numbers(1).bits * np.asarray(up), numbers(1).bits * np.asarray(down)
        return float(clock.latency) + sent / float(clock.up) + received / float(clock.down)

    own = (params.K - params.bf * steps) * a_step[client] + link(np.where(helped, d - block, d), d)
    arrives = (params.K - steps) * a_step[client] + link(d, d)
    free = params.K * a_step[helper]
    done = np.maximum(free, arrives) + steps * a_step[helper] + link(d + block, d)
    return np.maximum(own, np.where(helped, done, 0.0)).max(axis=1)

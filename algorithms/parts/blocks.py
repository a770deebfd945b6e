"""What BLADE-FL's blocks are: how many local steps a block has time for, who is lazy in it, and what it costs to tell.

A block of K within the time t_sum takes the time α of each local step and β of its mining, so that all clients have
time for ⌊(t_sum/K - β)/α⌋ steps. Then everybody tells everybody its model, and the miner tells the block. The last M
clients are lazy: they train nothing and tell a copy of what somebody before them has told, with noise on it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from ...core.compiled import njit
from ...core.errors import InputError
from ...core.inner import inner
from ...problems import oracles
from ...problems.problem import Problem
from .clock import Clock
from .cost import Length, Parcel, Sends, numbers
from .ledger import NUMBERS
from .local_steps import broadcast
from .messages import average
from .nothing_drawn import State
from .rounds import LISTED, Draws, Listing, Part
from .stochastic import add_noise

# The share of a block's time that rounding may take from a whole number of steps.
_ROUNDING = 1e-12


def local_steps(params: Any) -> int:
    """Return how many local steps there is time for in a block.

    Parameters
    ----------
    params : NamedTuple
        With K blocks in the time t_sum, and the times α of a step and β of a block's mining.

    Raises
    ------
    InputError
        If there is no time for a single one.

    Examples
    --------
    >>> from rootkappa import algorithms
    >>> Params = algorithms.get("blade_fl").Params
    >>> local_steps(Params(eta=1.0, K=10, t_sum=300.0, alpha=1.0, beta=5.0, M=0, sigma=0.0))
    25
    """
    each = params.t_sum / params.K
    steps = math.floor((each - params.beta + _ROUNDING * each) / params.alpha)
    if steps < 1:
        most = params.t_sum / (params.alpha + params.beta)
        raise InputError(
            f"K = {params.K} blocks in the time t_sum = {params.t_sum:g} leave none for a local step, with alpha = "
            f"{params.alpha:g} for a step and beta = {params.beta:g} for a block: give K <= t_sum/(alpha + beta) = "
            f"{most:.4g}, or more time."
        )
    return steps


def honest(problem: Problem, params: Any) -> int:
    """Return how many clients train, the first ones; that there are none is an InputError."""
    if problem.n <= params.M:
        raise InputError(f"M = {params.M} lazy clients of n = {problem.n} leave nobody who trains: give 0 <= M < n.")
    return problem.n - params.M


def start(problem: Problem, params: Any) -> State:
    """Return the start x = 0 if there is time for a local step, and a client that takes it."""
    honest(problem, params)
    local_steps(params)
    return State(np.zeros(problem.d))


@dataclass(frozen=True)
class Copies(Part):
    """Whom each client copies in a block, itself if it is honest, and a word for its noise: shape (n, 2).

    A lazy client copies any of those before it, who may be lazy as well.
    """

    name: str = "w"

    def draw(self, rng: np.random.Generator, problem: Problem, params: Any, count: int) -> np.ndarray:
        first = honest(problem, params)
        w = np.zeros((count, problem.n, 2), dtype=np.int64)
        w[:, :, 0] = np.arange(problem.n)
        w[:, first:, 0] = rng.integers(np.arange(first, problem.n), size=(count, params.M))
        if params.sigma > 0.0:
            w[:, first:, 1] = rng.integers(2**63, size=(count, params.M))
        return w

    def listed(self, problem: Problem, params: Any) -> Listing:
        first = honest(problem, params)
        count = math.prod(range(first, problem.n))
        if count > LISTED or (params.sigma > 0.0 and params.M > 0):
            return None
        own = list(range(first))
        every = product(*(range(j) for j in range(first, problem.n)))
        return [(1.0 / count, np.array([[i, 0] for i in (*own, *copied)])) for copied in every]


@inner
def copy_lazily(w, Y, sigma):
    """Let every lazy client have a copy of an earlier one's model, with noise of deviation σ in each coordinate."""
    n, d = Y.shape
    for j in range(n):
        if w[j, 0] != j:
            for k in range(d):
                Y[j, k] = Y[w[j, 0], k]
            add_noise(Y[j], sigma * math.sqrt(d), w[j, 1])


@dataclass(frozen=True)
class _Told(Parcel):
    """Models and headers of blocks, to or from all others."""

    headers: Callable[[int], int]

    def length(self, problem: Problem, params: Any) -> Length:
        """Return d numbers for each other client, and those of the headers."""
        others = problem.n - 1
        return numbers(others * problem.d + NUMBERS * self.headers(others))


#: A model to each other client, and from each; then the miner tells a header to everybody, who hear of one.
BROADCAST = Sends(_Told(lambda others: others), _Told(lambda others: min(others, 1)), exchanges=2)


def seconds(problem: Problem, params: Any, draws: Draws, clock: Clock) -> np.ndarray:
    """Return how long each block takes: training, where the slowest honest client is waited for, telling, and mining.

    The clock says how long a local step takes at speed 1, and mining takes β/α times that, whoever mines.
    """
    steps = np.where(np.arange(problem.n) < honest(problem, params), local_steps(params), 0)
    told = BROADCAST.cost(problem, params, 1, 0, 0)
    (training,) = clock.seconds(problem.n, steps[None], [told.bits_up], [told.bits_down], exchanges=2)
    return np.full(len(draws), training + params.beta / params.alpha * float(clock.compute))


@njit
def train(kernel, W, eta, tau):
    """Take τ local steps of client i in place from each row i of W."""
    h, work = np.zeros(W.shape[1]), oracles.workspace(kernel)
    for i in range(W.shape[0]):
        oracles.local_steps(kernel, i, W[i], h, eta, tau, work)


@njit
def average_trained(kernel, x, honest, eta, tau, blocks):
    """Move x through so many blocks without anybody lazy, in place."""
    W = np.empty((honest, x.shape[0]))
    for _ in range(blocks):
        broadcast(x, W)
        train(kernel, W, eta, tau)
        average(W, x)

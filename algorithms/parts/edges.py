r"""Two levels of averages: clients take local steps, an edge server averages its own, and the cloud the edges.

A round is what lies between two averages of the cloud. All edges start it from the model x of the cloud::

    x_e = x;  k2 times
        y_i = x_e;  k1 times  y_i ← y_i - γ ∇f_i(y_i)      for the clients i of edge e
        x_e ← (1/n_e) Σ_{i at e} y_i
    x⁺ = Σ_e (n_e/n) x_e

Client i is at edge ⌊i E/n⌋ of the E edges or near it: neighbours in number are together, and the sizes n_e differ by
one at most. What leaves a client for its edge, and an edge for the cloud, a method may change by :func:`tell_edge` and
:func:`tell_cloud`; both are found by the type of its letters.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...core.compiled import njit
from ...core.dispatch import dispatched
from ...core.errors import InputError
from ...core.inner import inner
from ...problems import oracles
from ...problems.problem import Problem
from .clock import Clock
from .components import sizes
from .cost import Length, Parcel, Sends, numbers
from .messages import average
from .nothing_drawn import State
from .rounds import Draws, Listing, Part, Phases
from .stochastic import minibatch_gradient


def steps_of_round(params: Any) -> int:
    """Return how many local steps there are between two averages of the cloud."""
    return params.k1 * params.k2


#: Every step is a round of k1 k2 iterations, which ends with an average of the cloud.
ROUNDS = Phases(steps_of_round)


@dataclass(frozen=True)
class Releases(Part):
    """A word for the noise of everything that is released in a round: k2 times of all clients, then of all edges.

    Parameters
    ----------
    letter : str
        The letter for the noise; where it is 0 there is nothing to draw.
    """

    letter: str
    name: str = "w"

    def draw(self, rng: np.random.Generator, problem: Problem, params: Any, count: int) -> np.ndarray:
        words = np.zeros((count, releases(problem.n, params)), dtype=np.int64)
        return rng.integers(2**63, size=words.shape) if getattr(params, self.letter) > 0.0 else words

    def listed(self, problem: Problem, params: Any) -> Listing:
        if getattr(params, self.letter) > 0.0:
            return None
        return [(1.0, np.zeros(releases(problem.n, params), dtype=np.int64))]


def releases(n: int, params: Any) -> int:
    """Return how many vectors leave the n clients and the edges in a round."""
    return params.k2 * n + params.edges


@njit
def first_of(e, edges, n):
    """Return the first client of an edge; that of the next is one behind its last.

    Examples
    --------
    >>> [first_of(e, 3, 7) for e in range(4)]
    [0, 2, 4, 7]
    """
    return e * n // edges


def start(problem: Problem, params: Any) -> State:
    """Return the start x = 0 if there are no more edges than clients."""
    if params.edges > problem.n:
        raise InputError(
            f"edges = {params.edges} servers do not fit n = {problem.n} clients: give 1 <= edges <= n, so that each "
            "has a client."
        )
    return State(np.zeros(problem.d))


@dataclass(frozen=True)
class EveryEdgeRound(Parcel):
    """k2 full vectors in a round."""

    def length(self, problem: Problem, params: Any) -> Length:
        """Return k2 d floats."""
        return numbers(params.k2 * problem.d)


#: A client sends its model to its edge k2 times a round, and gets one as often: the last is that of the cloud.
SENDS = Sends(EveryEdgeRound(), EveryEdgeRound())


def cloud_floats(problem: Problem, params: Any, size: int | None = None) -> int:
    """Return how many numbers go through the cloud in a round, up and down together.

    Parameters
    ----------
    problem : Problem
        Whose d is the size of a model.
    params : NamedTuple
        With the number of ``edges``.
    size : int, optional
        How much of a model travels, if not all of it.
    """
    return 2 * params.edges * (problem.d if size is None else size)


def seconds_of(sends: Sends, exchanges: Callable[[Any], int]) -> Callable[[Problem, Any, Draws, Clock], np.ndarray]:
    """Return the ``seconds`` of a method: the slowest client in every round of its edge, then one model to the cloud.

    Parameters
    ----------
    sends : Sends
        What clients and their edges tell each other in a round.
    exchanges : callable
        ``exchanges(params)`` returns how often they do. The edges' link to the cloud is taken to be like the clients'.
    """

    def seconds(problem: Problem, params: Any, draws: Draws, clock: Clock) -> np.ndarray:
        up, down = (way.length(problem, params).bits for way in (sends.up, sends.down))
        model, m = numbers(problem.d).bits, sizes(problem)
        work = draws.lengths[:, None] * (np.minimum(params.b, m) / m if "b" in params._fields else np.ones(problem.n))
        return clock.seconds(problem.n, work, [up + model], [down + model], exchanges(params) + 1)

    return seconds


@dispatched
def tell_edge(params, state, y, x, word, v):
    """Change a client's model y to what its edge is told, in place.

    Parameters
    ----------
    params, state : NamedTuple
        The letters and the state.
    y, x : ndarray, shape (d,)
        The client's model, and that of its edge when the client began.
    word : int
        What is drawn for this release.
    v : ndarray, shape (d,)
        Scratch space.
    """


@dispatched
def tell_cloud(params, state, clients, x, word, v):
    """Change an edge's model x to what the cloud is told, in place; ``clients`` is how many the edge has."""


@dispatched
def train(params, kernel, i, y, words, space, plain):
    """Take the local steps of client i from y, in place, between two averages of its edge.

    Parameters
    ----------
    params, kernel : NamedTuple
        The letters and the problem.
    i : int
        The client.
    y : ndarray, shape (d,)
        Its model.
    words : ndarray, shape (k1, n)
        What is drawn for the steps; empty if nothing is.
    space : tuple
        A vector for a gradient, zeros, a vector to spare, and the space of the oracles.
    plain : bool
        Whether step by step, without the oracles' short cuts.
    """
    whole_steps(params, kernel, i, y, space, plain)


@inner
def whole_steps(params, kernel, i, y, space, plain):
    """Take them along whole gradients."""
    g, h, _, work = space
    if plain:
        for _ in range(params.k1):
            oracles.gradient(kernel, i, y, g, work)
            for j in range(y.shape[0]):
                y[j] -= params.gamma * g[j]
    else:
        oracles.local_steps(kernel, i, y, h, params.gamma, params.k1, work)


@inner
def minibatch_steps(params, kernel, i, y, words, space, plain):
    """Take them along gradients of minibatches of b components, where the client has more: a ``train``."""
    g, _, spare, work = space
    if params.b >= oracles.components(kernel, i):
        whole_steps(params, kernel, i, y, space, plain)
    else:
        for t in range(params.k1):
            minibatch_gradient(kernel, i, y, params.b, words[t, i], g, spare, work)
            for j in range(y.shape[0]):
                y[j] -= params.gamma * g[j]


@njit
def rounds(params, kernel, state, w, xi, plain):
    """All rounds; ``plain`` is step by step. What is drawn has the shapes (rounds, ...) and (rounds, k1 k2, ...)."""
    x = state.x
    n, d = oracles.clients(kernel), x.shape[0]
    Y, X, g = np.empty((n, d)), np.empty((params.edges, d)), np.empty(d)
    space = (g, np.zeros(d), np.empty(d), oracles.workspace(kernel))
    for t in range(w.shape[0]):
        for e in range(params.edges):
            first, last = first_of(e, params.edges, n), first_of(e + 1, params.edges, n)
            X[e] = x
            for r in range(params.k2):
                for i in range(first, last):
                    y = Y[i]
                    y[:] = X[e]
                    train(params, kernel, i, y, xi[t, r * params.k1 : (r + 1) * params.k1], space, plain)
                    tell_edge(params, state, y, X[e], w[t, r * n + i], g)
                average(Y[first:last], X[e])
            tell_cloud(params, state, last - first, X[e], w[t, params.k2 * n + e], g)
        x[:] = 0.0
        for e in range(params.edges):
            weight = (first_of(e + 1, params.edges, n) - first_of(e, params.edges, n)) / n
            for j in range(d):
                x[j] += weight * X[e, j]


def step(kernel: Any, params: Any, state: Any, outcome: Any) -> None:
    """One round."""
    is_drawn = getattr(outcome, "dtype", None) is not None and outcome.dtype.names is not None
    w = outcome["w"] if is_drawn else np.zeros(releases(oracles.clients(kernel), params), dtype=np.int64)
    xi = outcome["xi"] if is_drawn and "xi" in outcome.dtype.names else _NONE
    rounds(params, kernel, state, np.ascontiguousarray(w)[None], np.ascontiguousarray(xi)[None], True)


def advance(kernel: Any, params: Any, state: Any, draws: Draws) -> None:
    """All rounds."""
    empty = np.zeros((len(draws), releases(oracles.clients(kernel), params)), dtype=np.int64)
    xi = draws.steps.get("xi", _NONE)
    words = np.ascontiguousarray(xi).reshape(len(draws), len(xi) // max(len(draws), 1), xi.shape[1])
    rounds(params, kernel, state, np.ascontiguousarray(draws.ends.get("w", empty)), words, False)


_NONE = np.zeros((0, 0), dtype=np.int64)

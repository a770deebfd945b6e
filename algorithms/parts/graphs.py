"""Communication graphs, drawn by networkx, and the gossip matrices with which clients average over them."""

import math
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ...core.compiled import njit
from ...core.errors import InputError, unknown
from ...core.randomness import generator
from ...problems.problem import Problem
from .cost import Length, Parcel, Sends, numbers

if TYPE_CHECKING:
    import networkx

WEIGHTS = ("metropolis", "lazy")
_DEGREE = 4
# Graphs with twice as many edges as keep them connected are connected nearly always.
_MOST_DRAWS = 1000


class Gossip(NamedTuple):
    """A gossip matrix and what theorems say about it."""

    W: np.ndarray
    """Symmetric, doubly stochastic, and positive on the edges and the diagonal only; shape (n, n), read-only."""
    inverse: np.ndarray
    """The pseudoinverse of I - W, likewise."""
    lambda_2: float
    """The smallest positive eigenvalue of I - W: the larger, the better the graph is connected."""
    norm: float
    """The largest eigenvalue of I - W, below 2."""
    degree: int
    """The largest number of neighbours."""


def names() -> list[str]:
    """Return the names of the graphs, sorted.

    Examples
    --------
    >>> names()
    ['complete', 'erdos_renyi', 'expander', 'grid', 'ring', 'star']
    """
    return sorted(_GRAPHS)


@cache
def gossip(graph: str, n: int, weights: str = "metropolis") -> Gossip:
    """Return the gossip matrix of a connected graph; the same for the same arguments.

    Parameters
    ----------
    graph : str
        "ring"; "grid", as square as n allows; "star"; "complete"; "erdos_renyi", every edge with probability
        2 log(n)/n, the first connected draw; or "expander", a random graph in which every node has 4 neighbours.
    n : int
        The number of nodes, at least 2.
    weights : {"metropolis", "lazy"}
        An edge between nodes of degrees a and b has the weight 1/(1 + max(a, b)), and the diagonal what is missing to
        1. Lazy ones are the mean of that and the identity, so that W is positive semidefinite.

    Raises
    ------
    InputError
        If the graph or the weights are unknown, or there are fewer than two nodes.

    Examples
    --------
    >>> gossip("ring", 4).W
    array([[0.33333333, 0.33333333, 0.        , 0.33333333],
           [0.33333333, 0.33333333, 0.33333333, 0.        ],
           [0.        , 0.33333333, 0.33333333, 0.33333333],
           [0.33333333, 0.        , 0.33333333, 0.33333333]])
    """
    if graph not in _GRAPHS:
        raise unknown("graph", graph, names())
    if weights not in WEIGHTS:
        raise unknown("weights", weights, WEIGHTS)
    if n < 2:
        raise InputError(f"clients = {n} is too few for a graph: give at least 2.")
    drawn = _GRAPHS[graph](n)
    degrees = np.array([degree for _, degree in drawn.degree()])
    W = np.zeros((n, n))
    for a, b in drawn.edges():
        W[a, b] = W[b, a] = 1.0 / (1 + max(degrees[a], degrees[b]))
    np.fill_diagonal(W, 1.0 - W.sum(axis=1))
    if weights == "lazy":
        W = (W + np.eye(n)) / 2.0
    eigenvalues, vectors = np.linalg.eigh(np.eye(n) - W)
    # The graph is connected, so only the first eigenvalue is 0.
    inverse = (vectors[:, 1:] / eigenvalues[1:]) @ vectors[:, 1:].T
    for array in (W, inverse):
        array.flags.writeable = False
    return Gossip(W, inverse, float(eigenvalues[1]), float(eigenvalues[-1]), int(degrees.max()))


def _grid(n: int) -> "networkx.Graph[int]":
    import networkx

    rows = next(rows for rows in range(math.isqrt(n), 0, -1) if n % rows == 0)
    return networkx.convert_node_labels_to_integers(networkx.grid_2d_graph(rows, n // rows))


def _connected(draw: Callable[[int], "networkx.Graph[int]"], graph: str, n: int) -> "networkx.Graph[int]":
    """Return the first connected graph of a sequence of draws."""
    import networkx

    rng = generator(0, "graph", graph, n)
    for _ in range(_MOST_DRAWS):
        drawn = draw(int(rng.integers(2**31)))
        if networkx.is_connected(drawn):
            return drawn
    raise InputError(f"graph = {graph!r} with {n} nodes was not connected in {_MOST_DRAWS} draws: take another graph.")


def _erdos_renyi(n: int) -> "networkx.Graph[int]":
    import networkx

    probability = min(1.0, 2.0 * math.log(n) / n)
    return _connected(lambda seed: networkx.gnp_random_graph(n, probability, seed=seed), "erdos_renyi", n)


def _expander(n: int) -> "networkx.Graph[int]":
    import networkx

    if n <= _DEGREE + 1:
        return networkx.complete_graph(n)
    return _connected(lambda seed: networkx.random_regular_graph(_DEGREE, n, seed=seed), "expander", n)


def _named(function: str, fewer: int = 0) -> Callable[[int], Any]:
    def draw(n: int) -> "networkx.Graph[int]":
        import networkx

        return getattr(networkx, function)(n - fewer)

    return draw


_GRAPHS: dict[str, Callable[[int], Any]] = {
    "ring": _named("cycle_graph"),
    "grid": _grid,
    # networkx does not count the hub.
    "star": _named("star_graph", 1),
    "complete": _named("complete_graph"),
    "erdos_renyi": _erdos_renyi,
    "expander": _expander,
}


class ToNeighbours(Parcel):
    """One vector to every neighbour in ``params.graph``, for the client that has most of them."""

    def length(self, problem: Problem, params: Any) -> Length:
        """Return d floats for each neighbour."""
        return numbers(gossip(params.graph, problem.n, params.weights).degree * problem.d)


#: Clients tell their neighbours, and hear from them.
NEIGHBOURS = Sends(ToNeighbours(), ToNeighbours())


@njit
def mix(W, t, X, mixed):
    """Every client sends its vector, a row of X, to its neighbours; ``mixed`` becomes (1 - t) X + t W X."""
    n, d = X.shape
    for i in range(n):
        for j in range(d):
            mixed[i, j] = (1.0 - t) * X[i, j]
        for k in range(n):
            if W[i, k] != 0.0:
                for j in range(d):
                    mixed[i, j] += t * W[i, k] * X[k, j]


def space_for_mixing(params, kernel, d):
    """Return space for every client's mixture: an ``own_scratch``."""
    return np.empty((params.graph.shape[0], d))


def check(problem: Problem) -> None:
    """Raise an InputError for a single client, which has no neighbour."""
    gossip("complete", problem.n)

"""Whom each client hears in a round, where the graph is drawn anew for every one."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

import numpy as np

from ...core.errors import InputError
from ...problems.problem import Problem
from ..compressors.choices import choices
from .rounds import LISTED, Draws, Listing, Part


def names() -> list[str]:
    """Return the names of the graphs, sorted.

    Examples
    --------
    >>> names()
    ['alone', 'complete', 'peers', 'regular', 'ring']
    """
    return sorted(_GRAPHS)


def hearing(rng: np.random.Generator, graph: str, n: int, deg: int, count: int) -> np.ndarray:
    """Return who hears whom in so many rounds.

    Parameters
    ----------
    rng : numpy.random.Generator
        For the graphs that are drawn.
    graph : str
        "peers", of whom every client draws ``deg``, who need not hear it; "regular", a uniform graph in which every
        client has ``deg`` neighbours, by networkx; "ring" and "complete", which stay the same; or "alone".
    n : int
        The number of clients.
    deg : int
        At most n - 1, and n deg even where the graph is regular; the others do not read it.
    count : int
        How many rounds.

    Returns
    -------
    ndarray of int8, shape (count, n, n)
        1 in row i and column j where client i hears client j; nobody counts as hearing itself.

    Raises
    ------
    InputError
        If there is no such graph.

    Examples
    --------
    >>> hearing(np.random.default_rng(0), "ring", 4, 2, 1)[0].tolist()
    [[0, 1, 0, 1], [1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 1, 0]]
    >>> hearing(np.random.default_rng(0), "peers", 5, 2, 3).sum(axis=2).tolist()
    [[2, 2, 2, 2, 2], [2, 2, 2, 2, 2], [2, 2, 2, 2, 2]]
    """
    check_degree(graph, n, deg)
    return _GRAPHS[graph](rng, n, deg, count)


def check_degree(graph: str, n: int, deg: int) -> None:
    """Raise an InputError if no graph on n clients has that degree."""
    if n < 2 and graph != "alone":
        raise InputError(f"clients = {n} is too few for anybody to hear others: give at least 2, or graph = 'alone'.")
    if graph in ("peers", "regular") and deg >= n:
        raise InputError(f"deg = {deg} neighbours do not fit n = {n} clients: give 1 <= deg <= {n - 1}.")
    if graph == "regular" and n * deg % 2 == 1:
        raise InputError(
            f"deg = {deg} neighbours for each of n = {n} clients are the ends of no edges, as their number is odd: "
            "give an even deg or graph = 'peers'."
        )


def _peers(rng: np.random.Generator, n: int, deg: int, count: int) -> np.ndarray:
    """Every client draws among the others."""
    drawn = choices(rng, n - 1, deg, count * n).reshape(count, n, deg)
    hears = np.zeros((count, n, n), dtype=np.int8)
    np.put_along_axis(hears, drawn + (drawn >= np.arange(n)[:, None]), 1, axis=2)
    return hears


def _regular(rng: np.random.Generator, n: int, deg: int, count: int) -> np.ndarray:
    import networkx

    hears = np.zeros((count, n, n), dtype=np.int8)
    for r in range(count):
        edges = np.array(networkx.random_regular_graph(deg, n, seed=int(rng.integers(2**31))).edges())
        hears[r, edges[:, 0], edges[:, 1]] = hears[r, edges[:, 1], edges[:, 0]] = 1
    return hears


def _fixed(row: Callable[[int], np.ndarray]) -> Callable[[np.random.Generator, int, int, int], np.ndarray]:
    """Return the graph in which client i hears those who stand behind it as row(n) says, in every round."""

    def repeated(rng: np.random.Generator, n: int, deg: int, count: int) -> np.ndarray:
        hears = np.array([np.roll(row(n), i) for i in range(n)], dtype=np.int8)
        return np.tile(hears, (count, 1, 1))

    return repeated


def _ring(n: int) -> np.ndarray:
    behind = np.zeros(n)
    behind[[1, -1]] = 1.0
    return behind


_GRAPHS: dict[str, Callable[[np.random.Generator, int, int, int], np.ndarray]] = {
    "alone": _fixed(np.zeros),
    "complete": _fixed(lambda n: (np.arange(n) > 0) * 1.0),
    "peers": _peers,
    "regular": _regular,
    "ring": _fixed(_ring),
}


@dataclass(frozen=True)
class Hearing(Part):
    """Who hears whom, one graph a round: the n² entries of :func:`hearing`, row after row.

    Parameters
    ----------
    graph, degree : str
        The letters for the graph and for the number of neighbours.
    """

    graph: str = "graph"
    degree: str = "deg"
    name: str = "hears"

    def draw(self, rng: np.random.Generator, problem: Problem, params: Any, count: int) -> np.ndarray:
        hears = hearing(rng, getattr(params, self.graph), problem.n, getattr(params, self.degree), count)
        return hears.reshape(count, -1).astype(np.int64)

    def listed(self, problem: Problem, params: Any) -> Listing:
        graph, n, deg = getattr(params, self.graph), problem.n, getattr(params, self.degree)
        check_degree(graph, n, deg)
        if graph == "regular" or (graph == "peers" and math.comb(n - 1, deg) ** n > LISTED):
            return None
        if graph != "peers":
            return [(1.0, self.draw(np.random.default_rng(0), problem, params, 1)[0])]
        each = [list(combinations([j for j in range(n) if j != i], deg)) for i in range(n)]
        drawn: list[np.ndarray] = []
        for chosen in product(*each):
            hears = np.zeros((n, n), dtype=np.int64)
            np.put_along_axis(hears, np.array(chosen), 1, axis=1)
            drawn.append(hears.ravel())
        return [(1.0 / len(drawn), hears) for hears in drawn]


def of_busiest(draws: Draws, sizes: np.ndarray) -> tuple[int, int]:
    """Return how much the clients send and receive that have most of it, each in its round, in all rounds.

    Parameters
    ----------
    draws : Draws
        With who hears whom.
    sizes : ndarray of int, shape (n,)
        How long a message of each client is.

    Examples
    --------
    >>> hears = np.array([[0, 1, 0, 0, 0, 1, 0, 1, 0]])
    >>> drawn = Draws(np.ones(1, dtype=int), {"hears": hears}, {})
    >>> of_busiest(drawn, np.array([1, 1, 1])), of_busiest(drawn, np.array([1, 5, 20]))
    ((2, 1), (20, 20))
    """
    hears = draws.ends["hears"].reshape(-1, len(sizes), len(sizes))
    sent, received = hears.sum(axis=1) * sizes, hears @ sizes
    return int(sent.max(axis=1).sum()), int(received.max(axis=1).sum())

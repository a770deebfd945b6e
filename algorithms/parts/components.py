"""What ProxSkip-VR and SProxSkip share: every client samples one of its components in every iteration."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

import numpy as np

from ...problems.oracles import components
from ...problems.problem import Problem
from ..compressors.mixture import Mixture, one_of
from .rounds import LISTED, Listing, Part


def sizes(problem: Problem) -> np.ndarray:
    """Return how many components every client has, shape (n,)."""
    return np.array([components(problem.kernel, i) for i in range(problem.n)])


def _uniform(values: range) -> Mixture:
    return one_of([(1.0 / len(values), np.array(value)) for value in values])


@dataclass(frozen=True)
class Components(Part):
    """One component of every client in every step, uniform and independent."""

    name: str = "j"
    in_every_step: bool = True

    def takes_components(self) -> bool:
        return True

    def draw(self, rng: np.random.Generator, problem: Problem, params: Any, count: int) -> np.ndarray:
        return rng.integers(sizes(problem), size=(count, problem.n))

    def listed(self, problem: Problem, params: Any) -> Listing:
        m = sizes(problem)
        count = prod(map(int, m))
        if count > LISTED:
            return None
        return [(1.0 / count, np.array(j)) for j in product(*(range(size) for size in m))]

    def mixtures(self, problem: Problem, params: Any) -> list[Mixture]:
        return [_uniform(range(size)) for size in sizes(problem)]


@dataclass(frozen=True)
class Flip(Part):
    """A coin in every step, the same for all clients, that is 1 with the probability that a letter gives."""

    letter: str
    name: str
    in_every_step: bool = True

    def draw(self, rng: np.random.Generator, problem: Problem, params: Any, count: int) -> np.ndarray:
        return (rng.random(count) < getattr(params, self.letter)).astype(np.int64)

    def listed(self, problem: Problem, params: Any) -> Listing:
        chance = getattr(params, self.letter)
        return [(1.0 - chance, np.int64(0)), (chance, np.int64(1))]


@dataclass(frozen=True)
class Flips(Part):
    """A coin of every client in every step, independent, 1 with the client's own probability.

    Parameters
    ----------
    probabilities : callable
        ``probabilities(problem, params)`` returns them, shape (n,).
    name : str
        The field of an outcome in which they stand.
    """

    probabilities: Callable[[Problem, Any], np.ndarray]
    name: str
    in_every_step: bool = True

    def draw(self, rng: np.random.Generator, problem: Problem, params: Any, count: int) -> np.ndarray:
        return rng.random((count, problem.n)) < self.probabilities(problem, params)

    def listed(self, problem: Problem, params: Any) -> Listing:
        sides = [
            [side for side in ((q, True), (1.0 - q, False)) if side[0] > 0.0]
            for q in self.probabilities(problem, params)
        ]
        if prod(map(len, sides)) > LISTED:
            return None
        return [(prod(q for q, _ in flips), np.array([side for _, side in flips])) for flips in product(*sides)]

    def mixtures(self, problem: Problem, params: Any) -> list[Mixture]:
        return [one_of([(q, np.array(True)), (1.0 - q, np.array(False))]) for q in self.probabilities(problem, params)]


@dataclass(frozen=True)
class SignedCoordinates(Part):
    """A coordinate and a sign for every client in every step, uniform and independent.

    The number j >= 0 stands for coordinate j with a plus, and j < 0 for coordinate j + d with a minus.
    """

    name: str = "xi"
    in_every_step: bool = True

    def draw(self, rng: np.random.Generator, problem: Problem, params: Any, count: int) -> np.ndarray:
        return rng.integers(-problem.d, problem.d, size=(count, problem.n))

    def listed(self, problem: Problem, params: Any) -> Listing:
        n, d = problem.n, problem.d
        if (2 * d) ** n > LISTED:
            return None
        return [(1.0 / (2 * d) ** n, np.array(where)) for where in product(range(-d, d), repeat=n)]

    def mixtures(self, problem: Problem, params: Any) -> list[Mixture]:
        return [_uniform(range(-problem.d, problem.d))] * problem.n

"""Tiers of clients of about equal speed, and cohorts of one tier."""

from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import Any

import numpy as np

from ...core.errors import InputError
from ...problems.problem import Problem
from ..compressors.choices import choices
from . import speeds
from .cost import Dense
from .nothing_drawn import State
from .rounds import LISTED, Listing, Part

#: A model each way.
SENDS = Dense(up=1, down=1)


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
    return State(np.zeros(problem.d))


@dataclass(frozen=True)
class OfOneTier(Part):
    """S clients of one of m tiers, in ascending order; the tier and then the clients are uniform."""

    name: str = "omega"

    def cohorts(self, values: np.ndarray) -> np.ndarray:
        return values

    def draw(self, rng: np.random.Generator, problem: Problem, params: Any, count: int) -> np.ndarray:
        clients = tiers(problem, params)
        of_each = np.array([tier[choices(rng, len(tier), params.S, count)] for tier in clients])
        return np.sort(of_each[rng.integers(params.m, size=count), np.arange(count)], axis=1)

    def listed(self, problem: Problem, params: Any) -> Listing:
        clients = tiers(problem, params)
        if sum(comb(len(tier), params.S) for tier in clients) > LISTED:
            return None
        return [
            (1.0 / params.m / comb(len(tier), params.S), np.array(cohort))
            for tier in clients
            for cohort in combinations(sorted(tier), params.S)
        ]

"""A model that is cut in two: the client has the weights of some features, its edge server those of the others.

The logits of a sample are those of both parts together. In every local step a client tells its edge, of each of its
samples, the features of the edge's part and the logits of its own; the edge answers with the derivatives of the loss in
the logits, and both have the gradient in their weights. A function that is not of samples is cut between coordinates,
and what passes is each one's product with the other's part of the Hessian.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ...core.errors import InputError
from ...problems.problem import Problem
from ...problems.samples import OfSamples
from . import edges
from .cost import Cost, Length, Parcel, Sends, numbers


class State(NamedTuple):
    """The model of the cloud, and where it is cut."""

    x: np.ndarray
    """Model, shape (d,)."""
    at_client: np.ndarray
    """1 where a client has the weight, 0 where its edge has it, shape (d,)."""


def columns(problem: Problem) -> int:
    """Return how many features a model has for each class, d where there are no classes."""
    blocks = getattr(problem, "blocks", None)
    return blocks.columns if blocks else problem.d


def start(problem: Problem, params: Any) -> State:
    """Return the start x = 0, with the last q features of every class at the edge.

    Raises
    ------
    InputError
        If there are fewer features than the edges have, or fewer clients than edges.
    """
    count = columns(problem)
    if params.q > count:
        raise InputError(f"q = {params.q} features at the edge are more than all {count}: give 0 <= q <= {count}.")
    at_client = np.tile(np.arange(count) < count - params.q, problem.d // count)
    return State(edges.start(problem, params).x, at_client.astype(float))


def model(state: State) -> np.ndarray:
    """Return the model of the cloud."""
    return state.x


def invariants(problem: Problem, params: Any, state: State) -> dict[str, np.ndarray]:
    """Return what stays 0: the cut is where it was."""
    return {"change of the cut": state.at_client - start(problem, params).at_client}


def kept_by_client(problem: Problem, params: Any) -> int:
    """Return how many weights a client has."""
    count = columns(problem)
    return problem.d // count * (count - params.q)


@dataclass(frozen=True)
class AcrossTheCut(Parcel):
    """What passes between a client and its edge in a round: in every local step, and the client's weights k2 times."""

    to_edge: bool

    def length(self, problem: Problem, params: Any) -> Length:
        """Return the numbers of the client with most samples."""
        weights = kept_by_client(problem, params)
        if isinstance(problem, OfSamples):
            samples, classes = min(largest(problem), params.b), problem.d // columns(problem)
            each = samples * (params.q + classes) if self.to_edge else samples * classes
        else:
            each = params.q if self.to_edge else weights
        return numbers(params.k2 * (params.k1 * each + weights))


#: Up and down in a round.
SENDS = Sends(AcrossTheCut(True), AcrossTheCut(False))


def largest(problem: OfSamples) -> int:
    """Return how many samples the client has that has most."""
    return int(np.diff(problem.kernel.start).max())


def opening(problem: Problem, params: Any) -> Cost:
    """Return what a client sends once: the classes of its samples, with which the edge computes losses."""
    if not isinstance(problem, OfSamples):
        return Cost(0, 0, 0, 0, 0, 0)
    samples, classes = largest(problem), max(problem.d // columns(problem), 2)
    return Cost(0, samples, 0, samples * (classes - 1).bit_length(), 0, 0)

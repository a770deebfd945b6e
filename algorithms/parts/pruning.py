"""What the methods share that keep k coordinates of a vector: letters, start, what is sent, and the pruning itself."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ...core.compiled import njit
from ...core.dispatch import implements
from ...core.errors import InputError
from ...core.vectors import copyto
from ...problems.problem import Problem
from ..compressors import compress
from ..compressors.top_k import TopK, TopKKernel
from . import letters, skipped_rounds
from .cost import Length, Parcel, Sends, Vectors
from .local_steps import own_scratch


class Params(NamedTuple):
    """The step size γ, the probability p of communication and the number k of coordinates that are kept, at most d."""

    gamma: letters.StepSize
    p: letters.Probability
    k: letters.Kept


@dataclass(frozen=True)
class Largest(Parcel):
    """The k coordinates that are largest in size, and where they stand."""

    def length(self, problem: Problem, params: Any) -> Length:
        """Return what top-k sends."""
        return Length(*TopK(params.k).length(problem.d))


#: A pruned vector up and a full one down a round: the mean of pruned vectors need not be sparse.
UP = Sends(Largest(), Vectors(1))
#: A full vector up and a pruned one down a round.
DOWN = Sends(Vectors(1), Largest())


def start(problem: Problem, params: Any) -> skipped_rounds.State:
    """Return the start x_i = h_i = 0."""
    if params.k > problem.d:
        raise InputError(f"k = {params.k} is more than the d = {problem.d} coordinates: give at most {problem.d}.")
    return skipped_rounds.start(problem, params)


@implements(own_scratch, Params)
def _scratch(params, kernel, d):
    return np.empty(d), np.empty(d)


@njit
def largest(k, x, kept, work):
    """Write to ``kept`` the k coordinates of x that are largest in size, and 0 elsewhere; scratch ``work``: (d,)."""
    compress(TopKKernel(k), x, x[:0], kept, work)


@njit
def prune(k, x, kept, work):
    """Keep the k coordinates of x that are largest in size, the others become 0; scratch ``kept``, ``work``: (d,)."""
    largest(k, x, kept, work)
    copyto(x, kept)

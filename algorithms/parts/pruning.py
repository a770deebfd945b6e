"""What the methods share that keep k coordinates of a vector: parameters, start, costs and the pruning itself."""

from typing import NamedTuple

import numpy as np

from ...core.compiled import njit
from ...core.errors import InputError
from ..compressors import compress
from ..compressors.top_k import TopK, TopKKernel
from .cost import Cost
from .skipped_rounds import State


class Params(NamedTuple):
    """The step size, the probability of communication and the number of coordinates that are kept."""

    gamma: float
    """Step size γ, positive."""
    p: float
    """Probability of communication in an iteration, in (0, 1]."""
    k: int
    """Coordinates that top-k keeps, 1 to d."""


def initial(problem, params):
    """Return the start x_i = h_i = 0."""
    if params.k > problem.d:
        raise InputError(f"k = {params.k} is more than the d = {problem.d} coordinates: give at most {problem.d}.")
    return State(np.zeros((problem.n, problem.d)), np.zeros((problem.n, problem.d)))


@njit
def prune(k, x, kept, work):
    """Keep the k coordinates of x that are largest in size, the others become 0; scratch ``kept``, ``work``: (d,)."""
    compress(TopKKernel(k), x, x[:0], kept, work)
    x[:] = kept


@njit
def prune_rows(k, X, kept, work):
    """Prune every client's vector."""
    for i in range(X.shape[0]):
        prune(k, X[i], kept, work)


def cost_of_pruned_upload(problem, params, lengths) -> Cost:
    """A pruned vector up and a full one down a round: the mean of pruned vectors need not be sparse."""
    return _cost(problem, lengths, up=TopK(params.k).length(problem.d), down=(problem.d, 64 * problem.d))


def cost_of_pruned_download(problem, params, lengths) -> Cost:
    """A full vector up and a pruned one down a round."""
    return _cost(problem, lengths, up=(problem.d, 64 * problem.d), down=TopK(params.k).length(problem.d))


def _cost(problem, lengths, up, down) -> Cost:
    iterations, rounds = int(lengths.sum()), len(lengths)
    return Cost(iterations, up[0] * rounds, down[0] * rounds, up[1] * rounds, down[1] * rounds, iterations)

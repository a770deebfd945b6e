"""Minibatches in NumPy: of a quadratic, and few enough that each has a place in the list of all."""

from itertools import combinations

import numpy as np

from rootkappa.algorithms.parts.components import sizes

from .local_training import component_gradients


def minibatch_gradients(problem, b, words, X):
    """Return the mean gradients of b components of each client at its own point; the word -1 - t is subset number t."""
    if b >= sizes(problem).max():
        return problem.gradients_at(X)
    subsets = list(combinations(range(problem.d), b))
    # Words drawn for another b are no error of this function.
    chosen = np.array([subsets[(-1 - word) % len(subsets)] for word in words])
    return np.mean([component_gradients(problem, j, X) for j in chosen.T], axis=0)

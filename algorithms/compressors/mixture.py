"""Random values for which a few fixed ones stand: where a map is affine in them, its moments follow from theirs."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

# What should be 0 as a weight.
_ROUNDING = 1e-12


class Mixture(NamedTuple):
    """A random value w as weights c of a few fixed ones, which add up to 1: an affine A has A(w) = Σ_t c_t A(w_t)."""

    values: np.ndarray
    """The fixed values w_t, shape (m, ...)."""
    mean: np.ndarray
    """E c, shape (m,)."""
    second: np.ndarray
    """E c c', shape (m, m)."""
    weights: Callable[[np.ndarray], np.ndarray]
    """The weights of a value that was drawn, shape (m,)."""


def one_of(listing: Sequence[tuple[float, np.ndarray]]) -> Mixture:
    """Return the mixture of listed values: the weight of the one that is drawn is 1.

    Examples
    --------
    >>> drawn = one_of([(0.25, np.array([7])), (0.75, np.array([9]))])
    >>> drawn.mean.tolist(), drawn.weights(np.array([9])).tolist()
    ([0.25, 0.75], [0.0, 1.0])
    """
    chances, values = np.array([q for q, _ in listing]), np.array([value for _, value in listing])

    def weights(value: np.ndarray) -> np.ndarray:
        return (values == value).reshape(len(values), -1).all(axis=1).astype(float)

    return Mixture(values, chances, np.diag(chances), weights)


def subsets(total: int, k: int) -> Mixture:
    """Return the mixture of k of ``total`` numbers, increasing, each choice equally likely; ``total`` of them stand.

    It is for what is affine in the mask of the choice.

    Examples
    --------
    >>> pairs = subsets(4, 2)
    >>> len(pairs.values), pairs.weights(np.array([2, 3])).round(9).tolist()
    (4, [-1.0, 0.0, 1.0, 1.0])
    """
    # The first k; others in the place of 0; and k in the place of others.
    first = list(range(k))
    rest = [[*first[1:], j] for j in range(k, total)]
    if k < total:
        rest += [[j for j in first if j != i] + [k] for i in range(1, k)]
    values = np.array([first, *rest])
    chosen = np.zeros((len(values), total))
    np.put_along_axis(chosen, values, 1.0, axis=1)
    # The choices are independent vectors, so that each other one is their combination in one way.
    inverse = np.linalg.pinv(chosen.T)
    share = k / total
    both = share * (k - 1) / max(total - 1, 1)
    moments = np.full((total, total), both) + (share - both) * np.eye(total)

    def weights(value: np.ndarray) -> np.ndarray:
        mask = np.zeros(total)
        mask[value] = 1.0
        found = inverse @ mask
        found[np.abs(found) < _ROUNDING] = 0.0
        return found

    return Mixture(values, inverse @ np.full(total, share), inverse @ moments @ inverse.T, weights)

"""What stands for all draws of a linear compressor has their moments."""

from itertools import combinations

import numpy as np
import pytest

from rootkappa.algorithms import compressors
from rootkappa.algorithms.compressors import mixture


@pytest.mark.parametrize(("total", "k"), [(1, 1), (4, 2), (5, 1), (5, 4), (6, 3), (6, 6)])
def test_choices_are_weights_of_a_few_with_their_moments(total, k):
    found = mixture.subsets(total, k)
    chosen = np.array([np.isin(np.arange(total), value) for value in found.values], float)
    weights, masks = [], []
    for choice in combinations(range(total), k):
        weights.append(found.weights(np.array(choice)))
        masks.append(np.isin(np.arange(total), choice))
    weights = np.array(weights)
    np.testing.assert_allclose(weights @ chosen, np.array(masks, float), atol=1e-12)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, atol=1e-12)
    np.testing.assert_allclose(found.mean, weights.mean(axis=0), atol=1e-12)
    np.testing.assert_allclose(found.second, weights.T @ weights / len(weights), atol=1e-12)
    assert len(found.values) == (total if k < total else 1)


@pytest.mark.parametrize(
    "text", ["RandK(2)", "BiasedRandK(3)", "RandBlocks(2, size=2)", "Identity()", "Bernoulli(0.3)"]
)
def test_a_linear_compressor_has_the_moments_of_its_mixture(text):
    C, x = compressors.get(text), np.arange(1.0, 9.0)
    found = C.mixture(8)
    messages = np.array([C(x, value) for value in found.values])
    listed = C.randomness(8)
    mean = sum(q * C(x, w) for q, w in listed)
    second = sum(q * np.outer(C(x, w), C(x, w)) for q, w in listed)
    np.testing.assert_allclose(found.mean @ messages, mean, atol=1e-10)
    np.testing.assert_allclose(messages.T @ found.second @ messages, second, atol=1e-9)


def test_what_is_not_linear_has_none():
    assert compressors.get("Natural()").mixture(4) is None
    assert compressors.get("TopK(2)").mixture(4) is None

"""What moves masks, beside sorting in Python: ties, ends, NaN, and averages over those who have a coordinate."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa.algorithms.parts import evolving_masks

SEEDS = st.integers(0, 2**32 - 1)


def case(seed, d):
    """Return a vector with ties and zeros, and a mask."""
    rng = np.random.default_rng(seed)
    return rng.integers(-3, 4, size=d) / 2.0, (rng.random(d) < 0.5).astype(float)


@given(seed=SEEDS, d=st.integers(1, 40), share=st.floats(0.0, 1.0))
def test_the_smallest_are_dropped_and_of_equal_ones_the_first(seed, d, share):
    x, mask = case(seed, d)
    on = [j for j in range(d) if mask[j]]
    q = math.ceil(share * len(on))
    gone = sorted(on, key=lambda j: abs(x[j]))[:q]
    if q > 0:
        evolving_masks.drop_smallest(x, mask, q, np.empty(d))
    assert [j for j in range(d) if mask[j]] == sorted(set(on) - set(gone))


@given(seed=SEEDS, d=st.integers(1, 40), share=st.floats(0.0, 1.0))
def test_the_steepest_grow_and_of_equal_ones_the_first(seed, d, share):
    g, mask = case(seed, d)
    on, off = np.flatnonzero(mask), [j for j in range(d) if not mask[j]]
    q = math.ceil(share * len(off))
    grown = sorted(off, key=lambda j: -abs(g[j]))[:q]
    if q > 0:
        evolving_masks.grow_steepest(g, mask, q, np.empty(d))
    assert [j for j in range(d) if mask[j]] == sorted([*on, *grown])


@given(seed=SEEDS, d=st.integers(1, 40), share=st.floats(0.0, 1.0), word=st.integers(0, 2**63 - 1))
def test_anywhere_as_many_grow_as_are_asked_for_and_nothing_goes(seed, d, share, word):
    _, mask = case(seed, d)
    before = mask.copy()
    q = math.ceil(share * (d - mask.sum()))
    evolving_masks.grow_anywhere(word, mask, q)
    assert set(np.unique(mask)) <= {0.0, 1.0}
    assert (mask >= before).all()
    assert mask.sum() == before.sum() + q


def test_every_choice_of_places_is_as_likely():
    """With 6000 words for one of 6 pairs a count leaves the interval of 5 deviations once in 10^5 runs."""
    counts, count = {}, 6000
    for word in np.random.default_rng(2).integers(2**63, size=count):
        mask = np.array([0.0, 1.0, 0.0, 0.0, 0.0])
        evolving_masks.grow_anywhere(word, mask, 2)
        key = tuple(np.flatnonzero(mask))
        counts[key] = counts.get(key, 0) + 1
    assert len(counts) == 6
    assert max(abs(found - count / 6) for found in counts.values()) <= 5 * math.sqrt(count * 5 / 36)


def test_where_a_model_is_no_number_masks_keep_their_size():
    x = np.array([1.0, math.nan, 0.5, math.inf, math.nan])
    mask = np.array([1.0, 1.0, 1.0, 1.0, 0.0])
    evolving_masks.drop_smallest(x, mask, 3, np.empty(5))
    assert mask.sum() == 1.0
    evolving_masks.grow_steepest(x, mask, 2, np.empty(5))
    assert mask.sum() == 3.0


@pytest.mark.parametrize(("t", "q"), [(0, 5), (4, 4), (5, 3), (9, 1), (10, 0), (11, 0), (10**6, 0)])
def test_how_many_move_falls_as_a_cosine_and_rests_at_0(t, q):
    assert evolving_masks.moved(0.5, t, 10, 10.0) == q


@given(seed=SEEDS, n=st.integers(1, 6), d=st.integers(1, 8))
def test_averages_are_of_those_who_are_heard_and_have_the_coordinate(seed, n, d):
    rng = np.random.default_rng(seed)
    hears = (rng.random((n, n)) < 0.5).astype(np.int8)
    X, (counted, mask) = rng.standard_normal((n, d)), (rng.random((2, n, d)) < 0.5).astype(float)
    Z = np.full((n, d), np.nan)
    evolving_masks.average_by_counts(hears.ravel(), X, counted, mask, np.empty(d), Z)
    for i in range(n):
        for j in range(d):
            values = [X[k, j] for k in range(n) if counted[k, j] and (k == i or hears[i, k])]
            expected = np.mean(values) if values and mask[i, j] else 0.0
            assert Z[i, j] == pytest.approx(expected, rel=1e-12, abs=1e-14)


def test_first_masks_are_independent_and_each_coordinate_is_as_likely():
    """With 3000 masks a count leaves the interval of 5 deviations once in 10^5 runs."""
    problem = SimpleNamespace(n=3000, inner=SimpleNamespace(d=8))
    masks = evolving_masks.drawn(problem, SimpleNamespace(density=0.25, capacity="1", w=4))
    assert (masks.sum(axis=1) == 2).all()
    assert np.abs(masks.sum(axis=0) - 750).max() <= 5 * math.sqrt(3000 * 3 / 16)
    # Neighbours share a coordinate as often as independent ones do, 13 of 28 times.
    shared = (masks[::2] * masks[1::2]).any(axis=1).sum()
    assert abs(shared - 1500 * 13 / 28) <= 5 * math.sqrt(1500 * 13 * 15 / 28**2)

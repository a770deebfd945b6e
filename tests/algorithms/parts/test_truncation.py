"""A truncation is the singular value decomposition without its last terms, at every size, shape and scale."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa import problems
from rootkappa.algorithms.compressors.low_rank import factors
from rootkappa.algorithms.parts import truncation

SIZES, SEEDS = st.integers(1, 9), st.integers(0, 2**32 - 1)


def truncated(M, p):
    x = np.array(M, dtype=float).ravel()
    rank, cut = truncation.truncate(x, len(M), p, truncation.space(x.size, len(M)))
    return x.reshape(M.shape), rank, cut


def drawn(rows, columns, seed, steepness=1.0):
    rng = np.random.default_rng(seed)
    s = np.exp(-steepness * np.arange(min(rows, columns)))
    U, V = (np.linalg.qr(rng.standard_normal((size, size)))[0] for size in (rows, columns))
    return (U[:, : len(s)] * s) @ V[: len(s)], s


@given(rows=SIZES, columns=SIZES, seed=SEEDS, steepness=st.floats(0.0, 8.0), exponent=st.integers(-900, 900))
def test_rows_become_orthogonal_and_the_rotation_takes_them_back(rows, columns, seed, steepness, exponent):
    M, s = drawn(rows, columns, seed, steepness)
    W, G = (M if rows <= columns else M.T).copy(), np.empty((len(s), len(s)))
    truncation.rotate(W, G)
    np.testing.assert_allclose(G @ G.T, np.eye(len(s)), rtol=0, atol=1e-13)
    np.testing.assert_allclose(G.T @ W, M if rows <= columns else M.T, rtol=0, atol=1e-13)
    np.testing.assert_allclose(np.sort(np.linalg.norm(W, axis=1))[::-1], s, rtol=1e-12, atol=1e-15)


@given(rows=SIZES, columns=SIZES, seed=SEEDS, steepness=st.floats(0.01, 4.0), exponent=st.integers(-900, 900))
def test_what_is_left_is_the_nearest_of_its_rank_and_the_rank_the_smallest(rows, columns, seed, steepness, exponent):
    M, s = drawn(rows, columns, seed, steepness)
    shares = s**2 / (s**2).sum()
    rank = int(seed % (len(s) + 1))
    # In the middle between two ranks, where rounding cannot choose.
    p = 1.0 - (shares[rank:].sum() + shares[max(rank - 1, 0) :].sum()) / 2 if rank else 0.5 * shares[0]
    rank = max(rank, 1)
    if not 1e-12 < p < 1.0 - 1e-12:
        return
    left, found, cut = truncated(np.ldexp(M, exponent), p)
    U, sigma, V = np.linalg.svd(M, full_matrices=False)
    assert found == rank
    assert np.ldexp(left, -exponent) == pytest.approx((U[:, :rank] * sigma[:rank]) @ V[:rank], rel=0, abs=1e-12)
    assert cut == pytest.approx(shares[rank:].sum(), rel=1e-9, abs=1e-25)
    assert cut <= 1.0 - p


@given(rows=SIZES, columns=SIZES, seed=SEEDS)
def test_where_nothing_is_cut_the_matrix_is_the_same_to_the_bit(rows, columns, seed):
    M, s = drawn(rows, columns, seed, 0.1)
    for p in (1.0, 1.0 - 0.5 * s[-1] ** 2 / (s**2).sum()):
        left, rank, cut = truncated(M, p)
        np.testing.assert_array_equal(left, M)
        assert (rank, cut) == (len(s), 0.0)


@pytest.mark.parametrize("shape", [(1, 5), (5, 1), (3, 4)])
def test_of_a_matrix_of_zeros_there_is_nothing_to_send(shape):
    left, rank, cut = truncated(np.zeros(shape), 0.9)
    assert (rank, cut) == (0, 0.0)
    assert not left.any()


@pytest.mark.parametrize("value", [np.inf, np.nan])
def test_what_has_left_all_numbers_is_no_endless_work(value):
    M = np.ones((3, 4))
    M[1, 2] = value
    assert not np.isfinite(truncated(M, 0.9)[0]).all()


def test_equal_singular_values_are_cut_while_the_share_is_left():
    left, rank, cut = truncated(np.diag([1.0, 1.0, 1.0, 1.0]), 0.75)
    assert (rank, cut) == (3, 0.25)
    assert sorted(np.diag(left)) == [0.0, 1.0, 1.0, 1.0]


def test_factors_travel_unless_the_matrix_is_shorter():
    assert [factors(rank, 10, 64) for rank in (0, 1, 8, 9, 10)] == [0, 74, 592, 640, 640]


@pytest.mark.parametrize(("d", "rows"), [(1, 1), (7, 1), (12, 3), (16, 4), (18, 3)])
def test_other_models_are_as_square_as_they_can_be(d, rows):
    assert truncation.rows_of(problems.Quadratic([np.eye(d)], [np.ones(d)])) == rows

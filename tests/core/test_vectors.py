"""The compiled building blocks against extended precision and NumPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa.core import vectors

EPS = np.finfo(float).eps
# Measured on two million draws from each of seven ranges: at most 2.36 units in the last place.
ULP = 3.0
EXTENDED = np.finfo(np.longdouble).eps < EPS / 100


def weights(z, scale=1.0):
    z = np.array(z, dtype=float)
    vectors.logistic_weights(z, len(z), scale)
    return z


@pytest.mark.skipif(not EXTENDED, reason="this machine has no floats beyond double precision")
@pytest.mark.parametrize("scale", [1.0, -1.0 / 37, 3e-4])
@pytest.mark.parametrize("reach", [1e-300, 1e-9, 1e-3, 0.35, 1.0, 5.0, 40.0, 200.0, 700.0])
def test_logistic_weights_to_three_units_in_the_last_place(reach, scale):
    z = np.random.default_rng(0).uniform(-reach, reach, 20_000)
    z[:2] = -reach, reach
    exact = np.longdouble(scale) / (1 + np.exp(z.astype(np.longdouble)))
    units = np.abs(weights(z, scale) - exact) / np.spacing(np.abs(exact.astype(float)))
    assert units.max() <= ULP


@pytest.mark.skipif(not EXTENDED, reason="this machine has no floats beyond double precision")
def test_logistic_weights_where_the_power_of_two_changes():
    """Halfway between multiples of ln 2 the reduced argument is largest, and rounding may go either way."""
    halves = (np.arange(-1009, 1010) + 0.5) * np.log(2.0)
    z = np.concatenate([np.nextafter(halves, -np.inf), halves, np.nextafter(halves, np.inf)])
    z = z[np.abs(z) <= 700]
    exact = 1 / (1 + np.exp(z.astype(np.longdouble)))
    units = np.abs(weights(z) - exact) / np.spacing(exact.astype(float))
    assert units.max() <= ULP


@given(z=st.lists(st.floats(-700, 700), min_size=1, max_size=20))
def test_logistic_weights_of_opposite_margins_add_up_to_one(z):
    total = weights(z) + weights(np.negative(z))
    assert np.abs(total - 1.0).max() <= 2 * ULP * EPS


def test_logistic_weights_at_the_edges():
    at_zero = [0.0, -0.0, 5e-324, -5e-324, 1e-310, -2e-308, 1e-17]
    assert weights(at_zero).tolist() == [0.5] * len(at_zero)
    large = weights([700.0, 700.5, 745.0, 1e6, 1.7e308, np.inf])
    assert np.all(large == large[0])
    assert 0 < large[0] == pytest.approx(np.exp(-700.0), rel=1e-13)
    assert weights([-40.0, -700.0, -745.0, -1e6, -1.7e308, -np.inf], -0.25).tolist() == [-0.25] * 6
    broken = weights([np.nan, 0.0, np.nan, 1.0])
    assert np.isnan(broken).tolist() == [True, False, True, False]


@pytest.mark.parametrize("count", range(9))
def test_logistic_weights_beyond_the_count_stay(count):
    """The vectorised loop has a remainder, which must not reach further."""
    z = np.zeros(8 + 1)
    vectors.logistic_weights(z, count, 1.0)
    assert z.tolist() == [0.5] * count + [0.0] * (9 - count)


@given(rows=st.integers(0, 13), d=st.integers(1, 40), seed=st.integers(0, 2**32))
def test_matrix_vector_and_its_transpose(rows, d, seed):
    rng = np.random.default_rng(seed)
    A, x, s, y = rng.standard_normal((rows, d)), *(rng.standard_normal(k) for k in (d, rows, d))
    kept = [a.copy() for a in (A, x, s)]
    # One float beyond the end, which must stay.
    product = np.full(rows + 1, 7.0)
    vectors.matrix_vector(A, x, product)
    # Sums in any order differ by at most the number of terms times the sum of their sizes.
    assert np.all(np.abs(product[:rows] - A @ x) <= 2 * d * EPS * (np.abs(A) @ np.abs(x)))
    assert product[rows] == 7.0
    total = np.append(y, 7.0)
    vectors.add_transposed_product(A, s, total[:d])
    assert np.all(np.abs(total[:d] - (y + A.T @ s)) <= 2 * (rows + 1) * EPS * (np.abs(y) + np.abs(A.T) @ np.abs(s)))
    assert total[d] == 7.0
    for before, after in zip(kept, (A, x, s), strict=True):
        assert np.array_equal(before, after)


@given(
    n=st.integers(0, 12),
    rows=st.integers(1, 13),
    d=st.integers(1, 40),
    more=st.integers(0, 2),
    seed=st.integers(0, 2**32),
)
def test_products_of_matrices_have_the_bits_of_products_with_each_vector(n, rows, d, more, seed):
    rng = np.random.default_rng(seed)
    A, X, S = (rng.standard_normal(shape) for shape in ((rows, d), (n, d), (n, rows + more)))
    # What is beyond the end must stay.
    images, totals = np.full((n + 1, rows + more), 7.0), rng.standard_normal((n + 1, d))
    before = totals.copy()
    vectors.matrix_times_rows(A, X, images[:n])
    vectors.add_transposed_times_rows(A, S, totals[:n])
    assert np.all(images[n] == 7.0)
    assert np.all(images[:n, rows:] == 7.0)
    assert np.array_equal(totals[n], before[n])
    for i in range(n):
        product, total = np.empty(rows), before[i].copy()
        vectors.matrix_vector(A, X[i], product)
        vectors.add_transposed_product(A, S[i], total)
        assert np.array_equal(images[i, :rows], product)
        assert np.array_equal(totals[i], total)


@pytest.mark.parametrize("rows", [1, 2, 3, 4, 5, 6, 7, 8])
def test_every_row_of_every_remainder_counts_once(rows):
    for d in range(1, 41):
        A = np.arange(1.0, rows * d + 1).reshape(rows, d)
        # Whole numbers: exact in whatever order.
        product, total = np.empty(rows), np.ones(d)
        vectors.matrix_vector(A, np.arange(d) + 1.0, product)
        vectors.add_transposed_product(A, np.arange(rows) + 1.0, total)
        assert np.array_equal(product, A @ (np.arange(d) + 1.0))
        assert np.array_equal(total, 1.0 + A.T @ (np.arange(rows) + 1.0))


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("row", range(6))
def test_what_is_not_finite_is_passed_on(row, value):
    A, total, product = np.ones((6, 9)), np.zeros(9), np.empty(6)
    A[row, 5] = value
    vectors.matrix_vector(A, np.ones(9), product)
    vectors.add_transposed_product(A, np.ones(6), total)
    assert np.flatnonzero(~np.isfinite(product)).tolist() == [row]
    assert np.flatnonzero(~np.isfinite(total)).tolist() == [5]


@given(n=st.integers(1, 9), d=st.integers(1, 12), seed=st.integers(0, 2**32))
def test_mean_rows(n, d, seed):
    X = np.random.default_rng(seed).standard_normal((n, d))
    before, mean = X.copy(), np.full(d, np.nan)
    vectors.mean_rows(X, mean)
    assert np.abs(mean - X.mean(axis=0)).max() <= 4 * n * EPS
    assert np.array_equal(X, before)

"""Products with sparse rows beside NumPy, and those of eight runs beside those of one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa.core.compiled import njit
from rootkappa.core.sparse import add_sparse, add_sparse_to_8, sparse_dot, sparse_dot_of_8

EPS = np.finfo(float).eps


@njit
def alone(values, columns, first, last, x, y):
    sparse_dot(values, columns, first, last, x, y, 1)
    add_sparse(values, columns, first, last, y, 1, x)


@njit
def together(values, columns, first, last, X, Y):
    sparse_dot_of_8(values, columns, first, last, X, Y, 1)
    add_sparse_to_8(values, columns, first, last, Y, 1, X)


@given(first=st.integers(0, 3), count=st.integers(0, 9), seed=st.integers(0, 2**32))
def test_a_row_meets_vectors_as_in_numpy_and_those_of_eight_runs_as_one(first, count, seed):
    rng = np.random.default_rng(seed)
    values, X = rng.standard_normal(first + count + 2), rng.standard_normal((20, 8))
    # A column may be stored twice, and the last one is there.
    columns = rng.integers(0, 20, len(values)).astype(np.int32)
    columns[-1] = 19
    row, last = np.zeros(20), first + count
    np.add.at(row, columns[first:last], values[first:last])
    before, Y = X.copy(), np.full((3, 8), 7.0)
    for s in range(8):
        x, y = X[:, s].copy(), np.full(3, 7.0)
        alone(values, columns, first, last, x, y)
        sizes = np.abs(values[first:last]) @ np.abs(before[columns[first:last], s])
        assert y[1] == pytest.approx(row @ before[:, s], abs=2 * (count + 1) * EPS * sizes)
        assert x == pytest.approx(before[:, s] + y[1] * row, rel=1e-14, abs=1e-13)
        assert y[0] == y[2] == 7.0
        Z, W = before.copy(), Y.copy()
        together(values, columns, first, last, Z, W)
        assert np.array_equal(Z[:, s], x)
        assert np.array_equal(W[:, s], y)

"""Products with the vectors of eight runs have the bits of the products with each."""

import numpy as np
import pytest

from rootkappa.core import vectors
from rootkappa.core.compiled import njit
from rootkappa.core.lanes import ROWS, add_transposed_products, products_of_runs


@njit
def both(A, first, last, X, Y, S, Z):
    products_of_runs(A, first, last, X, Y)
    add_transposed_products(A, first, last, S, Z)


@pytest.mark.parametrize("rows", [0, 1, 2, ROWS - 1, ROWS, ROWS + 1, 2 * ROWS, 19])
def test_products_of_eight_runs_have_the_bits_of_one(rows):
    rng = np.random.default_rng(rows)
    for d in (*range(1, 20), 50, 123):
        # A row more on each side, which nobody asks for.
        A, X, S = rng.standard_normal((rows + 2, d)), rng.standard_normal((d, 8)), rng.standard_normal((rows, 8))
        Y, Z = np.full((rows + 1, 8), 7.0), rng.standard_normal((d, 8))
        before = Z.copy()
        both(A, 1, rows + 1, X, Y, S, Z)
        assert np.all(Y[rows] == 7.0)
        for s in range(8):
            y, z = np.empty(rows), before[:, s].copy()
            vectors.matrix_vector(A[1 : rows + 1], X[:, s].copy(), y)
            vectors.add_transposed_product(A[1 : rows + 1], S[:, s].copy(), z)
            assert np.array_equal(Y[:rows, s], y)
            assert np.array_equal(Z[:, s], z)
            assert Y[:rows, s] == pytest.approx(A[1 : rows + 1] @ X[:, s], abs=1e-12)


def test_rows_may_be_longer_than_the_vectors():
    A, x, y = np.arange(40.0).reshape(4, 10), np.ones(7), np.empty(4)
    vectors.matrix_vector(A, x, y)
    assert np.array_equal(y, A[:, :7].sum(axis=1))


def test_exponentials_do_not_depend_on_where_they_stand():
    z = np.random.default_rng(0).uniform(-30.0, 30.0, 43)
    for function in (lambda z: vectors.logistic_weights(z, len(z), 0.3), lambda z: vectors.exponentials(z, len(z))):
        together = z.copy()
        function(together)
        alone = [z[j : j + 1].copy() for j in range(len(z))]
        for one in alone:
            function(one)
        assert np.array_equal(together, np.concatenate(alone))

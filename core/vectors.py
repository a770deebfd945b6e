"""Compiled dense linear algebra on small blocks, and the exponentials of many numbers."""

from .compiled import njit
from .simd import (
    FIVE,
    PAIR,
    THREE,
    WIDTH,
    dots_of_1,
    dots_of_8,
    powers,
    products,
    sigmoids,
    stay_apart,
    sums_in_8,
    sums_in_rest,
    sums_of_1,
    sums_of_8,
)

#: Rows of a feature matrix that are taken together: their margins stay in the first-level cache.
BLOCK = 64


@njit
def logistic_weights(z, count, scale):
    r"""Replace the first ``count`` margins by :math:`\mathrm{scale} / (1 + e^{z})`, to a few units in the last place.

    Margins beyond 700 in size are treated as 700, where the weight is already 0 or ``scale`` to 300 digits.
    """
    stay_apart()
    sigmoids(z, count, scale)


@njit
def exponentials(z, count):
    """Replace the first ``count`` entries by their exponentials; beyond 700 in size they are taken as 700 in size."""
    stay_apart()
    powers(z, count)


@njit
def matrix_vector(A, x, y):
    """Write ``A @ x`` to ``y``; A has shape (rows, d)."""
    stay_apart()
    rows, j = A.shape[0], 0
    if rows >= 8:
        while j < rows:
            # At the end some rows once more, which costs less than the last ones one by one.
            j = min(j, rows - 8)
            dots_of_8(A, j, x, y, j)
            j += 8
    while j < rows:
        dots_of_1(A, j, x, y, j)
        j += 1


@njit
def add_transposed_product(A, s, y):
    """Add ``A.T @ s`` to ``y``; A has shape (rows, d)."""
    stay_apart()
    rows, j = A.shape[0], 0
    while j + 8 <= rows:
        sums_of_8(A, j, s, j, y)
        j += 8
    while j < rows:
        sums_of_1(A, j, s, j, y)
        j += 1


@njit
def matrix_times_rows(A, X, Y):
    """Write ``A @ x`` to the row of Y for each row x of X, with the bits of :func:`matrix_vector`: A is read once."""
    stay_apart()
    n, rows = X.shape[0], A.shape[0]
    if n < PAIR or rows < THREE:
        for i in range(n):
            matrix_vector(A, X[i], Y[i])
        return
    j = 0
    while j < rows:
        # At the end some once more, which costs less than the last ones by themselves.
        j, i = min(j, rows - THREE), 0
        while i < n:
            i = min(i, n - PAIR)
            products(A, j, X, i, Y)
            i += PAIR
        j += THREE


@njit
def add_transposed_times_rows(A, S, Y):
    """Add ``A.T @ s`` to the row of Y for each row s of S, with the bits of :func:`add_transposed_product`.

    Rows of S may be longer than A has rows.
    """
    stay_apart()
    n, d = S.shape[0], A.shape[1]
    together = n - n % FIVE
    for k in range(0, d, WIDTH):
        for i in range(0, together, FIVE):
            if k + WIDTH <= d:
                sums_in_8(A, S, i, Y, k)
            else:
                sums_in_rest(A, S, i, Y, k)
    for i in range(together, n):
        add_transposed_product(A, S[i], Y[i])


@njit
def copyto(y, x):
    """Write the vector x to y, as ``y[:] = x`` would, whose error message takes seconds to compile."""
    for j in range(x.shape[0]):
        y[j] = x[j]


@njit
def mean_rows(X, mean):
    """Write the mean of the rows of X, shape (n, d), to ``mean``, shape (d,)."""
    n, d = X.shape
    mean[:] = 0.0
    for i in range(n):
        for j in range(d):
            mean[j] += X[i, j]
    for j in range(d):
        mean[j] /= n

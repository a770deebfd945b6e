"""Compiled dense linear algebra on small blocks, and the exponential that Numba does not vectorise."""

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from .compiled import REASSOCIATE, njit

#: Rows of a feature matrix that are taken together: their margins stay in the first-level cache.
BLOCK = 64


@intrinsic
def _as_bits(typing_context, value):
    def generate(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], ir.IntType(64))

    return types.int64(types.float64), generate


@intrinsic
def _as_float(typing_context, bits):
    def generate(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], ir.DoubleType())

    return types.float64(types.int64), generate


# Horner coefficients 1/k! of exp on [-ln(2)/2, ln(2)/2]: the first term left out is below 5e-18.
_C2, _C3, _C4, _C5, _C6, _C7 = (1.0 / 2, 1.0 / 6, 1.0 / 24, 1.0 / 120, 1.0 / 720, 1.0 / 5040)
_C8, _C9, _C10, _C11, _C12, _C13 = (
    1.0 / 40320,
    1.0 / 362880,
    1.0 / 3628800,
    1.0 / 39916800,
    1.0 / 479001600,
    1.0 / 6227020800,
)
_LOG2_E = 1.4426950408889634
# ln(2) in two parts; the first has 32 significant bits, so its product with a whole number below 2^11 is exact.
_LN2_HIGH = 6.93147180369123816490e-01
_LN2_LOW = 1.90821492927058770002e-10
# Adding 1.5 * 2^52 rounds a float to the nearest whole number, which then stands in the low bits.
_ROUND = 6755399441055744.0
_RANGE = 700.0


# Written into each loop, so that LLVM sees one loop of plain arithmetic and computes several entries at once.
@njit(inline="always")
def _power(t):
    """Return e to the power t, to a few units in the last place; beyond 700 in size t is treated as 700, NaN too."""
    t = min(max(t, -_RANGE), _RANGE)
    shifted = t * _LOG2_E + _ROUND
    whole = shifted - _ROUND
    r = (t - whole * _LN2_HIGH) - whole * _LN2_LOW
    e = _C13
    e = e * r + _C12
    e = e * r + _C11
    e = e * r + _C10
    e = e * r + _C9
    e = e * r + _C8
    e = e * r + _C7
    e = e * r + _C6
    e = e * r + _C5
    e = e * r + _C4
    e = e * r + _C3
    e = e * r + _C2
    e = e * r + 1.0
    e = e * r + 1.0
    # An intrinsic is declared with Numba's typing context, which callers do not pass.
    return e * _as_float((_as_bits(shifted) + 1023) << 52)  # pyright: ignore[reportCallIssue]


# The array is both input and output: with two arguments LLVM must allow for overlap and stays scalar.
@njit(fastmath={"contract"})
def logistic_weights(z, count, scale):
    r"""Replace the first ``count`` margins by :math:`\mathrm{scale} / (1 + e^{z})`, to a few units in the last place.

    Margins beyond 700 in size are treated as 700, where the weight is already 0 or ``scale`` to 300 digits.
    """
    for j in range(count):
        # NaN fails both comparisons of the clamp in one order only, so it is passed on by hand.
        z[j] = scale / (1.0 + _power(z[j])) if z[j] == z[j] else z[j]


@njit(fastmath={"contract"})
def exponentials(z, count):
    """Replace the first ``count`` entries by their exponentials; beyond 700 in size they are taken as 700 in size."""
    for j in range(count):
        z[j] = _power(z[j]) if z[j] == z[j] else z[j]


@njit(fastmath=REASSOCIATE)
def matrix_vector(A, x, y):
    """Write ``A @ x`` to ``y``; A has shape (rows, d)."""
    rows, d = A.shape
    j = 0
    while j + 4 <= rows:
        a0, a1, a2, a3 = A[j], A[j + 1], A[j + 2], A[j + 3]
        s0 = s1 = s2 = s3 = 0.0
        for k in range(d):
            s0 += a0[k] * x[k]
            s1 += a1[k] * x[k]
            s2 += a2[k] * x[k]
            s3 += a3[k] * x[k]
        y[j], y[j + 1], y[j + 2], y[j + 3] = s0, s1, s2, s3
        j += 4
    while j < rows:
        a0 = A[j]
        s0 = 0.0
        for k in range(d):
            s0 += a0[k] * x[k]
        y[j] = s0
        j += 1


@njit(fastmath=REASSOCIATE)
def add_transposed_product(A, s, y):
    """Add ``A.T @ s`` to ``y``; A has shape (rows, d)."""
    rows, d = A.shape
    j = 0
    while j + 4 <= rows:
        a0, a1, a2, a3 = A[j], A[j + 1], A[j + 2], A[j + 3]
        s0, s1, s2, s3 = s[j], s[j + 1], s[j + 2], s[j + 3]
        for k in range(d):
            y[k] += (s0 * a0[k] + s1 * a1[k]) + (s2 * a2[k] + s3 * a3[k])
        j += 4
    while j < rows:
        a0, s0 = A[j], s[j]
        for k in range(d):
            y[k] += s0 * a0[k]
        j += 1


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

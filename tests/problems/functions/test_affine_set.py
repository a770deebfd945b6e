"""What the equations say does not depend on the units in which each of them is written."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa.problems import InputError
from rootkappa.problems.functions import AffineSet

# Orders of magnitude of whole equations.
POWERS = st.integers(-280, 280)


def equations(data, d=4):
    """Draw equations of full rank, one of their solutions, and a scale for each of them."""
    rows = data.draw(st.integers(1, d))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    # No two rows are nearly parallel: what a solution is then depends on no rounding.
    A = np.linalg.qr(rng.standard_normal((d, d)))[0][:rows] + 0.1 * rng.standard_normal((rows, d))
    x = rng.standard_normal(d)
    scales = 10.0 ** np.array(data.draw(st.lists(POWERS, min_size=rows, max_size=rows)))
    return A, x, scales, rng.standard_normal(d)


def test_a_small_equation_is_one():
    assert AffineSet([[1e9, 0.0], [0.0, 1e-8]], [1e9, 1e-8]).prox(np.zeros(2), 1.0) == pytest.approx([1.0, 1.0])


@given(data=st.data())
def test_the_set_is_the_same_in_all_units(data):
    A, x, scales, v = equations(data)
    scaled = AffineSet(scales[:, None] * A, scales * (A @ x))
    nearest = v + np.linalg.lstsq(A, A @ (x - v), rcond=None)[0]
    assert scaled.prox(v, 1.0) == pytest.approx(nearest, rel=1e-9, abs=1e-9)
    assert scaled.in_domain(x, tolerance=1e-9)
    assert scaled.value(scaled.prox(v, 1.0)) == 0.0


@given(data=st.data())
def test_equations_that_disagree_are_refused_in_all_units(data):
    A, x, scales, _ = equations(data)
    b = A @ x
    again, factor = data.draw(st.integers(0, len(A) - 1)), 10.0 ** data.draw(POWERS)
    more, other = np.vstack([scales[:, None] * A, factor * A[again]]), np.append(scales * b, factor * (b[again] + 1.0))
    with pytest.raises(InputError, match=r"^A x = b has no solution, the nearest x misses equation \d by "):
        AffineSet(more, other)
    other[-1] = factor * b[again]
    assert AffineSet(more, other).kernel.V.shape[0] == len(A)


@pytest.mark.parametrize("size", [1e-300, 1.0, 1e300])
def test_no_number_on_the_left_is_an_equation_only_if_there_is_none_on_the_right(size):
    with pytest.raises(InputError, match="A x = b has no solution, the nearest x misses equation 1 by 1 "):
        AffineSet([[1.0, 2.0], [0.0, 0.0]], [3.0, size])
    assert AffineSet([[1.0, 2.0], [0.0, 0.0]], [5.0, 0.0]).prox(np.zeros(2), 1.0) == pytest.approx([1.0, 2.0])


@pytest.mark.parametrize(("a", "b"), [(1e-300, 1e300), (5e-324, 1.0), (0.5, 1.7e308)])
def test_a_solution_beyond_all_floats_is_refused(a, b):
    with pytest.raises(
        InputError, match=r"^A x = b has no solution that is a floating-point number: rescale A or b\.$"
    ):
        AffineSet([[a, 0.0]], [b])

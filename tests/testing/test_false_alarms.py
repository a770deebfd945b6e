"""Right functions pass ``check_prox`` where they are steep, or made of numbers much larger than the point."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa.problems.functions import L1, FusedLasso, Nuclear, TotalVariation1D, Translated
from rootkappa.testing import check_prox, prox


def case(x, y, gamma, t=0.5):
    x, y = np.array(x), np.broadcast_to(np.array(y, dtype=float), np.shape(x)).copy()
    return prox.Case(x, y, gamma, np.ones_like(x), 0.01, t)


def examine(function, example):
    for check in prox._checks(function):
        check(function, example)


def test_a_steep_total_variation_between_two_points():
    """Two differences of the point in the middle are rounded, and a weight of 1e6 multiplies them."""
    examine(TotalVariation1D(1e6), case([0.0, 0.0, -2e-6], [0.0, 0.0, 2.0], 1e-12))


def test_moreau_with_a_shift_a_million_times_the_point():
    """The shift of size 1 is subtracted and added again: the prox is rounded like 1, not like the point."""
    shifted = Translated(Nuclear(0.5), [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    examine(shifted, case([[0.0, 0.0, 1e-6], [3.5625e-6, 1e-6, 0.0]], 0.0, 1e-12))


@pytest.mark.parametrize("weight", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("shift", [0.0, 1.0, 1e4])
@pytest.mark.parametrize("kind", [TotalVariation1D, L1, lambda weight: FusedLasso(weight, 2.0 * weight)])
def test_steep_and_shifted_functions_pass(kind, weight, shift):
    check_prox(Translated(kind(weight), shift * np.array([1.0, -0.5, 0.3])), shape=3)


@given(weight=st.floats(1e-3, 1e6), error=st.sampled_from([1e-3, 1e-5]))
def test_a_steep_function_with_a_wrong_prox_still_fails(weight, error):
    """The bound for rounding is no place to hide in: a prox that is off by a thousandth is found."""
    right = TotalVariation1D(weight)
    wrong = TotalVariation1D(weight)
    wrong.prox = lambda x, gamma, out=None: right.prox(x, gamma) + error * np.sign(x)
    with pytest.raises(AssertionError):
        examine(wrong, case([3.0, -1.0, 5.0], [0.0, 0.0, 2.0], 0.5 / weight))

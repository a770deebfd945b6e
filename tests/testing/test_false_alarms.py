"""Right functions pass ``check_prox`` where they are steep, or made of numbers much larger than the point."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from rootkappa.problems.functions import (
    L1,
    FusedLasso,
    KullbackLeibler,
    LogBarrier,
    Nuclear,
    TotalVariation1D,
    Translated,
)
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


FAR = np.array([1e4, -5e3, 3e3])


def test_a_conjugate_that_is_steep_by_a_shift():
    """The conjugate holds <shift, u>, and u is what is left of x - p after p was rounded like the shift."""
    examine(Translated(L1(1e-6), FAR), case([3e-6, 0.0, 0.0], 0.0, 10.0**1.0625))


def test_a_prox_that_is_rounded_onto_the_edge_of_an_open_domain():
    """The barrier is 1e-16 inside of an edge at 1e4, where floats are 2e-12 apart."""
    examine(Translated(LogBarrier(0.5), FAR), case([0.0, 0.0, 0.0], 0.0, 1e-12))


def test_a_subgradient_that_changes_fast_in_one_direction_only():
    """Beside its edge the divergence has the slopes of a logarithm on one side, and no value on the other."""
    examine(Translated(KullbackLeibler([0.5, 1.0, 2.0]), FAR), case([0.0, -1e6, 0.0], 0.0, 10.0))


def test_a_rise_up_to_the_edge_of_the_domain_counts():
    """The whole step of a rounding leaves the domain, a part of it does not."""
    barrier, z = Translated(LogBarrier(1.0), [1e4]), np.array([1e4 + 1e-11])
    assert 0.1 < prox._change_by_rounding(barrier, z) < 10.0
    assert prox._change_by_rounding(Translated(L1(0.0), [1e4]), z) == 0.0


# The last term takes away the first, and of what they were rounded the second keeps its share.
CANCELLING = case(
    [0.6369616873214543, 0.0409735239361947, 0.6369616873214543],
    [0.2697867137638703, 0.0165276355285291, 0.2697867137638703],
    1e-30,
)


def test_terms_that_cancel_are_rounded_like_the_terms():
    c = np.array([1e8, 1.0, -1e8])
    linear = SimpleNamespace(is_separable=True, prox=lambda x, gamma: x - gamma * c)
    linear.value = lambda x: float(c[0] * x[0] + c[1] * x[1] + c[2] * x[2])
    prox._is_separable(linear, CANCELLING)
    linear.value = lambda x: float(c[0] * x[0] + 1e-3 * x[0] * x[1] + c[2] * x[2])
    with pytest.raises(AssertionError, match="the value is no sum over coordinates"):
        prox._is_separable(linear, CANCELLING)


def shifted(shift, threshold=1.0):
    """Return the distance to a point in the L1 norm, as another library would have it."""

    def soft(x, gamma):
        t = np.asarray(threshold * gamma, x.dtype)
        moved = x - shift.astype(x.dtype)
        return shift.astype(x.dtype) + np.sign(moved) * np.maximum(np.abs(moved) - t, 0)

    return SimpleNamespace(value=lambda x: float(np.abs(x - shift).sum()), prox=soft)


@pytest.fixture
def unshrunk():
    """Leave the examples as they are drawn, for a fault only has to be found."""
    before = settings.get_current_profile_name()
    settings.register_profile("unshrunk", max_examples=20, database=None, deadline=None, phases=[Phase.generate])
    settings.load_profile("unshrunk")
    yield
    settings.load_profile(before)


@pytest.mark.parametrize("size", [1e5, 1e7])
def test_numbers_inside_of_another_librarys_function_are_seen_by_their_rounding(size, unshrunk):
    shift = size * np.array([1.0, -0.5, 1.0 / 3.0])
    check_prox(shifted(shift), shape=3)
    with pytest.raises(AssertionError):
        check_prox(shifted(shift, threshold=0.999), shape=3)


@given(weight=st.floats(1e-3, 1e6), error=st.sampled_from([1e-3, 1e-5]))
def test_a_steep_function_with_a_wrong_prox_still_fails(weight, error):
    """The bound for rounding is no place to hide in: a prox that is off by a thousandth is found."""
    right = TotalVariation1D(weight)
    wrong = TotalVariation1D(weight)
    wrong.prox = lambda x, gamma, out=None: right.prox(x, gamma) + error * np.sign(x)
    with pytest.raises(AssertionError):
        examine(wrong, case([3.0, -1.0, 5.0], [0.0, 0.0, 2.0], 0.5 / weight))

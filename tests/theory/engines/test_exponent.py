import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa import problems, theory
from rootkappa.problems import InputError
from rootkappa.theory.engines import exponent
from rootkappa.theory.engines.exponent import Slope, fit, judged, steeper


@given(slope=st.floats(-2, 3), constant=st.floats(1e-3, 1e3), points=st.integers(3, 12))
def test_a_planted_power_is_found_exactly(slope, constant, points):
    kappas = np.geomspace(10, 1e6, points)
    found = fit(kappas, constant * kappas**slope)
    assert found.slope == pytest.approx(slope, abs=1e-10)
    assert found.low - 1e-9 <= slope <= found.high + 1e-9


def test_students_interval_covers_in_95_percent_of_the_cases():
    rng, kappas, slope = np.random.default_rng(0), np.geomspace(1e2, 1e6, 9), 0.5
    inside = 0
    for _ in range(2000):
        found = fit(kappas, kappas**slope * np.exp(0.05 * rng.standard_normal(9)))
        inside += found.low <= slope <= found.high
    # Four standard deviations of a binomial count: errs for one seed in 16,000.
    assert abs(inside - 1900) < 4 * np.sqrt(2000 * 0.95 * 0.05)


def test_the_bootstrap_interval_shrinks_with_the_seeds_and_holds_the_slope():
    rng, kappas = np.random.default_rng(1), np.geomspace(1e2, 1e6, 5)
    widths = []
    for seeds in (6, 96):
        found = fit(kappas, kappas**0.5 * np.exp(0.2 * rng.standard_normal((seeds, 5))))
        assert found.low < 0.5 < found.high
        widths.append(found.high - found.low)
    assert widths[1] < 0.5 * widths[0]


def test_seeds_that_change_nothing_do_not_narrow_the_interval():
    kappas, values = np.geomspace(1e2, 1e6, 5), np.array([1.0, 4.0, 9.0, 33.0, 90.0])
    assert fit(kappas, np.tile(values, (6, 1))) == fit(kappas, values)


def test_the_last_decade_is_seen_apart():
    kappas = np.array([1e2, 1e3, 1e4, 1e5])
    assert fit(kappas, [1.0, 1.0, 1.0, 10.0]).last_decade == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("slope", "status"),
    [
        (Slope(0.5, 0.49, 0.51, 0.5), "confirmed"),
        (Slope(0.3, 0.29, 0.31, 0.3), "confirmed"),
        (Slope(0.5, 0.4, 0.6, 0.5), "inconclusive"),
        (Slope(1.0, 0.99, 1.01, 1.0), "refuted"),
    ],
)
def test_a_promise_is_an_upper_bound_with_slack(slope, status):
    assert judged(slope, 0.5, 0.02) == status


@given(
    promised=st.sampled_from([-0.5, 0.5, 1.0]),
    above=st.floats(0.0, 0.5),
    width=st.floats(0.0, 0.1),
    more=st.floats(1.001, 3.0),
)
def test_an_exponent_that_is_better_by_more_than_the_sensitivity_is_refuted_and_by_less_is_not(
    promised, above, width, more
):
    low = promised + 0.02 - above
    slope = Slope(low + width, low, low + 2 * width, low)
    sensitivity = steeper(slope, promised, 0.02)
    assert judged(slope, promised - abs(promised) * (more * sensitivity + 1e-9), 0.02) == "refuted"
    assert judged(slope, promised - abs(promised) * (sensitivity / more - 1e-9), 0.02) != "refuted"


@pytest.mark.parametrize(("promised", "status"), [(0.48, "refuted"), (0.5, "confirmed"), (0.51, "confirmed")])
def test_a_promise_that_is_a_little_too_good_is_refuted(promised, status):
    """Rounds of Scaffnew grow like κ^0.498 over all, and like κ^0.500 at the end."""
    held = theory.case("scaffnew", problems.Quadratic.random(3, 2, 100.0))
    exponents = {"rounds": promised, "iterations": promised + 0.5}
    wrong = dataclasses.replace(held, theorem=dataclasses.replace(held.theorem, exponents=exponents))
    assert exponent.evidence(wrong, lambda share: None).status == status


@pytest.mark.parametrize(
    ("kappas", "values", "words"),
    [
        ([10, 100], [1, 2], "2 condition numbers are too few"),
        ([10, 10, 100], [1, 2, 3], "2 condition numbers are too few"),
        ([10, 100, 1000], [1, np.nan, 3], "did not reach the accuracy"),
        ([10, 100, 1000], [1, 0, 3], "did not reach the accuracy"),
    ],
)
def test_what_has_no_slope_is_refused(kappas, values, words):
    with pytest.raises(InputError, match=words):
        fit(kappas, values)


@pytest.mark.parametrize(
    ("name", "rounds", "iterations"), [("scaffnew", 0.5, 1.0), ("nesterov", 0.5, 0.5), ("gradient_descent", 1.0, 1.0)]
)
def test_measured_exponents_are_the_textbook_ones(name, rounds, iterations):
    kappas = np.geomspace(1e2, 1e6, 5)
    times = [theory.exact.time_to_accuracy(theory.case(name, problems.Quadratic.random(3, 5, k))) for k in kappas]
    assert fit(kappas, [t.rounds for t in times]).slope == pytest.approx(rounds, abs=0.02)
    assert fit(kappas, [t.iterations for t in times]).slope == pytest.approx(iterations, abs=0.02)


@pytest.mark.parametrize("a", [0.25, 0.75])
def test_other_probabilities_lose_the_square_root(a):
    kappas = np.geomspace(1e2, 1e6, 5)
    cases = [theory.case("scaffnew", problems.Quadratic.random(3, 5, kappa), p=kappa**-a) for kappa in kappas]
    rounds = [theory.exact.time_to_accuracy(case).rounds for case in cases]
    assert fit(kappas, rounds).slope == pytest.approx(max(a, 1 - a), abs=0.05)

"""What Gaussian noise promises: the profile against integrals and draws, its monotonicity, composition, clipping."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from rootkappa.algorithms.parts import privacy
from rootkappa.core.compiled import njit
from rootkappa.problems import InputError

EPS, Z, DELTA = st.floats(0.0, 30.0), st.floats(0.1, 20.0), st.floats(1e-12, 0.5)


def integral(eps, z):
    """Return ∫ max{p - e^ε q, 0} for normal p and q at a distance of 1/z, from where p exceeds e^ε q."""
    shift = 1.0 / z
    first = eps / shift + shift / 2.0
    # Beyond 40 deviations there is nothing.
    value, _ = quad(
        lambda x: norm.pdf(x - shift) - math.exp(eps - 0.5 * x**2) / math.sqrt(2.0 * math.pi),
        first,
        first + 40.0,
        epsabs=0.0,
        epsrel=1e-10,
        limit=400,
        points=[point for point in (first + 0.5, shift, shift + 3.0) if first < point < first + 40.0],
    )
    return value


@given(eps=EPS, z=Z)
def test_the_profile_is_the_integral_of_what_is_more_likely(eps, z):
    assert privacy.profile(eps, z) == pytest.approx(integral(eps, z), rel=1e-6, abs=1e-15)


@given(eps=EPS, z=Z, factor=st.floats(1.01, 3.0))
def test_more_noise_and_a_larger_epsilon_hide_more(eps, z, factor):
    delta = privacy.profile(eps, z)
    assert 0.0 <= privacy.profile(eps, factor * z) <= delta <= 1.0
    assert privacy.profile(factor * eps, z) <= delta
    if delta > 1e-300:
        assert privacy.profile(eps, factor * z) < delta


@given(z=Z)
def test_with_epsilon_0_it_is_the_total_variation(z):
    assert privacy.profile(0.0, z) == pytest.approx(math.erf(1.0 / (2.0 * math.sqrt(2.0) * z)), rel=1e-13)


@given(eps=EPS, delta=DELTA)
def test_the_multiplier_is_the_least_that_is_private(eps, delta):
    z = privacy.multiplier(eps, delta)
    assert privacy.profile(eps, z) <= delta < privacy.profile(eps, z * (1.0 - 1e-9))


@given(eps=st.floats(1e-3, 0.999), delta=st.floats(1e-12, 1e-2))
def test_the_classic_multiplier_is_enough_below_1_and_more_than_needed(eps, delta):
    z = privacy.classic_multiplier(eps, delta)
    assert privacy.profile(eps, z) < delta
    assert privacy.multiplier(eps, delta) < z


def test_the_classic_multiplier_is_too_small_for_a_large_epsilon():
    z = privacy.classic_multiplier(16.0, 1e-5)
    assert privacy.profile(16.0, z) == pytest.approx(integral(16.0, z), rel=1e-6)
    assert privacy.profile(16.0, z) > 30 * 1e-5
    assert privacy.classic_multiplier(0.0, 1e-5) == math.inf


@given(z=Z, releases=st.integers(1, 1000), delta=DELTA)
def test_many_releases_are_exactly_as_private_as_one_with_less_noise(z, releases, delta):
    exact, loose = privacy.composed_epsilon(z, releases, delta), privacy.concentrated_epsilon(z, releases, delta)
    assert exact <= loose * (1.0 + 1e-12)
    assert privacy.profile(exact, z / math.sqrt(releases)) <= delta * (1.0 + 1e-9)
    if exact > 0.0:
        assert privacy.profile(exact * (1.0 - 1e-6), z / math.sqrt(releases)) > delta * (1.0 - 1e-9)


def test_the_loss_of_two_releases_has_the_profile_of_their_composition():
    """By 400,000 draws of two releases; six deviations err once in 5 · 10⁸ runs."""
    z, eps, count = 1.5, 1.0, 400_000
    noise = z * np.random.default_rng(5).standard_normal((count, 2))
    # The logarithm of the ratio of both densities, summed over the releases.
    losses = (((noise + 1.0) ** 2 - noise**2) / (2.0 * z**2)).sum(axis=1)
    shares = np.maximum(0.0, -np.expm1(eps - losses))
    expected = privacy.profile(eps, z / math.sqrt(2.0))
    assert abs(shares.mean() - expected) < 6.0 * shares.std() / math.sqrt(count)
    # One release alone is seen to be far from it.
    assert abs(shares.mean() - privacy.profile(eps, z)) > 20.0 * shares.std() / math.sqrt(count)


@njit
def released(words, deviation, d):
    out = np.zeros((words.shape[0], d))
    for t in range(words.shape[0]):
        privacy.perturb(out[t], deviation, words[t])
    return out


def test_what_is_released_has_the_delta_that_is_promised():
    """The shipped noise at ε = 1/2, δ = 10⁻²: 400,000 draws, of which six deviations err once in 5 · 10⁸ runs."""
    eps, delta, d, count = 0.5, 1e-2, 3, 400_000
    z = privacy.multiplier(eps, delta)
    noise = released(np.random.default_rng(6).integers(2**63, size=count), 2.0 * z, d)
    assert noise.var(axis=0) == pytest.approx(np.full(d, (2.0 * z) ** 2), rel=6.0 * math.sqrt(2.0 / count))
    direction = np.array([2.0, -1.0, 2.0]) / 3.0
    along, farthest = noise @ direction, 2.0
    losses = (2.0 * along * farthest + farthest**2) / (2.0 * (2.0 * z) ** 2)
    shares = np.maximum(0.0, -np.expm1(eps - losses))
    assert abs(shares.mean() - delta) < 6.0 * shares.std() / math.sqrt(count)


@given(seed=st.integers(0, 2**32 - 1), size=st.floats(-5.0, 5.0), C=st.floats(1e-3, 1e3))
def test_a_clipped_vector_has_its_direction_and_no_more_than_the_length(seed, size, C):
    v = 10.0**size * np.random.default_rng(seed).standard_normal(4)
    clipped = v.copy()
    assert privacy.clip(clipped, C) == (np.linalg.norm(v) > C)
    assert np.linalg.norm(clipped) <= C * (1.0 + 1e-15) or np.array_equal(clipped, v)
    scale = min(1.0, C / np.linalg.norm(v))
    np.testing.assert_allclose(clipped, scale * v, rtol=1e-14)


def test_nothing_is_not_clipped_and_not_divided_by():
    v = np.zeros(3)
    assert not privacy.clip(v, 1e-100)
    np.testing.assert_array_equal(v, 0.0)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: privacy.profile(-1.0, 1.0), "eps = -1.0 is not a privacy: give a finite number that is at least 0"),
        (lambda: privacy.profile(1.0, 0.0), "z = 0.0 is not a noise: give a finite number above 0"),
        (lambda: privacy.multiplier(1.0, 1.0), "delta = 1.0 is not below 1: give a probability between 0 and 1"),
        (lambda: privacy.multiplier(math.nan, 0.1), "eps = nan is not a privacy"),
        (lambda: privacy.composed_epsilon(1.0, 0, 0.1), "releases = 0 is not a count"),
    ],
)
def test_what_is_out_of_range_is_refused_in_one_sentence(call, told):
    with pytest.raises(InputError, match=told):
        call()

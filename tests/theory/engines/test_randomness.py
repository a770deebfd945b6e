"""Draws that are not what is listed are refuted whatever their marginal frequencies; draws that are, are not."""

import dataclasses
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from rootkappa import problems, theory
from rootkappa.algorithms.parts.rounds import Draws
from rootkappa.tests.suited import suited
from rootkappa.theory.engines import randomness

pytestmark = pytest.mark.drawn(8, "rated")

PROBLEM = problems.Quadratic.random(clients=4, dim=3, kappa=30.0, seed=1, basis="client")


def case(name, draw=None, seed=0, **changes):
    """Return a case whose method draws in another way, given its own."""
    held = theory.case(name, suited(name, PROBLEM), seed=seed, **changes)
    if draw is None:
        return held
    own = held.method.draw
    drawn = lambda rng, problem, params, rounds: draw(own, rng, problem, params, rounds)  # noqa: E731 - it binds own
    return dataclasses.replace(held, method=dataclasses.replace(held.method, draw=drawn))


def broken(a_case):
    return [finding.broken for finding in randomness.findings(a_case) if finding.error > 1e-9]


def with_lengths(change):
    """Return a draw whose lengths of rounds are changed and whose communications stay as they were."""

    def draw(own, rng, problem, params, rounds):
        draws = own(rng, problem, params, rounds)
        return Draws(change(np.array(draws.lengths), params.p), draws.ends, draws.steps)

    return draw


def repeated(lag, count):
    """Return places in which each block of so many rounds comes twice."""
    places = np.arange(count)
    return places // (2 * lag) * lag + places % lag


LENGTHS = {
    "all equal": lambda lengths, p: np.full_like(lengths, round(1 / p)),
    "sorted": lambda lengths, p: np.sort(lengths),
    "alternating": lambda lengths, p: np.sort(lengths).reshape(2, -1).T.ravel(),
    "uniform": lambda lengths, p: np.arange(len(lengths)) % (2 * round(1 / p) - 1) + 1,
    "each twice": lambda lengths, p: np.repeat(lengths[::2], 2),
    "three and the same three": lambda lengths, p: lengths[repeated(3, len(lengths))],
    "all of them twice": lambda lengths, p: np.resize(lengths[: -(-len(lengths) // 2)], len(lengths)),
    "some hundred over and over": lambda lengths, p: np.resize(lengths[:300], len(lengths)),
}


@pytest.mark.parametrize("change", LENGTHS)
@given(p=st.sampled_from([0.01, 0.1, 0.25]), seed=st.integers(0, 2**32 - 1))
def test_lengths_of_rounds_that_are_not_geometric_or_not_independent(change, p, seed):
    assert broken(case("scaffnew", with_lengths(LENGTHS[change]), seed, p=p))


@given(seed=st.integers(0, 2**32 - 1), times=st.integers(2, 4))
def test_a_cohort_that_is_kept_for_some_rounds(seed, times):
    def draw(own, rng, problem, params, rounds):
        draws = own(rng, problem, params, rounds)
        return Draws(
            draws.lengths, {name: np.repeat(w[::times], times, 0)[:rounds] for name, w in draws.ends.items()}, {}
        )

    assert any("followed by the same" in one for one in broken(case("tamuna", draw, seed)))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda w: w[repeated(5, len(w))], "followed by the same 5 draws later"),
        (lambda w: np.resize(w[: len(w) // 2], w.shape), "in a row are drawn again 500 draws later"),
    ],
)
def test_cohorts_that_come_again(change, words):
    def draw(own, rng, problem, params, rounds):
        draws = own(rng, problem, params, rounds)
        return Draws(draws.lengths, {name: change(w) for name, w in draws.ends.items()}, {})

    assert any(words in one for one in broken(case("tamuna", draw)))


@pytest.mark.parametrize("lag", [2, 7, 50, 2000])
def test_rounds_that_come_again_later(lag):
    def draw(own, rng, problem, params, rounds):
        draws, again = own(rng, problem, params, rounds), repeated(lag, rounds)
        return Draws(draws.lengths, {name: w[again] for name, w in draws.ends.items()}, draws.steps)

    lengths = with_lengths(lambda lengths, p: lengths[repeated(lag, len(lengths))])
    for wrong, what in (
        (case("scaffnew", lengths), "the length of a round"),
        (case("tamuna", draw), "what is drawn"),
    ):
        # A file is drawn from more often than a shipped method.
        drawn = wrong.draw(np.random.default_rng(lag), 4000)
        found = randomness._listed(wrong, np.asarray(wrong.unroll(drawn)))
        assert any(f"{what} depends on that {lag} places before" in one.broken for one in found if one.error > 0.0)


@given(seed=st.integers(0, 2**32 - 1))
def test_one_message_for_all_clients(seed):
    def draw(own, rng, problem, params, rounds):
        draws = own(rng, problem, params, rounds)
        return Draws(draws.lengths, {name: np.repeat(w[:, :1], w.shape[1], 1) for name, w in draws.ends.items()}, {})

    assert any("has the frequency" in one for one in broken(case("diana", draw, seed, C="RandK(1)")))


def test_too_many_outcomes_to_list_are_seen_on_a_small_problem():
    large = problems.Quadratic.random(clients=12, dim=3, kappa=30.0)

    def draw(own, rng, problem, params, rounds):
        draws = own(rng, problem, params, rounds)
        return Draws(draws.lengths, {name: np.repeat(w[::2], 2, 0)[:rounds] for name, w in draws.ends.items()}, {})

    wrong = dataclasses.replace(case("tamuna", draw), problem=large)
    assert wrong.outcomes() is None
    assert any("followed by the same" in one for one in broken(wrong))
    assert not broken(dataclasses.replace(case("tamuna"), problem=large))


def test_a_draw_that_ignores_its_generator():
    wrong = case("scaffnew", lambda own, rng, *rest: own(np.random.default_rng(0), *rest))
    assert any("ignores its generator" in one for one in broken(wrong))


@pytest.mark.parametrize("name", ["scaffnew", "tamuna", "locodl"])
def test_a_probability_of_1_leaves_nothing_to_chance(name):
    assert broken(case(name, p=1.0)) == []


def test_a_draw_that_takes_a_generator_of_its_own():
    wrong = case("scaffnew", lambda own, rng, *rest: own(np.random.default_rng(), *rest))
    assert any("not reproducible" in one for one in broken(wrong))


def test_right_draws_are_refuted_as_rarely_as_promised(rated):
    """One seed a method and run: all together err once in 500 runs, for which the level is far too small to be seen."""
    assert broken(case(rated)) == []


def test_right_draws_are_refuted_as_rarely_as_the_level_says(monkeypatch):
    runs, level = 200, 0.05
    monkeypatch.setattr(randomness, "_ROUNDS", 100)
    held = dataclasses.replace(case("scaffnew", p=0.4), alpha=level)
    alarms = 0
    for seed in range(runs):
        steps = held.unroll(held.draw(np.random.default_rng(seed), randomness._ROUNDS))
        alarms += any(finding.error > 0.0 for finding in randomness._listed(held, steps))
    # Right draws exceed this with a probability below one in a million.
    assert alarms <= binom.isf(1e-6, runs, level)


def test_a_smaller_level_needs_more_evidence():
    """A coin of 1/2 in the place of 2/5: 800 steps show it at the usual level, and not at a much smaller one."""
    steps = np.random.default_rng(0).permutation(np.repeat([0, 1], 400))

    def error_of_frequencies(alpha):
        held = dataclasses.replace(case("scaffnew", p=0.4), alpha=alpha)
        return next(randomness._listed(held, steps)).error

    assert error_of_frequencies(1e-3) > 0.0
    assert error_of_frequencies(1e-9) == 0.0


@given(weights=st.lists(st.floats(0.01, 1.0), min_size=2, max_size=6), seed=st.integers(0, 2**32 - 1))
def test_the_evidence_is_a_martingale(weights, seed):
    """Its mean over everything that can be drawn is 1, so that it errs as rarely as Markov's inequality says."""
    expected = {value: weight / sum(weights) for value, weight in enumerate(weights)}
    total = 0.0
    for first in expected:
        for second in expected:
            probability = expected[first] * expected[second]
            total += probability * math.exp(randomness._of_frequencies(Counter([first, second]), expected).evidence)
    assert total == pytest.approx(1.0)

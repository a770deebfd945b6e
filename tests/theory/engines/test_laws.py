"""Draws of another law are told apart from those of a shipped method, and draws of the same law are not."""

import dataclasses
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rootkappa import problems, theory
from rootkappa.algorithms.parts.rounds import Draws
from rootkappa.theory.engines import laws

PROBLEM = problems.Quadratic.random(clients=11, dim=12, kappa=30.0)


def beside(name, change, seed=0, problem=PROBLEM):
    """Return the shipped method that draws in another way, and itself."""
    case = theory.case(name, problem, seed=seed)
    own = case.method.draw

    def draw(rng, problem, params, rounds):
        return change(own(rng, problem, params, rounds))

    return dataclasses.replace(case, method=dataclasses.replace(case.method, draw=draw)), case


def of_ends(change):
    return lambda draws: Draws(
        draws.lengths, {name: change(values.copy()) for name, values in draws.ends.items()}, draws.steps
    )


def half_sorted(cohorts):
    cohorts[::2] = np.sort(cohorts[::2], axis=1)
    return cohorts


def sorted_at_times(cohorts):
    cohorts[::10] = np.sort(cohorts[::10], axis=1)
    return cohorts


def one_message(w):
    w[:, :] = w[:, :1]
    return w


def each_twice(values):
    values[1::2] = values[::2][: len(values[1::2])]
    return values


def periodic(period):
    def change(values):
        for start in range(0, len(values), 20 * period):
            block = values[start : start + 20 * period]
            block[:] = block[np.arange(len(block)) % period]
        return values

    return change


def twins(w):
    w[:, 9] = w[:, 4]
    return w


WRONG = {
    ("tamuna", "two cohorts in turn"): of_ends(periodic(2)),
    ("tamuna", "seven cohorts in turn"): of_ends(periodic(7)),
    ("diana", "one message of two clients"): of_ends(twins),
    ("tamuna", "sorted in half of the rounds"): of_ends(half_sorted),
    ("tamuna", "sorted in every tenth round"): of_ends(sorted_at_times),
    ("tamuna", "each cohort twice"): of_ends(each_twice),
    ("tamuna", "the same clients in another way"): of_ends(lambda cohorts: np.where(cohorts == 3, 4, cohorts)),
    ("diana", "one message for all clients"): of_ends(one_message),
    ("locodl", "one message for all clients"): of_ends(one_message),
}


def test_rounds_that_are_drawn_twice_are_found():
    def change(draws):
        half = len(draws.lengths) // 2
        ends = {name: np.resize(values[:half], values.shape) for name, values in draws.ends.items()}
        return Draws(np.resize(draws.lengths[:half], len(draws.lengths)), ends, draws.steps)

    assert laws.difference(*beside("tamuna", change), 1e-4)
    assert laws.difference(*beside("scaffnew", change), 1e-4)


def test_cohorts_that_depend_on_how_long_a_round_was_are_found():
    def change(draws):
        cohorts = draws.ends["omega"].copy()
        is_long = draws.lengths > np.median(draws.lengths)
        cohorts[is_long] = np.sort(cohorts[is_long], axis=1)
        cohorts[~is_long] = np.sort(cohorts[~is_long], axis=1)[:, ::-1]
        return Draws(draws.lengths, {"omega": cohorts}, draws.steps)

    assert laws.difference(*beside("tamuna", change), 1e-4)


def exchanged(cohorts, places, out, into):
    """Let one client go for another in the cohorts at these places that have just the first of the two."""
    cohorts = cohorts.copy()
    for place in np.flatnonzero(places):
        if into not in cohorts[place]:
            cohorts[place][cohorts[place] == out] = into
    return cohorts


def by_length(is_chosen):
    """Exchange clients 0 and 1 by the length of a round, so that each takes part as often as it should."""

    def change(draws):
        chosen = is_chosen(draws.lengths)
        cohorts = exchanged(draws.ends["omega"], chosen, 0, 1)
        return Draws(draws.lengths, {"omega": exchanged(cohorts, ~chosen, 1, 0)}, draws.steps)

    return change


def by_the_round_before(draws):
    cohorts = draws.ends["omega"]
    before = np.append(False, (cohorts == 0).any(axis=1)[:-1])
    return Draws(draws.lengths, {"omega": exchanged(exchanged(cohorts, before, 0, 1), ~before, 1, 0)}, draws.steps)


def in_a_fifth_of_the_rounds(draws):
    cohorts = draws.ends["omega"]
    return Draws(draws.lengths, {"omega": exchanged(cohorts, np.arange(len(cohorts)) % 5 == 0, 3, 4)}, draws.steps)


@pytest.mark.parametrize(
    "change",
    [
        by_length(lambda lengths: lengths > np.median(lengths)),
        by_length(lambda lengths: lengths % 2 == 0),
        by_the_round_before,
        in_a_fifth_of_the_rounds,
    ],
    ids=["long rounds", "even rounds", "the round before", "a fifth of the rounds"],
)
def test_a_client_that_takes_part_where_another_should_is_found(change):
    assert laws.difference(*beside("tamuna", change), 1e-4)


@pytest.mark.parametrize(("name", "how"), WRONG)
def test_another_law_is_found(name, how):
    assert laws.difference(*beside(name, WRONG[name, how]), 1e-4)


TOLD = {
    (
        "tamuna",
        "sorted in half of the rounds",
    ): r"just \d+ numbers of a round are larger than the one that is drawn before",
    ("tamuna", "each cohort twice"): r"number \d+ of a round is (the same as|another than) in the round before",
    ("tamuna", "the same clients in another way"): r"the count of numbers that are .* is |number \d+ of a round is ",
}


@pytest.mark.parametrize(("name", "how"), TOLD)
def test_what_differs_is_told_in_words_with_both_shares(name, how):
    told = laws.difference(*beside(name, WRONG[name, how]), 1e-4).told
    assert re.fullmatch(
        rf"of what is drawn, ({TOLD[name, how]}).* in [\d.e-]+ of its rounds and in .* of those of {name}", told
    )


@pytest.mark.parametrize(("value", "words"), [(0, "below 1"), (1, "from 1 to below 2.5"), (2, "2.5 or more")])
def test_a_class_is_told_as_what_is_in_it(value, words):
    edges = np.array([1.0, 2.5])
    assert laws._range(value, edges) == words
    inside = {"below 1": 0.5, "from 1 to below 2.5": 1.0, "2.5 or more": 2.5}[words]
    assert np.digitize(inside, edges) == value


def half_as_likely(draws):
    """Each client draws anew every other time that the first of its components is the minibatch."""
    words = draws.steps["xi"].copy()
    again = (words == -1) & (np.arange(words.size).reshape(words.shape) % 2 == 0)
    words[again] = np.resize(words[~again], again.sum())
    return Draws(draws.lengths, draws.ends, {**draws.steps, "xi": words})


def test_minibatches_with_a_component_that_is_half_as_likely_are_found():
    """No client's minibatches tell it: there are 57 components, and 1000 draws."""
    problem = problems.Logistic.load("breast_cancer", clients=10, kappa=100.0)
    assert laws.difference(*beside("fedlalr", half_as_likely, problem=problem), 1e-4)


@pytest.mark.parametrize("name", ["tamuna", "diana", "locodl"])
@settings(max_examples=settings.default.max_examples // 3)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_same_law_in_other_draws_is_not(name, seed):
    """Reversing independent rounds leaves their law as it is; each example errs with a probability of 1e-4 at most."""
    turned = of_ends(lambda values: values[::-1].copy())
    assert not laws.difference(*beside(name, turned, seed), 1e-4)
    assert not laws.difference(*beside(name, lambda draws: draws, seed), 1e-4)

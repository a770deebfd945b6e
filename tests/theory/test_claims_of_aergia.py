"""Each claim about Aergia, of a method in disguise that contradicts what is known."""

import dataclasses

import numpy as np
import pytest

from rootkappa import algorithms, problems, theory
from rootkappa.theory import claims
from rootkappa.theory.claims import offloading_keeps_the_loss, offloading_saves_time, offloading_shortens_rounds

pytestmark = pytest.mark.drawn(4)

METHOD = algorithms.get("aergia")
PROBLEM = problems.Quadratic.random(clients=6, dim=4, kappa=30.0, seed=1)


def judged(name, **functions):
    """Return how a claim counts, part by part, of the method with other functions."""
    claim = next(one for one in claims.about("aergia") if one.name == name)
    case = dataclasses.replace(theory.case("aergia", PROBLEM), method=dataclasses.replace(METHOD, **functions))
    return [verdict.news for verdict in claim.verdicts(case, lambda share: None)]


def helped_whenever(take):
    """Return the method's draw with the steps of each plan that ``take(steps, K)`` gives."""

    def draw(rng, problem, params, rounds):
        draws = METHOD.draw(rng, problem, params, rounds)
        plans = draws.ends["plan"]
        steps = plans[..., 2]
        plans[..., 2] = np.where(steps > 0, take(steps, params.K), 0)
        return draws

    return draw


def test_the_method_itself_is_what_is_known(monkeypatch):
    monkeypatch.setattr(offloading_shortens_rounds, "_SPEEDS", 5)
    assert judged("offloading_shortens_rounds") == ["confirmed"]


def test_helpers_that_take_over_all_steps_make_rounds_longer(monkeypatch):
    monkeypatch.setattr(offloading_shortens_rounds, "_SPEEDS", 5)
    assert judged("offloading_shortens_rounds", draw=helped_whenever(lambda steps, K: 3 * K)) == ["refuted"]


def test_a_clock_that_forgets_the_helpers_saves_too_much(monkeypatch):
    monkeypatch.setattr(offloading_shortens_rounds, "_SPEEDS", 5)

    def seconds(problem, params, draws, clock):
        return 0.3 * METHOD.seconds(problem, params, draws, clock)

    assert judged("offloading_shortens_rounds", seconds=seconds) == ["refuted"]


def test_without_helpers_nothing_is_saved(monkeypatch):
    monkeypatch.setattr(offloading_saves_time, "_PROBLEMS", 3)
    found = judged("offloading_saves_time", draw=helped_whenever(lambda steps, K: 0 * K))
    assert found[0] == "refuted"


def test_rounds_of_no_length_would_be_news_beside_tifl(monkeypatch):
    monkeypatch.setattr(offloading_saves_time, "_PROBLEMS", 3)

    def seconds(problem, params, draws, clock):
        return (0.1 if params.speeds != "1" else 1.0) * METHOD.seconds(problem, params, draws, clock)

    assert judged("offloading_saves_time", seconds=seconds) == ["confirmed", "refuted"]


def test_models_without_helpers_would_be_as_good_and_similarity_no_help(monkeypatch):
    monkeypatch.setattr(offloading_keeps_the_loss, "_PROBLEMS", 3)
    found = judged("offloading_keeps_the_loss", draw=helped_whenever(lambda steps, K: 0 * K))
    assert found == ["refuted", "inconclusive"]


def test_similarity_that_is_preferred_the_wrong_way_is_refuted():
    def draw(rng, problem, params, rounds):
        return METHOD.draw(rng, problem, params._replace(f=1.0 - params.f), rounds)

    assert judged("offloading_keeps_the_loss", draw=draw) == ["confirmed", "refuted"]

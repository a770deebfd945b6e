"""Each claim about DisPFL, of a method in disguise that contradicts what is known."""

import dataclasses

import pytest

from rootkappa import algorithms, problems, theory
from rootkappa.theory import claims
from rootkappa.theory.claims import sparse_private_models_are_more_accurate as accurate

pytestmark = pytest.mark.drawn(4)

METHOD = algorithms.get("dispfl")
PROBLEM = problems.Personal(problems.Quadratic.random(clients=4, dim=6, kappa=30.0, seed=1), private="all")


def judged(name, **functions):
    """Return how each part of a claim counts of the method with other functions, by the parts' names."""
    claim = next(one for one in claims.about("dispfl") if one.name == name)
    case = dataclasses.replace(theory.case("dispfl", PROBLEM), method=dataclasses.replace(METHOD, **functions))
    found = claim.verdicts(case, lambda share: None)
    return {verdict.claim.removeprefix(f"{name}: "): verdict.news for verdict in found}


@pytest.fixture
def few(monkeypatch):
    """Try one step size on one problem, and tell of four."""
    for name, value in {"_STEPS": (0.5,), "_TUNING": 1, "_PROBLEMS": 4, "_SPLITS": 2}.items():
        monkeypatch.setattr(accurate, name, value)


def wrong_where(wrong):
    """Return an ``advance`` whose models have the wrong signs where the letters say so."""

    def advance(kernel, params, state, draws):
        METHOD.advance(kernel, params, state, draws)
        if wrong(params):
            state.x[:], state.z[:] = -state.x, -state.z

    return advance


def test_worse_models_beat_no_control(few):
    found = judged("sparse_private_models_are_more_accurate", advance=wrong_where(lambda params: params.density < 1.0))
    # What is known not to hold does not hold of worse models either.
    assert {part for part, news in found.items() if news == "refuted"} == set(found) - set(accurate.REFUTED)


def test_better_models_than_all_controls_would_be_news(few):
    found = judged("sparse_private_models_are_more_accurate", advance=wrong_where(lambda params: params.density == 1.0))
    assert {part for part, news in found.items() if news == "refuted"} == set(accurate.REFUTED)


def test_masks_that_spoil_models_as_they_move_are_refuted(few):
    found = judged("moving_masks_beat_static_ones", advance=wrong_where(lambda params: params.alpha > 0.0))
    assert list(found.values()) == ["refuted"] * 6


def test_dense_messages_are_more_than_the_density_says():
    def cost(problem, params, draws):
        return METHOD.cost(problem, params._replace(density=1.0), draws)

    found = judged("busiest_client_sends_less", cost=cost)
    assert found["numbers, beside dense models"] == "refuted"
    assert found["bits, beside dense models"] == "confirmed"


def test_places_for_nothing_would_be_news():
    def cost(problem, params, draws):
        return METHOD.cost(problem, params._replace(alpha=0.0), draws)

    assert judged("busiest_client_sends_less", cost=cost) == {
        "numbers, beside a server": "confirmed",
        "numbers, beside dense models": "confirmed",
        "bits, beside dense models": "refuted",
    }


def test_everybody_hearing_everybody_with_dense_models_twice_is_more_than_a_server():
    def cost(problem, params, draws):
        told = METHOD.cost(problem, params, draws)
        return told._replace(floats_up=20 * told.floats_up, floats_down=20 * told.floats_down)

    assert judged("busiest_client_sends_less", cost=cost)["numbers, beside a server"] == "refuted"


def test_problems_of_a_regime_are_the_same_for_the_same_seed_and_unseen_samples_are_like_those_seen():
    one, other = accurate.of_regime(accurate.DIGITS, 3), accurate.of_regime(accurate.DIGITS, 4)
    assert one.problem.n == len(one.features) == len(one.labels) == 10
    assert one.problem.label == accurate.of_regime(accurate.DIGITS, 3).problem.label
    assert [len(labels) for labels in one.labels] != [len(labels) for labels in other.labels]
    # Together they are all digits.
    seen = len(one.problem.inner.kernel.y)
    assert seen + sum(map(len, one.labels)) == 1797

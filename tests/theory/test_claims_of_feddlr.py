"""Each claim about FedDLR, of a method in disguise that contradicts what is known."""

import dataclasses

import numpy as np
import pytest

from rootkappa import algorithms, problems, theory
from rootkappa.theory import claims
from rootkappa.theory.claims import truncated_models_are_as_good as parity

pytestmark = pytest.mark.drawn(4)

METHOD = algorithms.get("feddlr")
PROBLEM = problems.Quadratic.random(clients=4, dim=6, kappa=30.0, seed=1)


@pytest.fixture(autouse=True)
def _fewer_seeds(monkeypatch):
    fewer = {name: place._replace(seeds=min(place.seeds, 2)) for name, place in parity.PLACES.items()}
    monkeypatch.setattr(parity, "PLACES", fewer)
    for claim in ("truncated_models_are_short", "truncation_can_wait", "more_energy_less_excess"):
        monkeypatch.setattr(f"rootkappa.theory.claims.{claim}.PLACES", fewer)


def judged(name, **functions):
    """Return how a claim counts, part by part, of the method with other functions."""
    claim = next(one for one in claims.about("feddlr") if one.name == name)
    case = dataclasses.replace(theory.case("feddlr", PROBLEM), method=dataclasses.replace(METHOD, **functions))
    return [verdict.news for verdict in claim.verdicts(case, lambda share: None)]


def with_letters(change):
    """Return an advance of the method with letters that ``change`` returns for the given ones."""

    def advance(kernel, params, state, draws):
        METHOD.advance(kernel, change(params), state, draws)

    return advance


def test_if_nothing_is_cut_losses_are_those_of_fedavg_and_nothing_is_saved():
    whole = with_letters(lambda params: params._replace(p=1.0, q=1.0))
    assert judged("truncated_models_are_as_good", advance=whole) == [
        "confirmed", "refuted", "confirmed", "refuted", "refuted"
    ]  # fmt: skip
    assert judged("truncated_models_are_short", advance=whole) == ["refuted", "confirmed"]
    assert judged("truncation_can_wait", advance=whole) == ["refuted", "refuted", "confirmed"]


def test_if_more_is_cut_than_the_letters_say_parity_is_lost_and_digits_are_short():
    more = with_letters(lambda params: params._replace(p=params.p**12, q=params.q**12))
    assert judged("truncated_models_are_as_good", advance=more)[2] == "refuted"
    assert judged("truncated_models_are_short", advance=more) == ["confirmed", "refuted"]


def test_if_letters_that_keep_more_cut_more_the_excess_grows_with_the_energy():
    def turned(p):
        return p if p == 1.0 else 1.0 - 0.0006 / (1.0 - p)

    other = with_letters(lambda params: params._replace(p=turned(params.p), q=turned(params.q)))
    assert judged("more_energy_less_excess", advance=other) == ["refuted"]


def test_the_planted_problem_has_three_directions_that_matter():
    problem = parity.planted(3)
    s = np.linalg.svd(problem.blocks.matrix(problem.solution().x), compute_uv=False)
    assert (s[:3] ** 2).sum() > 0.75 * (s**2).sum()

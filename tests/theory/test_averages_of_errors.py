"""The claims about SAEF are refuted of a method that bears its name and never averages."""

import dataclasses

import numpy as np
import pytest

from rootkappa import algorithms, problems, theory
from rootkappa.algorithms import error_feedback, saef
from rootkappa.theory import claims
from rootkappa.theory.claims import averages_lower_the_floor, averages_lower_the_mismatch

pytestmark = pytest.mark.drawn(2)

PROBLEM = problems.Quadratic.random(clients=4, dim=6, kappa=30.0, seed=1, basis="client")


def without_averages(kernel, params, state, draws):
    given = params._asdict() | {"alpha": 1.0}
    given.pop("p")
    error_feedback.advance(kernel, error_feedback.Params(**given), state, draws)


def verdicts(name, **changes):
    claim = next(claim for claim in claims.about("saef") if claim.name == name)
    method = dataclasses.replace(algorithms.get("saef"), **changes)
    return {one.claim.partition(": ")[2]: one for one in claim.verdicts(theory.case(method, PROBLEM), lambda _: None)}


def test_without_averages_the_virtual_model_is_that_of_sgd_on_one_hessian_only():
    found = verdicts("virtual_model_is_sgd", advance=without_averages)
    assert found["an average in every step"].status == "refuted"
    assert found["one Hessian for all, and rare averages"].status == "confirmed"


def test_without_averages_the_mismatch_is_larger(monkeypatch):
    monkeypatch.setattr(averages_lower_the_mismatch, "_SEEDS", 3)
    assert {one.status for one in verdicts("averages_lower_the_mismatch", advance=without_averages).values()} == {
        "refuted"
    }


def test_without_averages_the_floor_is_higher(monkeypatch):
    part = "different clients"
    monkeypatch.setattr(averages_lower_the_floor, "SETTINGS", {part: averages_lower_the_floor.SETTINGS[part]})
    assert verdicts("averages_lower_the_floor", advance=without_averages)[part].status == "refuted"


def test_what_really_is_faster_is_news():
    """A method that takes three steps at a time."""

    def faster(kernel, params, state, draws):
        for _ in range(3):
            saef.advance(kernel, params, state, draws)

    found = verdicts("faster_than_full_precision", advance=faster)
    assert {one.told for one in found.values()} == {"confirmed against what is known"}


@pytest.mark.parametrize("seed", range(3))
def test_all_methods_of_a_comparison_meet_the_same_noise(seed):
    """So SGD's path is the same whichever method it is a setting of."""
    case = averages_lower_the_floor.on_quadratic(theory.case("saef", PROBLEM, seed=seed), 0, 1.0)
    letters = averages_lower_the_floor.PLAIN | {"C": f"TopK({averages_lower_the_floor.DIM})"}
    own = dataclasses.replace(case, changes=letters | {"p": 10})
    other = case.other("error_feedback", alpha=0.0, **letters)
    paths = [averages_lower_the_floor.walk(one, 100, one.model) for one in (own, other)]
    assert paths[0].shape == (5, averages_lower_the_floor.DIM)
    np.testing.assert_array_equal(*paths)

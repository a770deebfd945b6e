"""The claims about FLARE are refuted of methods that bear its name."""

import dataclasses

import numpy as np
import pytest

from rootkappa import algorithms, problems, theory
from rootkappa.algorithms import flare
from rootkappa.theory import claims
from rootkappa.theory.claims import fewer_coordinates_with_regularisation as fewer

pytestmark = pytest.mark.drawn(2)

PROBLEM = problems.Quadratic.random(clients=4, dim=6, kappa=30.0, seed=1, basis="client")


def never_falling(kernel, params, state, draws):
    flare.advance(kernel, params._replace(rho=1.0), state, draws)


def standing_still(kernel, params, state, draws):
    pass


@pytest.mark.parametrize(
    ("name", "advance", "part"),
    [
        ("fewer_coordinates_with_regularisation", never_falling, "1 %"),
        ("faster_than_one_over_root_rounds", standing_still, ""),
    ],
)
def test_a_claim_is_refuted_of_another_method(name, advance, part, monkeypatch):
    settings = {"1 %": fewer.SETTINGS["1 %"]._replace(seeds=2)}
    monkeypatch.setattr(fewer, "SETTINGS", settings)
    claim = next(claim for claim in claims.about("flare") if claim.name == name)
    method = dataclasses.replace(algorithms.get("flare"), advance=advance)
    if advance is never_falling:
        # The control has no term at all.
        monkeypatch.setattr(fewer, "gap", of_own_and_control(fewer.gap))
    found = claim.verdicts(theory.case(method, PROBLEM), lambda _: None)
    assert [one.status for one in found if one.claim.endswith(part)] == ["refuted"]


def of_own_and_control(gap):
    def measured(case, letters):
        right = dataclasses.replace(case, method=algorithms.get("flare"))
        return gap(case if letters.tau > 0 else right, letters)

    return measured


def test_without_a_decay_of_its_own_nothing_is_found_of_one():
    claim = next(claim for claim in claims.about("flare") if claim.name == "regularisation_has_to_fall")
    method = dataclasses.replace(algorithms.get("flare"), advance=never_falling)
    (found,) = claim.verdicts(theory.case(method, PROBLEM), lambda _: None)
    assert found.status == "inconclusive"


def test_a_size_that_is_a_square_and_the_reverse_would_be_news():
    def turned(kernel, params, state, draws):
        flare.advance(kernel, params._replace(P=3 - params.P), state, draws)

    claim = next(claim for claim in claims.about("flare") if claim.name == "square_is_as_safe")
    found = claim.verdicts(theory.case(dataclasses.replace(algorithms.get("flare"), advance=turned), PROBLEM), print)
    assert [one.news for one in found] == ["refuted", "refuted"]


def test_problems_are_those_of_their_seeds():
    case = theory.case("flare", PROBLEM, seed=3)
    one, again, other = (fewer.on(case, fewer.planted, run).problem for run in (0, 0, 1))
    assert one is again
    assert not np.array_equal(one.kernel.A, other.kernel.A)
    assert (one.d, one.n) == (400, 8)

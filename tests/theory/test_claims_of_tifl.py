"""The claim about TiFL, of a method in disguise that contradicts what is known."""

import dataclasses

import pytest

from rootkappa import algorithms, problems, theory
from rootkappa.theory import claims
from rootkappa.theory.claims import chances_that_follow_losses

pytestmark = pytest.mark.drawn(4)

METHOD = algorithms.get("tifl")
PROBLEM = problems.Quadratic.random(clients=6, dim=4, kappa=30.0, seed=1)


def test_better_models_by_losses_and_worse_ones_in_turn_would_be_news(monkeypatch):
    """A method that averages with the step of each way, so that short ones come to rest nearer to the solution."""
    monkeypatch.setattr(chances_that_follow_losses, "_PROBLEMS", 6)

    def advance(kernel, params, state, draws):
        eta = params.eta * (0.4 if params.I else 3.0 if params.credits else 1.0)
        METHOD.advance(kernel, params._replace(eta=eta), state, draws)

    (claim,) = claims.about("tifl")
    disguised = dataclasses.replace(METHOD, advance=advance)
    case = dataclasses.replace(theory.case("tifl", PROBLEM), method=disguised)
    assert [verdict.news for verdict in claim.verdicts(case, lambda share: None)] == ["refuted", "refuted"]

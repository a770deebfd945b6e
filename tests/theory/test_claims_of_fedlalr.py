"""Each claim about FedLALR, of a method in disguise that contradicts what is known."""

import dataclasses

import numpy as np
import pytest

from rootkappa import algorithms, problems, theory
from rootkappa.theory import claims
from rootkappa.theory.claims import badly_scaled_coordinates, clients_divide_mean_squares, floor_of_adaptive_steps

pytestmark = pytest.mark.drawn(4)

METHOD = algorithms.get("fedlalr")
PROBLEM = problems.Quadratic.random(clients=4, dim=6, kappa=30.0, seed=1, basis="client")


def judged(name, **functions):
    """Return how a claim counts, part by part, of the method with other functions."""
    claim = next(one for one in claims.about("fedlalr") if one.name == name)
    case = dataclasses.replace(theory.case("fedlalr", PROBLEM), method=dataclasses.replace(METHOD, **functions))
    return [verdict.news for verdict in claim.verdicts(case, lambda share: None)]


def with_letters(change):
    """Return an advance that puts other letters in the place of those that it is given."""
    return lambda kernel, params, state, draws: METHOD.advance(kernel, change(params), state, draws)


def test_a_step_size_that_does_not_grow_divides_nothing(monkeypatch):
    monkeypatch.setattr(clients_divide_mean_squares, "CLIENTS", (2, 8, 32))
    monkeypatch.setattr(clients_divide_mean_squares, "_SEEDS", 2)
    advance = with_letters(lambda params: params._replace(alpha=0.005))
    assert judged("clients_divide_mean_squares", advance=advance) == ["refuted"]


def test_a_floor_that_is_no_square_is_seen(monkeypatch):
    monkeypatch.setattr(floor_of_adaptive_steps, "_SEEDS", 2)
    advance = with_letters(lambda params: params._replace(alpha=0.1 * params.alpha**0.5))
    assert judged("floor_of_adaptive_steps", advance=advance) == ["refuted"]


def test_what_one_client_is_held_against_is_said():
    claim = next(one for one in claims.about("fedlalr") if one.name == "one_client_is_amsgrad")
    verdict = claim.verdicts(theory.case("fedlalr", PROBLEM), lambda share: None)[0]
    assert verdict.sentence.startswith("After a round of 100 steps the model of one client is that of AMSGrad to ")
    assert verdict.sentence.endswith(" Control: AMSGrad is written out in NumPy and takes the same steps.")


def test_another_second_moment_is_not_amsgrad():
    advance = with_letters(lambda params: params._replace(beta2=0.99))
    assert judged("one_client_is_amsgrad", advance=advance)[0] == "refuted"


def test_a_second_moment_that_remembers_nothing_would_be_news():
    """With β₂ = 0 the largest square so far is the same however often v starts anew."""
    advance = with_letters(lambda params: params._replace(beta2=0.0))
    assert judged("one_client_is_amsgrad", advance=advance)[1] == "refuted"


def test_step_sizes_that_start_anew_stay_the_clients_own():
    def advance(kernel, params, state, draws):
        for at in range(len(draws)):
            state.v_hat[:] = params.eps**2
            METHOD.advance(kernel, params, state, draws[at : at + 1])

    assert judged("clients_step_sizes_agree", advance=advance)[0] in ("refuted", "inconclusive")


def test_what_adapts_to_nothing_gains_nothing(monkeypatch):
    monkeypatch.setattr(badly_scaled_coordinates, "_TUNED", 1)
    monkeypatch.setattr(badly_scaled_coordinates, "_SEEDS", 3)
    quadratics = {name: family for name, family in badly_scaled_coordinates.families().items() if name != "digits"}
    monkeypatch.setattr(badly_scaled_coordinates, "families", lambda: quadratics)

    def start(problem, params):
        return METHOD.start(problem, params._replace(eps=1e3))

    assert judged("badly_scaled_coordinates", start=start) == ["refuted"]


@pytest.mark.parametrize("turned", [False, True])
def test_scales_are_the_same_in_both_bases(turned):
    plain, problem = (badly_scaled_coordinates.scaled(3, one) for one in (False, turned))
    assert problem.kappa == pytest.approx(plain.kappa, rel=1e-9)
    assert problem.gap(np.zeros(10)) == pytest.approx(plain.gap(np.zeros(10)), rel=1e-9)

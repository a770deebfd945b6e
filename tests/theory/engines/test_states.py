"""The search finds the worst state of a quadratic, keeps conserved sums at 0, and draws anew what it judges by."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rootkappa import problems, theory
from rootkappa.theory.engines import exact, path, states


def quiet(share):
    """Report no progress."""


@pytest.mark.parametrize("name", ["scaffnew", "gradient_descent"])
@settings(max_examples=3)
@given(basis=st.sampled_from(["common", "client"]), kappa=st.floats(2.0, 50.0), seed=st.integers(0, 2**32 - 1))
def test_no_state_is_worse_than_the_worst_and_the_search_comes_near(name, basis, kappa, seed):
    held = theory.case(name, problems.Quadratic.random(3, 2, kappa, seed=seed, basis=basis), seed=seed)
    found, worst = states.worst(held), exact.one_step_factor(held)
    assert found.mean <= worst + 1e-9
    assert 1.0 - found.mean <= 1.3 * (1.0 - worst)


@pytest.mark.parametrize("unit", [1e-80, 1e-6, 1e6, 1e80])
def test_units_do_not_matter(unit):
    """Models and control variates may be of very different sizes, and only the latter must have the sum 0."""
    plain = problems.Quadratic.random(3, 4, 30.0, seed=1, basis="client")
    held = theory.case("scaffnew", problems.Quadratic(unit * plain.hessians, plain.kernel.b))
    found = states.worst(held)
    assert found.mean <= held.rho + 1e-9


def test_the_sum_of_control_variates_stays_0(monkeypatch):
    judged, values = [], states._Search.values

    def kept(self, error, outcomes):
        judged.append(self.state(error))
        return values(self, error, outcomes)

    monkeypatch.setattr(states._Search, "values", kept)
    states.worst(theory.case("scaffnew", problems.Quadratic.random(3, 3, 20.0, seed=1)))
    # The last one is what is judged.
    assert np.abs(judged[-1].H.sum(axis=0)).max() <= 1e-9 * np.abs(judged[-1].H).max()


def case_with(rho, held):
    theorem = dataclasses.replace(held.theorem, contraction=lambda problem, params: rho)
    return dataclasses.replace(held, theorem=theorem)


def test_a_promise_that_only_a_searched_state_breaks_is_refuted_with_its_number():
    held = theory.case("scaffnew", problems.Quadratic.random(3, 4, 30.0, seed=1, basis="client"))
    stronger = case_with(1.0 - 1.01 * (1.0 - held.rho), held)
    verdict = path.evidence(stronger, quiet)
    assert verdict.status == "refuted"
    assert verdict.promised < verdict.measured <= held.rho + 1e-9
    assert "From the worst of" in verdict.sentence
    without = dataclasses.replace(path.walk(stronger, quiet), worst=None)
    assert path.judged(stronger, without).status == "consistent"


def test_outcomes_that_are_too_many_to_list_are_drawn_anew_after_the_search(monkeypatch):
    monkeypatch.setattr(states, "_LISTED", 1)
    held = theory.case("scaffnew", problems.Quadratic.random(3, 4, 30.0, seed=1, basis="client"))
    found = states.worst(held)
    assert found.weights is None
    assert len(found.after) == states._JUDGED
    assert path.evidence(held, quiet).status == "consistent"
    refuted = path.evidence(case_with(0.2, held), quiet)
    assert refuted.status == "refuted"


def test_a_method_without_a_fixed_point_is_not_searched():
    held = theory.case("scaffnew", problems.Quadratic.random(3, 4, 30.0, seed=1))
    method = dataclasses.replace(held.method, fixed_point=None)
    assert states.worst(dataclasses.replace(held, method=method)) is None


def test_a_field_that_never_changes_is_left_where_it_is():
    """A mask that is moved by no more than rounding, times a large model, is more than a small error."""
    problem = problems.Quadratic.random(10, 20, 100.0, seed=1)
    found = states.worst(theory.case("salientgrads", problem, seed=1))
    assert found.mean <= theory.case("salientgrads", problem).rho + found.rounding

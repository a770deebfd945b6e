"""The factor of RandProx-FL is attained with every compressor that it takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa import problems, theory
from rootkappa.problems import functions
from rootkappa.theory.engines import exact

pytestmark = pytest.mark.drawn(2)


def factor(problem, **changes):
    case = theory.case("randprox_fl", problem, **changes)
    return exact.one_step_factor(case), case.rho


@given(
    d=st.integers(2, 4),
    n=st.integers(2, 3),
    kappa=st.floats(1.5, 1e3),
    gamma=st.sampled_from([0.5, 1.0, 1.8]),
    basis=st.sampled_from(["common", "client"]),
    seed=st.integers(0, 1000),
    data=st.data(),
)
def test_the_promise_is_attained_with_rand_k(d, n, kappa, gamma, basis, seed, data):
    k = data.draw(st.integers(1, d))
    problem = problems.Quadratic.random(n, d, kappa, seed, basis=basis, heterogeneity=2.0)
    found, promised = factor(problem, R=f"RandK({k})", gamma=gamma)
    assert promised == pytest.approx(max((1 - gamma / kappa) ** 2, (1 - gamma) ** 2, 1 - (k / d) ** 2))
    assert found == pytest.approx(promised, abs=1e-9)


def test_one_of_four_coordinates_costs_as_much_as_a_coin_of_a_quarter():
    problem = problems.Quadratic.random(3, 4, 10.0)
    for R in ("RandK(1)", "Bernoulli(0.25)"):
        assert factor(problem, R=R) == (pytest.approx(0.9375, abs=1e-9), 0.9375)
    assert factor(problem, R="Identity()") == (pytest.approx(0.81, abs=1e-9), pytest.approx(0.81))


def test_the_promise_stands_with_rand_k():
    problem = problems.Quadratic.random(3, 5, 30.0, basis="client")
    verdicts = theory.verify("randprox_fl", problem, R="RandK(2)")
    assert [verdict.status for verdict in verdicts] == ["confirmed", "confirmed", "consistent", "not applicable"]


def test_a_nonsmooth_term_has_no_linear_promise():
    problem = problems.Quadratic.random(3, 5, 30.0, psi=functions.L1(0.1))
    verdicts = theory.verify("randprox_fl", problem)
    assert {verdict.status for verdict in verdicts} == {"not applicable"}
    assert all("ψ = 0 for a linear rate" in verdict.sentence for verdict in verdicts)


def test_a_compressor_with_too_many_outcomes_to_list_needs_no_list():
    problem = problems.Quadratic.random(3, 20, 30.0)
    verdict = theory.verify("randprox_fl", problem, evidence=("exact",), R="RandK(8)")[0]
    assert verdict.status == "confirmed"
    assert verdict.measured == pytest.approx(verdict.promised, abs=1e-9)

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa import algorithms, problems, theory

THEOREMS = theory.names()


def test_every_method_has_a_theorem_and_every_theorem_a_method():
    assert {algorithms.get(name).promise for name in algorithms.names()} == set(THEOREMS)


@pytest.mark.parametrize("name", THEOREMS)
@given(kappa=st.floats(1.001, 1e8))
def test_the_prescribed_parameters_are_admissible_and_contract(name, kappa):
    problem = problems.Quadratic.random(2, 2, kappa)
    theorem = theory.get(name)
    params = theorem.parameters(problem)
    assert all(condition.holds for condition in theorem.admissible(problem, params))
    if theorem.contraction is not None:
        assert 0 <= theorem.contraction(problem, params) < 1


def test_who_promises_no_rate_to_the_solution_promises_no_exponent():
    problem = problems.Quadratic.random(2, 2, 10.0)
    for theorem in map(theory.get, THEOREMS):
        there = theorem.contraction is not None and theorem.noise(problem, theorem.parameters(problem)) == 0
        assert bool(theorem.exponents) == there, theorem.name


@pytest.mark.parametrize("name", [name for name in THEOREMS if theory.get(name).exponents])
def test_the_promised_exponents_follow_from_the_promised_factor(name):
    theorem = theory.get(name)
    method = algorithms.get(name)
    steps = []
    for kappa in (1e6, 1e8):
        problem = problems.Quadratic.random(2, 2, kappa)
        params = theorem.parameters(problem)
        pace = method.pace(params)
        step = 1 / (1 - theorem.contraction(problem, params))
        steps.append((step * pace.rounds, step * pace.iterations))
    for axis, exponent in theorem.exponents.items():
        position = ("rounds", "iterations").index(axis)
        assert steps[1][position] / steps[0][position] == pytest.approx(100**exponent, rel=1e-2)


@pytest.mark.parametrize("name", THEOREMS)
def test_the_docstring_states_the_class_and_the_source(name):
    assert theory.get(name).source


def test_the_promise_of_scaffnew_in_numbers():
    problem = problems.Quadratic.random(kappa=100.0)
    theorem = theory.get("scaffnew")
    assert theorem.parameters(problem) == (1.0, 0.1)
    assert theorem.contraction(problem, theorem.parameters(problem)) == pytest.approx(0.99)
    assert theorem.contraction(problem, theorem.parameters(problem, p=0.05)) == pytest.approx(1 - 0.0025)
    assert theorem.contraction(problem, theorem.parameters(problem, gamma=1.999)) == pytest.approx(0.999**2)

import math
import re
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa import algorithms, problems, theory
from rootkappa.problems import InputError
from rootkappa.theory.theorem import squared_norm

THEOREMS = theory.names()


def test_every_method_has_a_theorem_and_every_theorem_a_method():
    assert {theory.promised_by(algorithms.get(name)).name for name in algorithms.names()} == set(THEOREMS)


@pytest.mark.parametrize("name", THEOREMS)
@given(kappa=st.floats(1.001, 1e8))
def test_the_prescribed_parameters_are_admissible_and_contract(name, kappa):
    problem = problems.Quadratic.random(2, 2, kappa)
    theorem = theory.get(name)
    params = theorem.parameters(problem)
    assert all(condition.holds for condition in theorem.admissible(problem, params))
    if theorem.contraction is not None:
        assert 0 <= theorem.contraction(problem, params) < 1


@pytest.mark.parametrize(
    ("name", "free"),
    [
        ("tamuna", {"s": 3}),
        ("tamuna", {"s": 5, "c": 6}),
        ("compressed_scaffnew", {"s": 4}),
        ("diana", {"C": "RandK(3)"}),
        ("adiana", {"C": "Natural()"}),
        ("locodl", {"C": "QSGD(1)"}),
        ("ef21", {"C": "TopK(2)"}),
        ("randprox", {"R": "RandK(2)"}),
        ("decentralized_scaffnew", {"graph": "complete", "weights": "lazy"}),
        ("fedlin", {"K": 30}),
        ("scaffold_1", {"K": 30}),
    ],
)
def test_what_is_prescribed_fits_what_is_given(name, free):
    problem, theorem = problems.Quadratic.random(6, 5, 30.0), theory.get(name)
    params = theorem.parameters(problem, **free)
    assert all(params._asdict()[letter] == value for letter, value in free.items())
    assert all(condition.holds for condition in theorem.admissible(problem, params))
    others = {
        letter for letter in params._fields if getattr(theorem.parameters(problem), letter) != params._asdict()[letter]
    }
    assert others > set(free)  # something else has moved with it
    overridden = theorem.parameters(problem, **free, **{next(iter(others - set(free))): 0.0625})
    assert 0.0625 in overridden


@pytest.mark.parametrize(
    ("name", "wrong", "words"),
    [
        ("tamuna", {"s": 1}, "s = 1 senders"),
        ("tamuna", {"c": 7}, "c = 7 do not fit n = 6 clients: give 2 <= s <= c <= n"),
        ("compressed_scaffnew", {"s": 7}, "s = 7 senders"),
        ("compressed_scaffnew", {"s": "x"}, "s = 'x' is out of range"),
        ("locodl", {"C": "TopK(2)"}, "C = 'TopK(2)' is no compressor for this method: give an unbiased one"),
        ("diana", {"C": "TopK(2)"}, "C = 'TopK(2)' is no compressor for this method: give an unbiased one"),
        ("ef21", {"C": "RandK(2)"}, "not contractive, and EF21 needs"),
    ],
)
def test_what_nothing_can_be_prescribed_for_is_refused(name, wrong, words):
    with pytest.raises(InputError, match=re.escape(words)):
        theory.get(name).parameters(problems.Quadratic.random(6, 5, 30.0), **wrong)


def stated(**says):
    """Return the theorem of a module that says as little as it may, and this besides."""
    module = SimpleNamespace(prescribed=lambda problem: None, lyapunov=lambda *_: 0.0, __doc__="A theorem.", **says)
    return theory.theorem.Theorem.from_module(module, "mine.py")


@pytest.mark.parametrize("says", [{}, {"EXPONENTS": None}, {"EXPONENTS": {}}])
def test_who_says_no_exponents_promises_none(says):
    assert stated(**says).exponents == {}


@pytest.mark.parametrize(
    "wrong", [0.5, "rounds", {"round": 0.5}, {"rounds": "x"}, {"rounds": math.nan}, {"rounds": None}, ["rounds"]]
)
def test_what_is_no_exponent_gets_one_sentence(wrong):
    assert stated(EXPONENTS={"rounds": 1}).exponents == {"rounds": 1.0}
    with pytest.raises(InputError, match=re.escape(f"mine.py has EXPONENTS = {wrong!r}: give powers of kappa for")):
        stated(EXPONENTS=wrong)


def test_who_promises_no_rate_to_the_solution_promises_no_exponent():
    problem = problems.Quadratic.random(2, 2, 10.0)
    for theorem in map(theory.get, THEOREMS):
        there = theorem.contraction is not None and theorem.noise(problem, theorem.parameters(problem)) == 0
        # A rate may be to another point, whose dependence on κ nobody states.
        assert there or not theorem.exponents, theorem.name


@pytest.mark.parametrize("name", [name for name in THEOREMS if theory.get(name).exponents])
def test_the_promised_exponents_follow_from_the_promised_factor(name):
    steps = []
    for kappa in (1e6, 1e8):
        case = theory.case(name, problems.Quadratic.random(2, 2, kappa))
        steps.append((case.pace.rounds / (1 - case.rho), case.pace.iterations / (1 - case.rho)))
    for axis, exponent in theory.get(name).exponents.items():
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


@pytest.mark.parametrize("shape", [(), (1,), (3, 7), (10, 200), (129, 130)])
def test_the_squared_norm_has_the_bits_of_the_sum_of_squares(shape):
    x = np.random.default_rng(0).standard_normal(shape)
    for entries in (x, np.asarray(x.T), x[::2] if shape else x):
        assert squared_norm(entries) == np.sum(entries**2)

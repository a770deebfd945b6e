import dataclasses
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa import algorithms, problems, theory
from rootkappa.algorithms.gradskip import probabilities
from rootkappa.theory.engines import exact
from rootkappa.theory.theorems.gradskip import contraction_with

pytestmark = pytest.mark.drawn(2)

METHOD = algorithms.get("gradskip")
MUTANTS = Path(__file__).parents[2] / "mutants"


def uneven(kappas, seed):
    """Return a quadratic whose clients have these condition numbers, one μ, and eigenvectors of their own."""
    rng = np.random.default_rng(seed)
    rotations = [np.linalg.qr(rng.standard_normal((2, 2)))[0] for _ in kappas]
    hessians = [Q * [1.0, kappa] @ Q.T / max(kappas) for Q, kappa in zip(rotations, kappas, strict=True)]
    return problems.Quadratic([(A + A.T) / 2 for A in hessians], rng.standard_normal((len(kappas), 2)))


def held(problem, **changes):
    return theory.case("gradskip", problem, **changes)


def with_coins(case, q):
    """Return the case of GradSkip whose clients flip heads with probabilities q, whatever the theory says."""

    def outcomes(problem, params):
        every = product((1, 0), *((True, False) for _ in q))
        listed = np.array([(coin, eta) for coin, *eta in every], dtype=[("coin", int), ("eta", bool, len(q))])
        chances = np.where(listed["coin"], params.p, 1 - params.p)
        return list(zip(chances * np.where(listed["eta"], q, 1 - q).prod(axis=1), listed, strict=True))

    return dataclasses.replace(case, method=dataclasses.replace(METHOD, outcomes=outcomes))


CLIENTS = st.lists(st.floats(1.0, 100.0), min_size=1, max_size=3)


@given(kappas=CLIENTS, seed=st.integers(0, 99), p=st.floats(0.05, 1.0), gamma=st.floats(0.05, 1.95))
def test_the_promise_is_attained_where_clients_skip(kappas, seed, p, gamma):
    problem = uneven(kappas, seed)
    case = held(problem, gamma=gamma / problem.L, p=p)
    factor = exact.one_step_factor(case)
    assert factor == pytest.approx(case.rho, abs=1e-9)
    assert factor < 1.0


@given(data=st.data(), kappas=CLIENTS, seed=st.integers(0, 99), p=st.floats(0.05, 1.0), gamma=st.floats(0.05, 1.95))
def test_the_factor_is_known_for_all_coins(data, kappas, seed, p, gamma):
    problem = uneven(kappas, seed)
    q = np.array([data.draw(st.floats(0.0, 1.0)) for _ in kappas])
    case = held(problem, gamma=gamma / problem.L, p=p)
    factor = exact.one_step_factor(with_coins(case, q))
    assert factor == pytest.approx(contraction_with(q, problem, case.params), rel=1e-9)


@given(data=st.data(), kappas=CLIENTS, seed=st.integers(0, 99), p=st.floats(0.05, 1.0), share=st.floats(0.05, 1.0))
def test_the_promise_of_the_paper_is_implied(data, kappas, seed, p, share):
    problem = uneven(kappas, seed)
    q = np.array([data.draw(st.floats(0.0, 1.0)) for _ in kappas])
    gamma = share * float(np.min(p**2 / (problem.L_i * (1 - q * (1 - p**2)))))
    promised = max(1 - gamma * problem.mu, float(q.max()) * (1 - p**2))
    assert contraction_with(q, problem, METHOD.Params(gamma, p)) <= promised + 1e-12


@given(kappas=CLIENTS, p=st.floats(0.05, 0.99), share=st.floats(0.05, 1.0))
def test_no_smaller_coin_meets_the_condition_of_the_paper(kappas, p, share):
    problem = uneven(kappas, 0)
    params = METHOD.Params(gamma=share / problem.L, p=p)
    allowed, q = p**2 / (params.gamma * problem.L_i), probabilities(problem, params)
    needed = 1 - q * (1 - p**2)
    assert np.all(needed <= allowed * (1 + 1e-9))
    assert np.all((q == 0.0) | (np.abs(needed - allowed) <= 1e-9))


def test_a_coin_that_skips_too_much_breaks_the_promise():
    problem = uneven([100.0, 4.0, 4.0], 1)
    case = held(problem)
    q = probabilities(problem, case.params)
    assert exact.one_step_factor(with_coins(case, q)) == pytest.approx(case.rho, abs=1e-9)
    for client in range(3):
        smaller = np.where(np.arange(3) == client, 0.0, q)
        assert exact.one_step_factor(with_coins(case, smaller)) > 1.0


def test_the_mean_of_scaffnew_breaks_the_promise():
    """Without (γ/p) ĥ_j in the mean the sum that the coins have moved is never set right again."""
    right = held(uneven([100.0, 4.0, 4.0], 1))
    wrong = theory.case(MUTANTS / "skips_and_keeps_the_mean_of_scaffnew.py", right.problem)
    assert exact.one_step_factor(wrong) > right.rho + 1e-3
    assert exact.spectral_radius(right) < right.rho
    assert exact.spectral_radius(wrong) > 1.0 - 1e-12

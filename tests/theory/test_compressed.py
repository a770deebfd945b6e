"""The theorems of methods that compress: exact factors over all masks and all messages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa import algorithms, problems, theory
from rootkappa.theory import exact

# Clients, cohort, senders.
SETTINGS = [
    (2, 2, 2),
    (3, 2, 2),
    (3, 3, 2),
    (3, 3, 3),
    (4, 2, 2),
    (4, 3, 2),
    (4, 4, 2),
    (4, 3, 3),
    (4, 4, 3),
    (4, 4, 4),
]


def factor_and_promise(name, problem, **changes):
    method, theorem = algorithms.get(name), theory.get(name)
    params = theorem.parameters(problem, **changes)
    return exact.one_step_factor(method, theorem, problem, params), theorem.contraction(problem, params)


def masked(n, c, s, share=1.0, p=0.3, gamma=1.0, basis="client"):
    problem = problems.Quadratic.random(n, 2, 20.0, seed=n + c + s, basis=basis)
    chi = share * n * (s - 1) / (s * (n - 1))
    return factor_and_promise("tamuna", problem, c=c, s=s, chi=chi, p=p, gamma=gamma)


@pytest.mark.parametrize(("n", "c", "s"), SETTINGS)
@given(p=st.floats(0.05, 1.0), gamma=st.floats(0.1, 1.9))
def test_masks_attain_their_promise_at_the_largest_chi(n, c, s, p, gamma):
    factor, promise = masked(n, c, s, p=p, gamma=gamma)
    assert factor == pytest.approx(promise, abs=1e-9)


@given(setting=st.sampled_from(SETTINGS), share=st.floats(0.05, 1.0), p=st.floats(0.05, 1.0))
def test_a_smaller_chi_keeps_the_promise(setting, share, p):
    factor, promise = masked(*setting, share=share, p=p)
    assert factor <= promise + 1e-9


@pytest.mark.parametrize(("n", "c", "s"), SETTINGS)
def test_a_larger_chi_breaks_it(n, c, s):
    factor, promise = masked(n, c, s, share=1.3)
    assert factor > promise + 1e-4


@pytest.mark.parametrize("s", [2, 3])
def test_the_factor_does_not_depend_on_the_cohort(s):
    factors = [masked(4, c, s, gamma=1.0)[0] for c in range(s, 5)]
    assert max(factors) - min(factors) < 1e-12
    assert abs(factors[0] - masked(4, 4, 4)[0]) > 1e-3


@given(
    n=st.integers(1, 3),
    p=st.floats(0.05, 1.0),
    C=st.sampled_from(["RandK(1)", "RandK(2)", "Bernoulli(0.5)", "Identity()"]),
    share=st.floats(0.05, 0.95),
    room=st.floats(0.05, 1.0),
)
def test_locodl_is_never_above_its_promise(n, p, C, share, room):
    problem = problems.Quadratic.random(n, 3, 20.0, seed=n, basis="client")
    omega = algorithms.compressors.get(C).omega(3)
    rho = 1.0 / (1.0 + omega / n)
    changes = {"C": C, "p": p, "rho": rho, "chi": room * rho, "mu_g": share * problem.mu}
    factor, promise = factor_and_promise("locodl", problem, **changes)
    assert factor <= promise + 1e-9


@pytest.mark.parametrize("p", [0.1, 0.4, 1.0])
def test_locodl_attains_its_promise_without_compression(p):
    problem = problems.Quadratic.random(3, 3, 20.0, seed=1, basis="client")
    factor, promise = factor_and_promise("locodl", problem, C="Identity()", p=p, rho=1.0, chi=1.0)
    assert factor == pytest.approx(promise, abs=1e-9)


def test_too_much_chi_of_locodl_breaks_its_promise():
    problem = problems.Quadratic.random(2, 3, 20.0, seed=1)
    rho = 1.0 / (1.0 + 2.0 / 2)
    factor, promise = factor_and_promise("locodl", problem, C="RandK(1)", p=0.4, rho=rho, chi=1.5 * rho)
    assert factor > promise + 1e-4


@given(
    n=st.integers(1, 3),
    C=st.sampled_from(["RandK(1)", "RandK(2)", "Bernoulli(0.5)"]),
    share=st.floats(0.05, 1.0),
    speed=st.floats(0.05, 1.0),
    basis=st.sampled_from(["common", "client"]),
)
def test_diana_is_never_above_its_promise(n, C, share, speed, basis):
    problem = problems.Quadratic.random(n, 3, 20.0, seed=n, basis=basis)
    omega = algorithms.compressors.get(C).omega(3)
    changes = {"C": C, "gamma": share / (1.0 + 6.0 * omega / n), "alpha": speed / (1.0 + omega)}
    factor, promise = factor_and_promise("diana", problem, **changes)
    assert factor <= promise + 1e-9


def test_too_fast_control_variates_of_diana_break_its_promise():
    problem = problems.Quadratic.random(2, 3, 5.0, seed=1)
    factor, promise = factor_and_promise("diana", problem, C="RandK(1)", alpha=2.0 / 3.0)
    assert factor > promise + 1e-3

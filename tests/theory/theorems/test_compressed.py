"""The theorems of methods that compress: exact factors over all masks and all messages."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa import algorithms, problems, theory
from rootkappa.theory.case import NotExact
from rootkappa.theory.engines import exact
from rootkappa.theory.engines.affine import affine_case
from rootkappa.theory.theorems.adiana import with_step
from rootkappa.theory.theorems.ef21 import largest_step

pytestmark = pytest.mark.drawn(2)

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
    case = theory.case(name, problem, **changes)
    return exact.one_step_factor(case), case.rho


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


CONTRACTIVE = ["TopK(1)", "TopK(2)", "BiasedRandK(1)", "ScaledSign()", "Identity()"]


def ef21(C, share=1.0, n=3, d=4, seed=1, basis="client", kappa=20.0):
    """Return the case of EF21 with a share of the largest γ for C."""
    problem = problems.Quadratic.random(n, d, kappa, seed=seed, basis=basis)
    gamma = share * largest_step(problem, algorithms.compressors.get(C).delta(d))
    return theory.case("ef21", problem, C=C, gamma=gamma)


@given(
    n=st.integers(1, 3),
    C=st.sampled_from(["BiasedRandK(1)", "BiasedRandK(2)", "Bernoulli(0.8)", "RandK(3)", "Identity()"]),
    share=st.floats(0.05, 1.0),
    kappa=st.floats(1.1, 1e3),
    basis=st.sampled_from(["common", "client"]),
)
def test_ef21_is_never_above_its_promise(n, C, share, kappa, basis):
    held = ef21(C, share, n, kappa=kappa, basis=basis)
    assert all(condition.holds for condition in held.conditions())
    assert exact.one_step_factor(held) <= held.rho + 1e-9


def multiplied(case, state):
    """Return E V⁺ / V from one state."""
    expected = 0.0
    for probability, outcome in case.outcomes():
        after = case.step(case.state(*(field.copy() for field in state)), outcome)
        expected += probability * case.lyapunov(after)
    return expected / case.lyapunov(state)


def ef21_states(problem, seed):
    """Return a state anywhere: far from the solution or near, its estimates good or bad."""
    rng = np.random.default_rng(seed)
    x = problem.solution().x + 10.0 ** rng.uniform(-3, 3) * rng.standard_normal(problem.d)
    G = problem.gradients(x) + 10.0 ** rng.uniform(-3, 3) * rng.standard_normal((problem.n, problem.d))
    return algorithms.get("ef21").State(x, G)


@given(C=st.sampled_from(CONTRACTIVE), share=st.floats(0.05, 1.0), seed=st.integers(0, 2**32 - 1))
def test_no_state_of_ef21_breaks_its_promise_whatever_the_compressor(C, share, seed):
    case = ef21(C, share)
    for start in range(seed, seed + 20):
        assert multiplied(case, ef21_states(case.problem, start)) <= case.rho + 1e-9


@given(C=st.sampled_from(["TopK(1)", "TopK(3)", "ScaledSign()"]), seed=st.integers(0, 2**32 - 1))
def test_no_compressor_of_ef21_is_worse_than_the_one_that_exact_evidence_takes(C, seed):
    case = ef21(C)
    worst, d = affine_case(case), case.problem.d
    assert algorithms.compressors.get(worst.params.C).delta(d) == algorithms.compressors.get(C).delta(d)
    state = ef21_states(case.problem, seed)
    assert multiplied(case, state) <= multiplied(worst, state) * (1.0 + 1e-12)


def test_a_step_of_ef21_that_is_not_affine_is_not_probed():
    case = ef21("TopK(1)")
    with pytest.raises(NotExact, match="a step of ef21 is not an affine map of its state"):
        exact.one_step_factor(case)
    assert affine_case(case).params == case.params._replace(C="BiasedRandK(1)")
    with pytest.raises(NotExact, match="not an affine map"):
        affine_case(ef21("Natural()"))


@pytest.mark.parametrize("C", ["BiasedRandK(1)", "BiasedRandK(2)"])
def test_a_gradient_descent_step_is_too_long_for_ef21(C):
    case = theory.case("ef21", ef21(C).problem, C=C, gamma=1.0)
    assert exact.one_step_factor(case) > case.rho + 1e-3


def test_exact_evidence_names_the_compressor_that_it_takes():
    problem = problems.Quadratic.random(3, 4, 20.0, seed=1)
    one, two = theory.verify("ef21", problem, evidence=("exact", "exponent"))
    assert one.status == two.status == "confirmed"
    assert "a step with C = BiasedRandK(1) in the place of TopK(1), which is never worse, multiplies V" in one.sentence
    assert two.sentence.startswith("With C = BiasedRandK(1) in the place of TopK(1) rounds grow like kappa^1.0")
    (linear,) = theory.verify("ef21", problem, evidence=("exact",), C="BiasedRandK(1)")
    assert "in the place of" not in linear.sentence
    assert linear.measured == pytest.approx(one.measured, abs=1e-12)


def adiana(C="RandK(1)", n=2, kappa=20.0, q=0.2, speed=1.0, basis="client"):
    """Return the case of ADIANA with a share of the largest α, and what goes with it and with q."""
    problem = problems.Quadratic.random(n, 3, kappa, seed=n, basis=basis)
    omega = algorithms.compressors.get(C).omega(3)
    case = theory.case("adiana", problem, C=C, alpha=speed / (1.0 + omega), q=q)
    return changed(case, **with_step(problem, case.params)._asdict())


def changed(case, **letters):
    """Return the case with other values of some letters, and all other letters as they are."""
    return dataclasses.replace(case, changes=case.params._asdict() | letters)


@given(
    n=st.integers(1, 3),
    C=st.sampled_from(["RandK(1)", "RandK(2)", "Bernoulli(0.5)"]),
    kappa=st.floats(1.1, 1e4),
    q=st.floats(0.02, 1.0),
    # Far smaller step sizes give V weights that differ by more than the engine's digits.
    shares=st.tuples(*[st.floats(0.2, 1.0)] * 5),
    basis=st.sampled_from(["common", "client"]),
)
def test_adiana_is_never_above_its_promise(n, C, kappa, q, shares, basis):
    largest = adiana(C, n, kappa, q, shares[0], basis)
    mu, eta, theta = largest.problem.mu, shares[1] * largest.params.eta, 0.25 * shares[2]
    gamma = shares[3] * eta / (2.0 * (theta + eta * mu))
    case = changed(largest, eta=eta, theta=theta, gamma=gamma, beta=1.0 - shares[4] * gamma * mu)
    assert all(condition.holds for condition in case.conditions())
    assert exact.one_step_factor(case) <= case.rho + 1e-9


@pytest.mark.parametrize(("letter", "times", "named"), [("eta", 20.0, "η"), ("alpha", 2.0, "α"), ("gamma", 50.0, "γ")])
def test_a_step_of_adiana_that_is_too_long_breaks_its_promise(letter, times, named):
    case = adiana()
    case = changed(case, **{letter: times * getattr(case.params, letter)})
    broken = [condition.name for condition in case.conditions() if not condition.holds]
    assert [name.split()[2] for name in broken] == [named]
    assert exact.one_step_factor(case) > case.rho + 1e-3


def test_a_momentum_of_adiana_that_forgets_too_fast_breaks_its_promise():
    case = adiana()
    case = changed(case, beta=1.0 - 30.0 * case.params.gamma * case.problem.mu)
    broken = [condition.name for condition in case.conditions() if not condition.holds]
    assert broken == ["0 < 1 - β <= γμ"]
    assert exact.one_step_factor(case) > case.rho + 1e-3


@given(n=st.integers(1, 10**6), d=st.integers(2, 1000), kappa=st.floats(2.0, 1e10))
def test_the_rounds_of_adiana_are_those_of_its_paper(n, d, kappa):
    """Up to a constant they are ω + √κ + √((ω/n + √(ω/n)) ωκ), whatever the clients, the compressor and κ."""
    problem, theorem = SimpleNamespace(n=n, d=d, L=1.0, mu=1.0 / kappa), theory.get("adiana")
    params = theorem.parameters(problem)
    omega = algorithms.compressors.get(params.C).omega(d)
    promised = omega + np.sqrt(kappa) + np.sqrt((omega / n + np.sqrt(omega / n)) * omega * kappa)
    assert all(condition.holds for condition in theorem.admissible(problem, params))
    assert 1.0 / (1.0 - theorem.contraction(problem, params)) < 100.0 * promised

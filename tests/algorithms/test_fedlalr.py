"""FedLALR: what it is within a round, without adaptation, and in other units."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa import algorithms, problems, theory
from rootkappa.algorithms import parts

pytestmark = pytest.mark.drawn(4)

METHOD, FEDAVG = algorithms.get("fedlalr"), algorithms.get("fedavg")
PROBLEM = problems.Quadratic.random(clients=4, dim=3, kappa=30.0, seed=1, basis="client")
WHOLE = 3


def run(problem, rounds, seed=0, **letters):
    params = theory.get("fedlalr").parameters(problem, **letters)
    return algorithms.run(METHOD, problem, params, rounds=rounds, seed=seed, record=2)


def amsgrad(problem, params, steps):
    x, m = np.zeros(problem.d), np.zeros(problem.d)
    v = v_hat = np.full(problem.d, params.eps**2)
    for _ in range(steps):
        g = problem.gradient(x)
        m = params.beta1 * m + (1 - params.beta1) * g
        v = params.beta2 * v + (1 - params.beta2) * g**2
        v_hat = np.maximum(v_hat, v)
        x = x - params.alpha * m / np.sqrt(v_hat)
    return x, m, v_hat


MOMENTA = st.floats(0.0, 0.999)


@given(beta1=MOMENTA, beta2=MOMENTA, eps=st.floats(1e-8, 10.0), K=st.integers(1, 60), seed=st.integers(0, 99))
def test_a_round_of_one_client_is_amsgrad(beta1, beta2, eps, K, seed):
    alone = problems.Quadratic.random(clients=1, dim=3, kappa=30.0, seed=seed)
    params = METHOD.Params(alpha=0.05, beta1=beta1, beta2=beta2, eps=eps, K=K, b=WHOLE, M=1, v="mean")
    trace = algorithms.run(METHOD, alone, params, rounds=1)
    for found, expected in zip(trace.state, amsgrad(alone, params, K), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12 * np.abs(expected).max())


@given(gamma=st.floats(0.01, 1.0), K=st.integers(1, 8), seed=st.integers(0, 99))
def test_below_its_floor_and_without_momentum_it_is_fedavg(gamma, K, seed):
    problem = problems.Quadratic.random(clients=4, dim=3, kappa=30.0, seed=seed, basis="client")
    trace = run(problem, 30, alpha=1e6 * gamma, beta1=0.0, eps=1e6, K=K, b=WHOLE)
    expected = algorithms.run(FEDAVG, problem, FEDAVG.Params(gamma=gamma, K=K), rounds=30).model
    np.testing.assert_allclose(trace.model, expected, rtol=0, atol=1e-12 * np.abs(expected).max())
    np.testing.assert_allclose(trace.state.v_hat, 1e12, rtol=1e-14)


@given(seed=st.integers(0, 2**32 - 1), eps=st.floats(1e-8, 1.0))
def test_second_moments_never_fall(seed, eps):
    columns = {"least": lambda state: state.v_hat.min(), "sum": lambda state: state.v_hat.sum()}
    params = theory.get("fedlalr").parameters(PROBLEM, eps=eps)
    trace = algorithms.run(METHOD, PROBLEM, params, rounds=40, seed=seed, record=np.arange(41), observe=columns)
    rounding = 1.0 - 1e-14
    assert trace.column("least")[-1] >= rounding * eps**2
    assert (trace.column("sum")[1:] >= rounding * trace.column("sum")[:-1]).all()


@given(scale=st.floats(1e-3, 1e3), seed=st.integers(0, 99))
def test_in_other_units_of_the_functions_it_takes_the_same_path(scale, seed):
    scaled = problems.Quadratic(scale * PROBLEM.hessians, scale * PROBLEM.kernel.b)
    models = [run(problem, 20, seed=seed, eps=eps).model for problem, eps in ((PROBLEM, 1e-8), (scaled, scale * 1e-8))]
    np.testing.assert_allclose(models[1], models[0], rtol=0, atol=1e-9 * np.abs(models[0]).max())


def test_equal_clients_are_one_client():
    many = problems.Quadratic.random(clients=6, dim=3, kappa=30.0, heterogeneity=0.0)
    one = problems.Quadratic(many.hessians[:1], many.kernel.b[:1])
    np.testing.assert_allclose(run(many, 50, b=WHOLE).model, run(one, 50, b=WHOLE).model, rtol=1e-11)


def test_a_round_sends_three_vectors_both_ways_and_counts_components():
    trace = run(PROBLEM, 10, K=4, b=2)
    assert [trace.last(name) for name in ("floats_up", "floats_down", "gradients")] == [90, 90, 80]


@pytest.mark.parametrize(("letter", "value"), [("eps", 0.0), ("beta1", 1.0), ("beta2", -0.1), ("b", 0)])
def test_letters_out_of_range_are_refused(letter, value):
    with pytest.raises(problems.InputError, match=f"{letter} = .* is out of range: give "):
        theory.get("fedlalr").parameters(PROBLEM, **{letter: value})


def lines(problem, params, state, omega, words):
    """Return the state after a round with whole gradients, client by client."""
    ends = []
    for i in omega:
        y, m, v, v_hat = state.x, state.m, state.v_hat, state.v_hat
        for _ in range(params.K):
            g = problem.gradients(y)[i]
            m = params.beta1 * m + (1 - params.beta1) * g
            v = params.beta2 * v + (1 - params.beta2) * g**2
            v_hat = np.maximum(v_hat, v)
            y = y - params.alpha * m / np.sqrt(v_hat)
        ends.append((y, m, v_hat))
    y, m, v_hat = map(np.array, zip(*ends, strict=True))
    return y.mean(axis=0), m.mean(axis=0), v_hat.max(axis=0) if params.v == "max" else v_hat.mean(axis=0)


@pytest.mark.parametrize("v", ["mean", "max"])
@given(seed=st.integers(0, 2**32 - 1), M=st.integers(1, 4))
def test_only_the_cohort_takes_part_in_a_round(v, seed, M):
    params = theory.get("fedlalr").parameters(PROBLEM, M=M, v=v, b=WHOLE, eps=0.1)
    draws = METHOD.draw(np.random.default_rng(seed), PROBLEM, params, 3)
    state = expected = METHOD.start(PROBLEM, params)
    for outcome in METHOD.unroll(draws):
        omega = outcome["omega"]
        assert len({*omega}) == M
        assert sorted(omega) == list(omega)
        expected = METHOD.State(*lines(PROBLEM, params, expected, omega, outcome["xi"]))
    METHOD.advance(PROBLEM.kernel, params, state, draws)
    for found, field in zip(state, expected, strict=True):
        np.testing.assert_allclose(found, field, rtol=1e-12, atol=1e-13)


def test_with_all_clients_no_cohort_is_drawn_and_the_minibatches_are_those_without_cohorts():
    params = theory.get("fedlalr").parameters(PROBLEM)
    draws = METHOD.draw(np.random.default_rng(3), PROBLEM, params, 5)
    alone = (parts.Phases("K") & parts.Stochastic(batch="b")).draw(np.random.default_rng(3), PROBLEM, params, 5)
    np.testing.assert_array_equal(draws.steps["xi"], alone.steps["xi"])
    np.testing.assert_array_equal(draws.ends["omega"], [range(4)] * 5)


def test_the_largest_moments_of_the_clients_make_the_shortest_steps():
    states = {v: run(PROBLEM, 20, v=v, b=WHOLE).state for v in ("mean", "max")}
    assert (states["max"].v_hat >= states["mean"].v_hat).all()
    alone = problems.Quadratic(PROBLEM.hessians[:1], PROBLEM.kernel.b[:1])
    for one, other in zip(*(run(alone, 20, v=v, b=WHOLE).state for v in ("mean", "max")), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_cohort_of_more_clients_than_there_are_is_refused():
    with pytest.raises(problems.InputError, match=r"M = 5 clients in a cohort do not fit n = 4 clients"):
        run(PROBLEM, 1, M=5)

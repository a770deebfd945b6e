"""BLADE-FL: FedAvg and gradient descent where nobody is lazy, the urn of copies, budgets, and what a block costs."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa import algorithms, problems, theory
from rootkappa.algorithms.parts import blocks
from rootkappa.problems import InputError
from rootkappa.theory.engines.places import places

pytestmark = pytest.mark.drawn(4)

METHOD = algorithms.get("blade_fl")
SEEDS = st.integers(0, 99)


def quadratic(seed, clients=4, dim=5):
    return problems.Quadratic.random(clients=clients, dim=dim, kappa=30.0, seed=seed, basis="client")


def params_of(problem, **letters):
    return theory.get("blade_fl").parameters(problem, **letters)


def ends(method, problem, params, rounds):
    return algorithms.run(method, problem, params, rounds=rounds, record=2).model


@given(seed=SEEDS, tau=st.integers(1, 12), K=st.integers(1, 8), alpha=st.floats(0.1, 9.0), beta=st.floats(0.0, 9.0))
def test_without_lazy_clients_it_is_fedavg_to_the_bit(seed, tau, K, alpha, beta):
    problem = quadratic(seed)
    # Half of a step is left over in each block.
    t_sum = K * (alpha * (tau + 0.5) + beta)
    params = params_of(problem, K=K, t_sum=t_sum, alpha=alpha, beta=beta)
    fedavg = algorithms.get("fedavg")
    plain = fedavg.Params(gamma=params.eta, K=tau)
    np.testing.assert_array_equal(ends(METHOD, problem, params, K), ends(fedavg, problem, plain, K))


@given(seed=SEEDS, T=st.integers(1, 40))
def test_blocks_of_one_step_without_mining_are_gradient_descent(seed, T):
    problem = quadratic(seed)
    params = params_of(problem, K=T, t_sum=float(T), alpha=1.0, beta=0.0)
    descent = algorithms.get("gradient_descent")
    expected = ends(descent, problem, descent.Params(gamma=params.eta), T)
    np.testing.assert_allclose(ends(METHOD, problem, params, T), expected, atol=1e-12 * np.abs(expected).max(), rtol=0)


@given(
    K=st.integers(1, 60), tau=st.integers(1, 500), alpha=st.floats(1e-3, 1e3), beta=st.floats(0.0, 1e3),
    spare=st.floats(0.0, 0.99), s=st.floats(1e-3, 1e3),
)  # fmt: skip
def test_there_are_as_many_steps_as_there_is_time_for_in_whatever_unit(K, tau, alpha, beta, spare, s):
    t_sum = K * (alpha * (tau + spare) + beta)
    letters = METHOD.Params(1.0, K, t_sum, alpha, beta, 0, 0.0)
    # Where mining takes nearly all of the time, rounding may cost or give the last step.
    slack = 1 if spare * alpha < 1e-9 * t_sum or (1 - spare) * alpha < 1e-9 * t_sum else 0
    assert abs(blocks.local_steps(letters) - tau) <= slack
    scaled = letters._replace(t_sum=s * t_sum, alpha=s * alpha, beta=s * beta)
    assert abs(blocks.local_steps(scaled) - tau) <= slack


@pytest.mark.parametrize(("K", "steps"), [(1, 99), (2, 49), (10, 9), (20, 4), (25, 3), (33, 2), (34, 1), (50, 1)])
def test_whole_numbers_of_steps_are_not_lost_to_rounding(K, steps):
    """Of a budget of 100 whose unit is a tenth, which no floating-point number is."""
    assert blocks.local_steps(METHOD.Params(1.0, K, 10.0, 0.1, 0.1, 0, 0.0)) == steps


@given(seed=SEEDS, clients=st.integers(2, 7), data=st.data())
def test_lazy_clients_copy_somebody_earlier_and_tell_what_that_one_did(seed, clients, data):
    M = data.draw(st.integers(1, clients - 1))
    problem = quadratic(seed, clients)
    params = params_of(problem, M=M)
    for w in METHOD.draw(np.random.default_rng(seed), problem, params, 20).ends["w"]:
        assert (w[: clients - M, 0] == np.arange(clients - M)).all()
        assert (w[clients - M :, 0] < np.arange(clients - M, clients)).all()
        Y = np.random.default_rng(seed).standard_normal((clients, 3))
        first = Y.copy()
        blocks.copy_lazily(w, Y, 0.0)
        for j in range(clients):
            ancestor = j
            while w[ancestor, 0] != ancestor:
                ancestor = w[ancestor, 0]
            np.testing.assert_array_equal(Y[j], first[ancestor])


def test_a_lazy_clients_own_data_do_not_enter():
    problem = quadratic(3)
    b = problem.kernel.b.copy()
    b[-1] += 100.0
    other = problems.Quadratic(problem.hessians, b)
    params = params_of(problem, M=1)
    expected = ends(METHOD, problem, params, 9)
    np.testing.assert_allclose(ends(METHOD, other, params, 9), expected, atol=1e-13 * np.abs(b).max(), rtol=0)


def test_noise_has_the_deviation_in_every_coordinate():
    """24,000 normal numbers: a deviation is 6 of its own off once in 10^9 runs."""
    problem, draws = quadratic(0, clients=2, dim=6), 4000
    params = params_of(problem, M=1, sigma=0.3)
    noise = np.zeros((draws, 6))
    for row, w in zip(noise, METHOD.draw(np.random.default_rng(1), problem, params, draws).ends["w"], strict=True):
        Y = np.zeros((2, 6))
        blocks.copy_lazily(w, Y, 0.3)
        assert not Y[0].any()
        row[:] = Y[1]
    assert noise.std() == pytest.approx(0.3, rel=6 / math.sqrt(2 * noise.size))
    np.testing.assert_allclose(noise.std(axis=0), 0.3, rtol=6 / math.sqrt(2 * draws))


@pytest.mark.parametrize("M", [1, 2, 3])
def test_with_lazy_clients_the_theorem_holds_exactly(M):
    (verdict,) = theory.verify("blade_fl", quadratic(1), evidence="exact", M=M)
    assert verdict.status == "confirmed", verdict.sentence


@given(seed=SEEDS, M=st.integers(1, 3))
def test_the_spread_of_the_urn_is_exact_at_the_target(seed, M):
    """E V⁺ there, over all that may be copied, is v times the spread of the honest models."""
    problem = quadratic(seed)
    case = theory.case("blade_fl", problem, M=M)
    mean = sum(
        q * case.lyapunov(case.step(case.state(case.target.x.copy()), outcome)) for q, outcome in case.outcomes()
    )
    v = M / (4 * (4 - M + 1))
    assert mean == pytest.approx(case.noise * (1 - v), rel=1e-9, abs=1e-20)


def test_the_noise_of_copies_of_copies_is_that_of_the_urn():
    """At the target of alike clients nothing but σ moves the model: 20,000 blocks, off by 6 deviations in 10^9 runs."""
    A = np.eye(2)
    problem = problems.Quadratic([A] * 5, [[1.0, 0.0]] * 5)
    case = theory.case("blade_fl", problem, M=3, sigma=0.2, eta=0.5)
    draws = case.draw(np.random.default_rng(4), 20_000)
    found = [case.lyapunov(case.step(case.state(case.target.x.copy()), outcome)) for outcome in case.unroll(draws)]
    assert np.mean(found) == pytest.approx(case.noise, abs=6 * np.std(found) / math.sqrt(len(found)))


def test_the_target_with_lazy_clients_is_that_of_the_others():
    rng = np.random.default_rng(0)
    features, labels = rng.standard_normal((24, 3)), np.where(rng.random(24) < 0.5, 1, -1)
    problem = problems.Logistic(features, labels, clients=4, l2=0.2)
    alone = problems.Logistic(features[:18], labels[:18], clients=3, l2=0.2)
    found = theory.case("blade_fl", problem, M=1, eta=0.5).target
    expected = theory.case("blade_fl", alone, eta=0.5).target
    assert found.residual < 1e-14
    np.testing.assert_allclose(found.x, expected.x, atol=1e-12)


@pytest.mark.parametrize("n", [1, 2, 5])
def test_everybody_tells_everybody_and_a_block_has_a_header(n):
    problem = quadratic(0, clients=n, dim=6)
    trace = algorithms.run(METHOD, problem, params_of(problem), rounds=7, record=2)
    up, down = 7 * (n - 1) * (6 + 11), 7 * ((n - 1) * 6 + 11 * (n > 1))
    spent = [trace.last(name) for name in ("floats_up", "floats_down", "bits_up", "bits_down", "gradients")]
    assert spent == [up, down, 64 * up, 64 * down, 70]


def test_a_block_lasts_as_long_as_its_training_its_mining_and_what_is_told():
    """Ten steps of the slowest, twice a latency, 3 (6 + 11) numbers up and 3·6 + 11 down, and mining of five steps."""
    problem = quadratic(0, dim=6)
    clock = algorithms.Clock(compute=0.01, latency=0.1, up=1e3, down=1e4, speeds=[1.0, 0.5, 1.0, 0.25])
    telling = 0.2 + 64 * 51 / 1e3 + 64 * 29 / 1e4
    for letters, expected in (
        ({}, 0.4 + telling + 0.05),
        ({"M": 1}, 0.2 + telling + 0.05),  # the slowest is lazy
        ({"beta": 0.0, "K": 30}, 0.4 + telling),
        ({"t_sum": 600.0, "alpha": 2.0, "beta": 10.0}, 0.4 + telling + 0.05),
    ):
        trace = algorithms.run(METHOD, problem, params_of(problem, **letters), rounds=3, clock=clock)
        np.testing.assert_allclose(trace.column("seconds"), expected * trace.column("round"), rtol=1e-12)


@pytest.mark.parametrize(
    ("letters", "sentence"),
    [
        ({"K": 51}, r"K = 51 blocks .* leave none for a local step.*: give K <= t_sum/\(alpha \+ beta\) = 50"),
        ({"beta": 15.0}, "K = 20 blocks .* or more time"),
        ({"M": 4}, "M = 4 lazy clients of n = 4 leave nobody who trains: give 0 <= M < n"),
        ({"M": -1}, "M = -1 is out of range: give an integer number of lazy clients, at least 0"),
        ({"alpha": 0.0}, "alpha = 0.0 is out of range: give a time"),
        ({"t_sum": 0.0}, "t_sum = 0.0 is out of range: give a whole time"),
        ({"beta": -1.0}, "beta = -1.0 is out of range: give a time from 0"),
        ({"K": 0}, "K = 0 is out of range: give an integer number of blocks"),
    ],
)
def test_what_leaves_no_time_or_nobody_is_refused(letters, sentence):
    problem = quadratic(0)
    with pytest.raises(InputError, match=sentence):
        algorithms.run(METHOD, problem, params_of(problem, **letters), rounds=2)


def test_all_letters_at_once_have_other_values_where_a_copy_is_held_against_it():
    """What takes lazy clients and noise to be seen is seen in that place only."""
    case = theory.case("blade_fl", quadratic(2))
    others = [place.case.params for place in places(case, beyond=True)]
    assert any(params.M > 0 and params.sigma > 0.0 and blocks.local_steps(params) > 1 for params in others)

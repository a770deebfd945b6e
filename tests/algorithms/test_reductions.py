"""Exact identities between methods: two papers, one trajectory."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa import algorithms, problems
from rootkappa.algorithms.parts.rounds import Draws
from rootkappa.problems import functions


def states(name, problem, params, draws):
    """Return the state after every round; draws may be the lengths of rounds in which nothing else is drawn."""
    method = algorithms.get(name)
    params = method.Params(*params)
    state = method.start(problem, params)
    draws = draws if isinstance(draws, Draws) else Draws(np.asarray(draws), {}, {})
    for k in range(len(draws)):
        method.advance(problem.kernel, params, state, draws[k : k + 1])
        yield type(state)(*(field.copy() for field in state))


def estimates(name, problem, params, draws):
    method = algorithms.get(name)
    return np.array([method.model(state) for state in states(name, problem, params, draws)])


@given(seed=st.integers(0, 2**32 - 1), p=st.floats(0.05, 1.0))
def test_proxskip_without_psi_is_scaffnew(problem, seed, p, relative_difference):
    lengths = np.random.default_rng(seed).geometric(p, 40)
    gamma = 1.0 / problem.L
    for skip, new in zip(
        states("proxskip", problem, (gamma, p), lengths), states("scaffnew", problem, (gamma, p), lengths), strict=True
    ):
        assert relative_difference(skip.X, new.X) < 1e-13
        assert relative_difference(skip.H, new.H) < 1e-13


@given(seed=st.integers(0, 2**32 - 1), p=st.floats(0.05, 1.0))
def test_gossip_of_everybody_with_everybody_is_scaffnew(problem, seed, p, relative_difference):
    lengths = np.random.default_rng(seed).geometric(p, 40)
    gamma = 1.0 / problem.L
    complete = (gamma, p, 1.0, "complete", "metropolis")
    for one, other in zip(
        states("decentralized_scaffnew", problem, complete, lengths),
        states("scaffnew", problem, (gamma, p), lengths),
        strict=True,
    ):
        assert relative_difference(one.X, other.X) < 1e-13
        assert relative_difference(one.H, other.H) < 1e-13


@given(seed=st.integers(0, 2**32 - 1), p=st.floats(0.05, 1.0), q=st.floats(0.05, 1.0))
def test_sampling_from_one_component_is_scaffnew(seed, p, q, relative_difference):
    rows = np.random.default_rng(1).standard_normal((3, 4))
    problem = problems.Logistic(rows, [1, -1, 1], clients=3, l2=0.1)
    gamma = 1.0 / problem.L
    method = algorithms.get("proxskip_vr")
    draws = method.draw(np.random.default_rng(seed), problem, method.Params(gamma, p, q), 30)
    lengths = draws.lengths
    for reduced, new in zip(
        states("proxskip_vr", problem, (gamma, p, q), draws),
        states("scaffnew", problem, (gamma, p), lengths),
        strict=True,
    ):
        assert relative_difference(reduced.X, new.X) < 1e-13
        assert relative_difference(reduced.H, new.H) < 1e-13


@pytest.mark.parametrize("K", [1, 4, 10])
def test_scaffold_2_is_scaffnew_with_rounds_of_equal_length(problem, K, relative_difference):
    lengths = np.full(60, K)
    gamma = 1.0 / problem.L
    scaffold = list(states("scaffold_2", problem, (gamma, K), lengths))
    scaffnew = list(states("scaffnew", problem, (gamma, 1.0 / K), lengths))
    skip = list(states("proxskip", problem, (gamma, 1.0 / K), lengths))
    for one, two, three in zip(scaffold, scaffnew, skip, strict=True):
        assert relative_difference(np.tile(one.x, (problem.n, 1)), two.X) < 1e-13
        assert relative_difference(one.C - one.c, two.H) < 1e-13
        assert relative_difference(two.X, three.X) < 1e-13


def test_one_local_step_makes_gradient_descent_of_everything(problem, relative_difference):
    gamma, ones = 1.0 / problem.L, np.ones(50, dtype=np.int64)
    plain = estimates("gradient_descent", problem, (gamma,), ones)
    for name, params in {
        "nesterov": (gamma, 0.0),
        "fedavg": (gamma, 1),
        "scaffold_1": (gamma, 1),
        "scaffold_2": (gamma, 1),
        "proxskip": (gamma, 1.0),
        "scaffnew": (gamma, 1.0),
    }.items():
        assert relative_difference(estimates(name, problem, params, ones), plain) < 1e-13, name


def test_the_communication_of_proxskip_is_the_prox_of_consensus():
    problem = problems.Quadratic.random(clients=4, dim=5, kappa=20.0, seed=3)
    method = algorithms.get("proxskip")
    params = method.Params(gamma=0.7, p=0.3)
    rng = np.random.default_rng(0)
    state = method.State(rng.standard_normal((4, 5)), rng.standard_normal((4, 5)))
    moved = state.X - params.gamma * (problem.kernel.A @ state.X[..., None])[..., 0]
    moved += params.gamma * (problem.kernel.b + state.H)
    expected = functions.Consensus(4).prox(moved - params.gamma / params.p * state.H, params.gamma / params.p)
    method.step(problem.kernel, params, state, 1)
    np.testing.assert_allclose(state.X, expected, atol=1e-14)


def test_proxskip_with_one_client_and_p_1_is_the_proximal_gradient_method():
    psi = functions.L1(0.3)
    problem = problems.Quadratic.random(clients=1, dim=8, kappa=30.0, seed=1, psi=psi)
    gamma, x = 1.0 / problem.L, np.zeros(8)
    for estimate in estimates("proxskip", problem, (gamma, 1.0), np.ones(40, dtype=np.int64)):
        x = psi.prox(x - gamma * problem.gradient(x), gamma)
        np.testing.assert_allclose(estimate, x, atol=1e-13)


@pytest.mark.parametrize("clients", [1, 5])
def test_proxskip_with_l1_reaches_the_sparse_solution(clients):
    problem = problems.Quadratic.random(clients=clients, dim=12, kappa=50.0, seed=2, psi=functions.L1(0.4))
    solution = problem.solution().x
    assert 0 < np.count_nonzero(solution) < 12
    method = algorithms.get("proxskip")
    trace = algorithms.run(method, problem, method.Params(1.0, 0.15), rounds=800, seed=0)
    assert trace.last("distance") < 1e-12 * np.linalg.norm(solution)


def test_control_variates_whose_sum_is_not_0_move_the_limit_of_scaffnew_and_not_of_proxskip():
    problem = problems.Quadratic.random(clients=3, dim=4, kappa=20.0, seed=5, basis="client")
    draws = Draws(np.random.default_rng(0).geometric(0.3, 1500), {}, {})
    start = np.random.default_rng(1).standard_normal((3, 4))
    mean_A, mean_b = problem.kernel.A.mean(axis=0), problem.kernel.b.mean(axis=0)
    limits = {
        "scaffnew": np.linalg.solve(mean_A, mean_b + start.mean(axis=0)),
        "proxskip": problem.solution().x,
    }
    for name, limit in limits.items():
        method = algorithms.get(name)
        state = method.State(np.zeros((3, 4)), start.copy())
        method.advance(problem.kernel, method.Params(1.0, 0.3), state, draws)
        np.testing.assert_allclose(method.model(state), limit, atol=1e-12)
    assert np.linalg.norm(limits["scaffnew"] - limits["proxskip"]) > 0.1

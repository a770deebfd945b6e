import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa import algorithms, problems
from rootkappa.algorithms.parts.rounds import Draws

pytestmark = pytest.mark.drawn(4)

METHOD = algorithms.get("fedlin")
SEEDS, LENGTHS, SIZES = st.integers(0, 2**32 - 1), st.integers(1, 30), st.floats(0.01, 1.0)


def walked(name, problem, params, draws, x):
    """Return the model of a method without other state, after all rounds from x."""
    method = algorithms.get(name)
    state = method.State(x.copy())
    method.advance(problem.kernel, method.Params(*params), state, Draws(draws, {}, {}))
    return state.x


@given(seed=SEEDS, size=SIZES)
def test_one_local_step_is_gradient_descent(problem, seed, size, relative_difference):
    x, ones, gamma = np.random.default_rng(seed).standard_normal(problem.d), np.ones(20, np.int64), size / problem.L
    fedlin = walked("fedlin", problem, (gamma, 1), ones, x)
    assert relative_difference(fedlin, walked("gradient_descent", problem, (gamma,), ones, x)) < 1e-12


@given(seed=SEEDS, K=LENGTHS, size=SIZES)
def test_with_equal_clients_it_is_fedavg(seed, K, size, relative_difference):
    problem = problems.Quadratic.random(clients=3, dim=4, kappa=20.0, seed=1, heterogeneity=0.0)
    x, lengths, eta = np.random.default_rng(seed).standard_normal(4), np.full(10, K), size / problem.L
    fedlin = walked("fedlin", problem, (eta, K), lengths, x)
    assert relative_difference(fedlin, walked("fedavg", problem, (eta, K), lengths, x)) < 1e-12


@given(seed=SEEDS, K=LENGTHS, size=SIZES)
def test_a_round_is_one_of_scaffold_whose_control_variates_are_fresh(problem, seed, K, size, relative_difference):
    x, lengths, eta = np.random.default_rng(seed).standard_normal(problem.d), np.full(1, K), size / problem.L
    scaffold, fresh = algorithms.get("scaffold_1"), problem.gradients(x)
    state = scaffold.State(x.copy(), fresh, fresh.mean(axis=0))
    scaffold.advance(problem.kernel, scaffold.Params(eta, K), state, Draws(lengths, {}, {}))
    assert relative_difference(walked("fedlin", problem, (eta, K), lengths, x), state.x) < 1e-12


@given(seed=SEEDS, K=LENGTHS, size=SIZES)
def test_a_round_on_quadratics_has_a_closed_form(seed, K, size):
    """The error becomes (I - M A) times itself, with A the mean Hessian and M the mean of Σ_{k<K} η (I - η A_i)^k."""
    problem = problems.Quadratic.random(clients=3, dim=4, kappa=20.0, seed=seed % 100, basis="client")
    x, eta, A = np.random.default_rng(seed).standard_normal(4), size / problem.L, problem.kernel.A
    M = sum(eta * np.linalg.matrix_power(np.eye(4) - eta * A_i, k) for A_i in A for k in range(K)) / len(A)
    solution = problem.solution().x
    expected = solution + (np.eye(4) - M @ A.mean(axis=0)) @ (x - solution)
    np.testing.assert_allclose(walked("fedlin", problem, (eta, K), np.full(1, K), x), expected, atol=1e-12)


@pytest.mark.parametrize("K", [1, 7])
def test_the_gradient_that_is_sent_is_counted_as_that_of_the_first_local_step(K):
    problem = problems.Quadratic.random(clients=3, dim=4, kappa=20.0)
    spent = METHOD.cost(problem, METHOD.Params(0.1, K), Draws(np.full(5, K), {}, {}))
    assert (spent.gradients, spent.floats_up, spent.floats_down) == (5 * K, 5 * 2 * 4, 5 * 2 * 4)

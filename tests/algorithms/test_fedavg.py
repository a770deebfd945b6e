import numpy as np
import pytest

from rootkappa import algorithms, problems, theory

pytestmark = pytest.mark.drawn(4)

FEDAVG, TARGET = algorithms.get("fedavg"), theory.get("fedavg").target


@pytest.mark.parametrize("K", [1, 5, 50, 5000])
@pytest.mark.parametrize("gamma", [0.3, 1.0, 1.9])
def test_a_run_ends_at_the_closed_form(K, gamma):
    problem = problems.Quadratic.random(clients=5, dim=6, kappa=30.0, seed=1, basis="client", heterogeneity=2.0)
    params = FEDAVG.Params(gamma, K)
    target = TARGET(problem, params)
    assert target.residual < 1e-13
    trace = algorithms.run(FEDAVG, problem, params, rounds=3000, seed=0)
    np.testing.assert_allclose(trace.state.x, target.x, atol=1e-10, rtol=0)
    bias = np.linalg.norm(target.x - problem.solution().x)
    assert bias < 1e-12 if K == 1 else bias > 1e-2


def test_the_bias_is_that_of_the_first_order_expansion():
    problem = problems.Quadratic.random(clients=4, dim=5, kappa=10.0, seed=2, basis="client")
    solution, A = problem.solution(), problem.kernel.A
    K = 7
    slope = np.mean([hessian @ g for hessian, g in zip(A, solution.gradients, strict=True)], axis=0)
    direction = (K - 1) / 2 * np.linalg.solve(A.mean(axis=0), slope)
    errors = []
    for gamma in (1e-3, 1e-4):
        bias = TARGET(problem, FEDAVG.Params(gamma, K)).x - solution.x
        errors.append(np.linalg.norm(bias / gamma - direction) / np.linalg.norm(direction))
    assert errors[1] < 1e-2
    # The expansion is exact up to a term linear in gamma.
    assert errors[0] / errors[1] == pytest.approx(10.0, rel=0.05)


def test_many_local_steps_lead_to_the_mean_of_the_clients_own_minimisers():
    problem = problems.Quadratic.random(clients=4, dim=5, kappa=10.0, seed=2, basis="client")
    own = [np.linalg.solve(A, b) for A, b in zip(problem.kernel.A, problem.kernel.b, strict=True)]
    target = TARGET(problem, FEDAVG.Params(1.0, 10_000))
    np.testing.assert_allclose(target.x, np.mean(own, axis=0), atol=1e-11)


def test_clients_with_one_hessian_have_no_bias():
    problem = problems.Quadratic.random(clients=4, dim=5, kappa=10.0, seed=2, basis="common", heterogeneity=3.0)
    np.testing.assert_allclose(TARGET(problem, FEDAVG.Params(1.0, 20)).x, problem.solution().x, atol=1e-12)


def test_the_fixed_point_on_real_data_is_certified_and_not_the_solution():
    problem = problems.Logistic.load("breast_cancer", clients=10, kappa=100.0)
    params = FEDAVG.Params(1.0 / problem.L, 10)
    target = TARGET(problem, params)
    assert target.residual < 1e-13
    assert np.linalg.norm(target.x - problem.solution().x) > 1e-3 * np.linalg.norm(target.x)

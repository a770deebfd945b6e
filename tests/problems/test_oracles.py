"""What every kind of problem offers to compiled code, beyond what its own tests say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa.problems import Composite, InputError, Quadratic
from rootkappa.problems.functions import L1
from rootkappa.problems.oracles import (
    component_gradient,
    components,
    gradient,
    spread_of_components,
    variance_of_components,
    without_ridge,
    workspace,
)


@given(share=st.floats(0.0, 1.0), seed=st.integers(0, 1000))
def test_without_a_ridge_gradients_lack_its_part(problem, share, seed):
    mu = share * problem.mu
    kernel, x = without_ridge(problem.kernel, mu), np.random.default_rng(seed).standard_normal(problem.d)
    g, work = np.empty(problem.d), workspace(kernel)
    for i, full in enumerate(problem.gradients(x)):
        gradient(kernel, i, x, g, work)
        np.testing.assert_allclose(g, full - mu * x, rtol=1e-10, atol=1e-10 * np.abs(full).max())


def test_a_kernel_of_another_kind_has_to_say_it():
    with pytest.raises(NotImplementedError, match="does not say what it is without a ridge"):
        without_ridge((1.0,), 0.5)


def test_another_nonsmooth_term_changes_the_solution_and_nothing_else(problem):
    before = problem.solution().x.copy()
    sparse = problem.with_psi(L1(0.1))
    assert sparse.label == f"{problem.label} psi={sparse.psi!r}"
    assert np.abs(sparse.solution().x).sum() < np.abs(before).sum()
    assert sparse.with_psi(problem.psi).label == problem.label
    np.testing.assert_array_equal(problem.solution().x, before)
    np.testing.assert_array_equal(sparse.gradients(before), problem.gradients(before))


@given(seed=st.integers(0, 1000))
def test_clients_take_gradients_at_points_of_their_own(problem, dense_and_sparse, seed):
    K = np.arange(1.0, 2 * problem.d + 1.0).reshape(2, problem.d)
    for one in (problem, dense_and_sparse[1], Composite(problem, L1(0.1), K, (np.zeros(problem.d), np.zeros(2)))):
        X = np.random.default_rng(seed).standard_normal((one.n, one.d))
        expected = np.stack([one.gradients(x)[i] for i, x in enumerate(X)])
        np.testing.assert_allclose(one.gradients_at(X), expected, rtol=1e-10, atol=1e-10 * np.abs(expected).max())
        np.testing.assert_array_equal(one.gradients_at(list(X)), one.gradients_at(X))


def test_one_point_for_all_is_none_for_each(problem):
    with pytest.raises(InputError, match=r"X has shape \(\d,\), but \(4, \d\) is needed"):
        problem.gradients_at(np.zeros(problem.d))


def component_gradients(problem, i, x):
    found, work = np.empty((components(problem.kernel, i), problem.d)), workspace(problem.kernel)
    for j, g in enumerate(found):
        component_gradient(problem.kernel, i, j, x, g, work)
    return found


@given(seed=st.integers(0, 1000))
def test_the_mean_of_the_components_is_the_function(problem, seed):
    x = np.random.default_rng(seed).standard_normal(problem.d)
    for i, full in enumerate(problem.gradients(x)):
        found = component_gradients(problem, i, x)
        np.testing.assert_allclose(found.mean(axis=0), full, atol=1e-12 * np.abs(found).max())


@given(seed=st.integers(0, 1000))
def test_every_component_is_convex_and_as_smooth_as_told(problem, seed):
    x, z = np.random.default_rng(seed).standard_normal((2, problem.d))
    for i in range(problem.n):
        change = component_gradients(problem, i, x) - component_gradients(problem, i, z)
        # Cocoercivity says both.
        assert (change @ (x - z) >= (change**2).sum(axis=1) / problem.component_L * (1 - 1e-12) - 1e-12).all()


def test_component_L_is_attained():
    problem = Quadratic.random(clients=2, dim=3, kappa=10.0, seed=1, basis="client")
    v = problem.kernel.V[0, -1]
    change = component_gradients(problem, 0, v) - component_gradients(problem, 0, 0.0 * v)
    assert np.linalg.norm(change, axis=1).max() == pytest.approx(problem.component_L)


@given(seed=st.integers(0, 1000))
def test_spread_and_variance_are_sums_over_components(problem, seed):
    rng = np.random.default_rng(seed)
    Y, x = rng.standard_normal((problem.n, problem.d)), rng.standard_normal(problem.d)
    there = [component_gradients(problem, i, y) for i, y in enumerate(Y)]
    here = [component_gradients(problem, i, x) for i in range(problem.n)]
    spread = sum(((a - b) ** 2).sum() / len(a) for a, b in zip(there, here, strict=True))
    assert spread_of_components(problem.kernel, Y, x) == pytest.approx(spread, rel=1e-9)
    assert variance_of_components(problem.kernel, x) == pytest.approx(sum(b.var(axis=0).sum() for b in here), rel=1e-9)

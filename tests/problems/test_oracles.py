"""What every kind of problem offers to compiled code, beyond what its own tests say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa.problems.functions import L1
from rootkappa.problems.oracles import gradient, without_ridge, workspace


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

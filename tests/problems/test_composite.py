import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa import algorithms
from rootkappa.problems import (
    Composite,
    InputError,
    Quadratic,
    functions,
    oracles,
)
from rootkappa.problems.composite import block_norm, coupling

BASE = Quadratic.random(2, 3)
FUNCTIONS = {"huber": functions.Huber(0.7), "l1": functions.L1(0.5), "squared": functions.SquaredL2(3.0)}


def optimality(problem):
    """Return the distances of both optimality conditions, by the functions' subdifferentials and not by any prox."""
    there = problem.solution()
    slope = -there.gradients.mean(axis=0) - problem.K.T @ there.u
    behind = problem.K @ there.x
    # A prox leaves entries that are exactly 0; K of a rounded x does not.
    behind[np.abs(behind) < 1e-12] = 0.0
    return problem.psi.subdifferential_distance(there.x, slope), problem.h.subdifferential_distance(behind, there.u)


@given(name=st.sampled_from(list(FUNCTIONS)), kappa=st.floats(1.5, 1e6), seed=st.integers(0, 1000))
def test_a_planted_solution_is_one(name, kappa, seed):
    problem = Composite.random(3, 6, kappa, seed, h=FUNCTIONS[name])
    assert problem.solution().residual < 1e-13
    assert max(optimality(problem)) < 1e-11
    assert problem.kappa == pytest.approx(kappa)


@pytest.mark.parametrize("h", FUNCTIONS.values(), ids=FUNCTIONS)
@pytest.mark.parametrize("psi", [None, functions.L1(0.2), functions.SquaredL2(0.5)], ids=["0", "l1", "squared"])
def test_a_given_problem_is_solved(h, psi):
    rng = np.random.default_rng(1)
    base = Quadratic.random(3, 5, 10.0, seed=2, psi=psi)
    problem = Composite(base, h, rng.standard_normal((7, 5)))
    assert problem.solution().residual < 1e-13
    assert max(optimality(problem)) < 1e-10


def test_a_wrong_solution_has_a_large_residual():
    problem = Composite(BASE, functions.L1(1.0), np.eye(3), (np.ones(3), np.ones(3)))
    assert problem.solution().residual > 0.1


def test_the_search_finds_what_was_planted():
    planted = Composite.random(3, 6, 20.0, seed=4)
    found = Composite(planted.base, planted.h, planted.K).solution()
    np.testing.assert_allclose(found.x, planted.solution().x, atol=1e-12)
    np.testing.assert_allclose(found.u, planted.solution().u, atol=1e-12)


@given(seed=st.integers(0, 2**32 - 1))
def test_the_gap_is_the_difference_of_the_values(seed):
    problem = Composite.random(3, 6, 20.0, h=functions.L1(0.5))
    x = np.random.default_rng(seed).standard_normal(6)
    difference = problem.value(x) - problem.value(problem.solution().x)
    assert problem.gap(x) == pytest.approx(difference, rel=1e-9)
    assert problem.gap(problem.solution().x) < 1e-14


def test_its_oracles_are_those_of_the_problem_that_it_is_made_of(problem):
    composite = Composite(problem, functions.L1(0.5), np.ones((2, problem.d)))
    x, h = np.linspace(-1, 1, problem.d), np.linspace(0, 1, problem.d)
    for i in range(problem.n):
        results = []
        for kernel in (problem.kernel, composite.kernel):
            g, moved, work = np.empty(problem.d), x.copy(), np.empty(oracles.work_size(kernel))
            oracles.gradient(kernel, i, x, g, work)
            oracles.local_steps(kernel, i, moved, h, 0.1, 3, work)
            results.append(np.concatenate([g, moved]))
        np.testing.assert_array_equal(*results)
    assert (composite.n, composite.L, composite.mu) == (problem.n, problem.L, problem.mu)


@given(m=st.integers(1, 5), d=st.integers(1, 5), seed=st.integers(0, 2**32 - 1))
def test_the_constants_of_the_matrix(m, d, seed):
    K = np.random.default_rng(seed).standard_normal((m, d))
    base = Quadratic(np.eye(d)[None], np.zeros((1, d)))
    problem = Composite(base, functions.SquaredL2(4.0), K)
    part = problem.coupling
    eigenvalues = np.linalg.eigvalsh(K @ K.T)
    assert part.norm**2 == pytest.approx(eigenvalues[-1])
    assert part.lam_min == pytest.approx(eigenvalues[0] if m <= d else 0.0, rel=1e-6, abs=1e-12)
    assert block_norm(problem, 1) ** 2 == pytest.approx(np.diag(K @ K.T).max())
    assert block_norm(problem, m) == pytest.approx(part.norm)
    assert part.mu_h_star == 0.25
    assert Composite(base, functions.L1(1.0), K).coupling.mu_h_star == 0.0


def test_dependent_rows_have_no_smallest_eigenvalue():
    base = Quadratic(np.eye(3)[None], np.zeros((1, 3)))
    assert Composite(base, functions.L1(1.0), [[1.0, 2.0, 0.0], [0.1, 0.2, 0.0]]).coupling.lam_min == 0.0


def test_a_problem_without_a_matrix_has_the_constants_of_the_identity():
    base = Quadratic.random(2, 4, psi=functions.SquaredL2(4.0))
    same = Composite(Quadratic.random(2, 4), functions.SquaredL2(4.0), np.eye(4))
    assert coupling(base) == coupling(same)
    assert block_norm(base, 2) == block_norm(same, 2) == 1.0


@pytest.mark.parametrize("name", [name for name in algorithms.names() if name != "randprox"])
def test_methods_without_a_prox_behind_a_matrix_refuse(name):
    with pytest.raises(InputError, match=r"no prox behind a matrix, but the problem has h = Huber\(1.0\) of Kx"):
        algorithms.get(name).check(Composite.random(3, 4))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((None, functions.L1(1.0), np.eye(3)), "base = None is no problem"),
        ((Composite.random(2, 3), functions.L1(1.0), np.eye(3)), "is no problem without a matrix"),
        ((BASE, functions.L1(1.0), np.eye(4)), r"K has shape \(4, 4\), but finite numbers of shape \(m, 3\)"),
        ((BASE, functions.L1(1.0), np.zeros((2, 3))), "that are not all 0"),
        ((BASE, functions.L1(1.0), [[np.nan, 0.0, 0.0]]), "finite numbers"),
        ((BASE, functions.L0(1.0), np.eye(3)), "h = L0.* is no convex function of a vector"),
        ((BASE, "L1", np.eye(3)), "h = 'L1' is no convex function"),
        ((BASE, functions.L1(1.0), np.eye(3), (np.zeros(3), np.zeros(2))), r"known has the shapes \[\(3,\), \(2,\)\]"),
        ((BASE, functions.Translated(functions.L1(1.0), [1.0, 2.0]), np.eye(3)), "Kx has shape"),
    ],
)
def test_bad_input_is_one_sentence(arguments, words):
    with pytest.raises(InputError, match=words):
        Composite(*arguments)


def test_a_matrix_with_dependent_rows_takes_no_planted_solution():
    with pytest.raises(InputError, match="K has dependent rows"):
        Composite.random(2, 3, K=np.ones((2, 3)))

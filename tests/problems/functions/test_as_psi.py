"""Functions as the nonsmooth term of a problem: the certified solution, and a method that goes there."""

import numpy as np
import pytest

from rootkappa import algorithms, problems
from rootkappa.problems import functions

D = 4
TERMS = {
    "Simplex": functions.Simplex(),
    "Box": functions.Box(-0.1, 0.2),
    "L2": functions.L2(0.5),
    "L1Ball": functions.L1Ball(0.25),
    "GroupL2": functions.GroupL2(0.1, [[0, 1], [2]]),
    "SortedL1": functions.SortedL1([0.5, 0.25, 0.125, 0.0]),
    "TotalVariation1D": functions.TotalVariation1D(0.25),
    "AffineSet": functions.AffineSet(np.ones((1, D)), [0.5]),
    "sum": functions.SeparableSum([(functions.L1(0.25), 2), (functions.Simplex(), 2)]),
}


# A method knows nothing of the term but its kernel: one with fields, one without, and one made of others.
KINDS = [
    pytest.param(name, marks=() if name in ("Simplex", "AffineSet", "sum") else pytest.mark.nightly) for name in TERMS
]


def with_term(name):
    return problems.Quadratic.random(clients=3, dim=D, kappa=10.0, seed=1, psi=TERMS[name])


@pytest.mark.parametrize("name", TERMS)
def test_the_solution_satisfies_its_condition(name):
    psi, problem = TERMS[name], with_term(name)
    solution = problem.solution()
    assert solution.residual <= 1e-14
    # The term decides something, or the test would be about the smooth problem.
    free = np.linalg.solve(problem.kernel.A.mean(axis=0), problem.kernel.b.mean(axis=0))
    assert np.linalg.norm(solution.x - free) > 1e-3
    distance = psi.subdifferential_distance(solution.x, -problem.gradient(solution.x))
    assert distance <= 1e-12 * np.linalg.norm(problem.kernel.b)


@pytest.mark.parametrize("name", KINDS)
def test_proxskip_reaches_the_solution(name):
    psi, problem = TERMS[name], with_term(name)
    size = np.linalg.norm(problem.solution().x)
    method = algorithms.get("proxskip")
    trace = algorithms.run(method, problem, method.Params(1.0, 0.3), rounds=500, seed=0)
    assert trace.last("distance") <= 1e-13 * size
    assert psi.in_domain(trace.model, tolerance=1e-12)


def test_problems_with_different_terms_are_different_problems():
    keys = {problems.Quadratic.random(clients=2, dim=D, psi=psi).content_key() for psi in TERMS.values()}
    assert len(keys) == len(TERMS)

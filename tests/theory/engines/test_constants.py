"""Fields that never change are no part of what exact evidence probes, and only where an invariant says so."""

import dataclasses

import numpy as np
import pytest

from rootkappa import algorithms, problems, theory
from rootkappa.theory.engines.constants import without_constants

PROBLEM = problems.Quadratic.random(clients=3, dim=6, kappa=30.0, seed=1)
METHOD = algorithms.get("salientgrads")


def case(**changes):
    return theory.case("salientgrads", PROBLEM, density=0.5, **changes)


def test_the_reduced_case_walks_the_same_path_and_measures_the_same():
    full, less = case(), without_constants(case())
    draws = full.draw(np.random.default_rng(0), 4)
    whole, reduced = full.advance(full.initial(), draws), less.advance(less.initial(), draws)
    np.testing.assert_array_equal(whole.x, reduced.x)
    np.testing.assert_array_equal(full.step(full.initial(), 1).x, less.step(less.initial(), 1).x)
    np.testing.assert_array_equal(full.model(whole), less.model(reduced))
    assert full.lyapunov(whole) == less.lyapunov(reduced)
    assert less.lyapunov(less.fixed_point()) == 0.0
    assert less.invariants(reduced) == {}


@pytest.mark.parametrize("K", [1, 3])
def test_the_exact_factor_is_that_of_the_masked_product(K):
    held = case(K=K)
    A, mask = PROBLEM.hessians, held.initial().mask
    once = np.diag(mask) @ (np.eye(6) - held.params.gamma * A)
    rounds = np.mean([np.linalg.matrix_power(M, K) for M in once], axis=0)
    assert theory.exact.one_step_factor(held) == pytest.approx(np.linalg.norm(rounds, 2) ** 2, rel=1e-9)


def test_without_that_invariant_a_product_of_fields_is_not_affine():
    unsaid = dataclasses.replace(case(), method=dataclasses.replace(METHOD, invariants=lambda *given: {}))
    assert without_constants(unsaid) is unsaid
    with pytest.raises(problems.InputError, match="is not an affine map of its state"):
        theory.exact.one_step_factor(unsaid)

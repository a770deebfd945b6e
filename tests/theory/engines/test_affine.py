"""The matrix of V by probing: quick where V is a sum over coordinates, right where it is not."""

import dataclasses

import numpy as np
import pytest

from rootkappa import problems, theory
from rootkappa.theory.engines import affine, exact

PROBLEM = problems.Quadratic.random(clients=3, dim=4, kappa=20.0, seed=2, basis="client")


def counted(case, V):
    """Return the case with another V, and the list to which each call of it adds an entry."""
    calls = []

    def lyapunov(problem, params, state, target):
        calls.append(1)
        return V(problem, params, state, target)

    return dataclasses.replace(case, theorem=dataclasses.replace(case.theorem, lyapunov=lyapunov)), calls


def test_a_sum_over_coordinates_takes_a_call_for_each():
    case = theory.case("scaffnew", PROBLEM)
    own, calls = counted(case, case.theorem.lyapunov)
    model = affine.affine_model(own)
    size = sum(field.size for field in case.initial())
    assert len(calls) < 3 * size
    assert sum(block.maps.shape[1] for block in model.blocks) < size


@pytest.mark.parametrize("coupling", [0.0, 1e-9, 0.3])
def test_a_coupling_in_v_is_seen_however_small_it_is(coupling, monkeypatch):
    """The factor is the same as where every pair of coordinates is asked for."""
    case = theory.case("scaffnew", PROBLEM)

    def V(problem, params, state, target):
        x, h = state.X - target.x, params.gamma / params.p * (state.H - target.gradients)
        return float(np.sum(x**2) + np.sum(h**2) + 2.0 * coupling * np.sum(x * h))

    own, calls = counted(case, V)
    found = exact.one_step_factor(own)
    few = len(calls)
    monkeypatch.setattr(affine, "_DIAGONAL", -1.0)
    assert exact.one_step_factor(own) == pytest.approx(found, rel=1e-13)
    assert (len(calls) - few > few) == (coupling == 0.0)

"""The matrix of V by probing: quick where V is a sum over coordinates, right where it is not."""

import dataclasses

import numpy as np
import pytest

from rootkappa import problems, theory
from rootkappa.theory.engines import affine, exact, probe

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
    monkeypatch.setattr(probe, "_DIAGONAL", -1.0)
    assert exact.one_step_factor(own) == pytest.approx(found, rel=1e-13)
    assert few < (len(calls) - few) / 2


def test_an_arrow_in_v_is_found_without_all_pairs():
    """V of EF21 couples x with each g_i, and no two of those."""
    case = affine.affine_case(
        theory.case("ef21", problems.Quadratic.random(clients=20, dim=4, kappa=20.0, basis="client"))
    )
    own, calls = counted(case, case.theorem.lyapunov)
    probed = probe.Probe(own)
    single = len(calls)
    form = probed.quadratic_form(np.arange(probed.size))
    assert len(calls) - single < probed.size**2 / 4
    rng = np.random.default_rng(0)
    for error in rng.standard_normal((5, probed.size)):
        assert error @ form @ error == pytest.approx(probed.values(error[None])[0], rel=1e-12)


@pytest.mark.parametrize("coupled", [False, True])
@pytest.mark.parametrize("rank", [0, 3, 7])
def test_white_coordinates_measure_v(coupled, rank):
    rng, r = np.random.default_rng(3), 7
    root = rng.standard_normal((r, r)) if coupled else np.diag(rng.uniform(0.5, 2.0, r))
    # One constraint twice.
    constraints = np.concatenate([rng.standard_normal((rank, r)), np.ones((0, r))])
    constraints = np.concatenate([constraints, constraints[:1]])
    white = affine.White(root.T @ root, constraints)
    assert white.size == r - rank
    y, A = rng.standard_normal(white.size), rng.standard_normal((r, r))
    error = white.back @ y
    assert np.abs(constraints @ error).max(initial=0.0) < 1e-13
    assert y @ y == pytest.approx(error @ root.T @ root @ error, rel=1e-12)
    np.testing.assert_allclose(white.to(error), y, atol=1e-12)
    np.testing.assert_allclose(white.map(A) @ y, white.to(A @ error), atol=1e-12)
    assert y @ white.form(A) @ y == pytest.approx(error @ A @ error, rel=1e-11)


class Hidden:
    """Gradient descent beside a number that is 0, and would change everything if it were not."""

    PROMISE, LIKE = "gradient_descent", None

    def __init__(self, factor):
        self.factor = factor

    def start(self, problem, params):
        return {"x": np.zeros(problem.d), "m": np.zeros(problem.d)}

    def step(self, problem, params, state, outcome):
        state["x"] -= params.gamma * problem.gradient(state["x"]) - self.factor * state["m"]

    def model(self, state):
        return state["x"]

    def lyapunov(self, problem, params, state, target):
        return np.sum((state["x"] - target.x) ** 2) + np.sum(state["m"] ** 2)

    def fixed_point(self, problem, params, target):
        return {"x": target.x.copy(), "m": np.zeros(problem.d)}

    def invariants(self, problem, params, state):
        return {"what is hidden": state["m"]}


@pytest.mark.parametrize("factor", [0.0, 1.0, 1e14, 1e20])
def test_what_is_nothing_beside_a_huge_entry_couples_all_the_same(factor):
    expected = exact.one_step_factor(theory.case("gradient_descent", PROBLEM))
    assert exact.one_step_factor(theory.case(Hidden(factor), PROBLEM)) == pytest.approx(expected, rel=1e-9)

"""SalientGrads: nothing leaves the mask, density 1 is FedAvg, and its mask is the largest scores'."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa import algorithms, problems, theory
from rootkappa.algorithms.parts import masks

METHOD, FEDAVG = algorithms.get("salientgrads"), algorithms.get("fedavg")
SEEDS = st.integers(0, 99)


def quadratic(seed, dim=7):
    return problems.Quadratic.random(clients=4, dim=dim, kappa=30.0, seed=seed, basis="client")


def params_of(problem, **letters):
    return theory.get("salientgrads").parameters(problem, **letters)


def rounds(problem, params, count):
    return algorithms.run(METHOD, problem, params, rounds=count, record=2)


@given(seed=SEEDS, density=st.floats(0.01, 1.0), w=st.integers(0, 9), count=st.integers(1, 20))
def test_off_the_mask_models_are_exactly_0(seed, density, w, count):
    problem = quadratic(seed)
    state = rounds(problem, params_of(problem, density=density, w=w), count).state
    assert not state.x[state.mask == 0.0].any()
    assert state.x[state.mask == 1.0].all()
    assert set(np.unique(state.mask)) <= {0.0, 1.0}
    assert state.mask.sum() == masks.kept(7, density)


@given(seed=SEEDS, gamma=st.floats(0.05, 1.0), K=st.integers(1, 9))
def test_with_every_coordinate_it_is_fedavg_from_the_same_start(seed, gamma, K):
    problem = quadratic(seed)
    params = METHOD.Params(gamma=gamma, K=K, density=1.0, c=0.5, w=seed)
    plain = FEDAVG.Params(gamma=gamma, K=K)
    state = FEDAVG.State(METHOD.start(problem, params).x)
    state = FEDAVG.advanced(problem, plain, state, FEDAVG.draw(np.random.default_rng(0), problem, plain, 9))
    found = rounds(problem, params, 9).model
    np.testing.assert_allclose(found, state.x, rtol=0, atol=1e-12 * np.abs(found).max())


@given(seed=SEEDS, density=st.floats(0.1, 1.0))
def test_what_is_kept_has_the_largest_scores(seed, density):
    problem = quadratic(seed)
    x, mask = METHOD.start(problem, params_of(problem, density=density))
    scores = sum(np.abs((A @ x - b) * x) for A, b in zip(problem.hessians, problem.kernel.b, strict=True))
    assert scores[mask == 1.0].min() >= scores[mask == 0.0].max(initial=0.0)


@given(seed=SEEDS, c=st.floats(1e-9, 1e-7))
def test_of_a_tiny_start_the_mask_does_not_depend_on_its_size(seed, c):
    problem = quadratic(seed)
    one, other = (METHOD.start(problem, params_of(problem, density=0.4, c=size)).mask for size in (c, 1e-8))
    np.testing.assert_array_equal(one, other)


@given(seed=SEEDS, density=st.floats(0.1, 1.0), K=st.integers(1, 6))
def test_its_fixed_point_is_fedavgs_on_the_masks_coordinates(seed, density, K):
    problem = quadratic(seed)
    case = theory.case("salientgrads", problem, density=density, K=K)
    assert case.target.residual < 1e-13
    assert case.run(400, record=2).last("lyapunov") <= 1e-22 * case.start[0]


def test_a_first_model_that_is_dense_is_closer_after_a_round_already():
    problem = quadratic(3)
    case = theory.case("salientgrads", problem, c=10.0)
    state = case.initial()
    assert state.x.all()
    assert case.lyapunov(case.step(state, 1)) <= case.rho * case.start[0]


@pytest.mark.parametrize("density", [0.2, 0.5, 1.0])
def test_only_what_the_mask_keeps_travels_and_its_places_once(density):
    problem = quadratic(0, dim=10)
    params = params_of(problem, density=density, K=3)
    trace = rounds(problem, params, 25)
    kept = int(density * 10)
    names = ("floats_up", "floats_down", "bits_up", "bits_down", "gradients")
    spent = dict(zip(names, (trace.last(name) for name in names), strict=True))
    assert spent == {
        "floats_up": 10 + 25 * kept,
        "floats_down": 25 * kept,
        "bits_up": 64 * (10 + 25 * kept),
        "bits_down": 10 + 64 * 25 * kept,
        "gradients": 1 + 25 * 3,
    }
    assert [trace.column(name)[0] for name in names] == [10, 0, 640, 10, 1]


@pytest.mark.parametrize(("letter", "value"), [("density", 0.0), ("density", 1.1), ("c", 0.0), ("w", -1)])
def test_letters_out_of_range_are_refused(letter, value):
    with pytest.raises(problems.InputError, match=f"{letter} = .* is out of range: give "):
        params_of(quadratic(0), **{letter: value})

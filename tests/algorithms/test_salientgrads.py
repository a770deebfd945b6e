"""SalientGrads: nothing leaves the mask, density 1 is FedAvg, and its mask is the largest scores'."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa import algorithms, problems, theory
from rootkappa.algorithms import parts
from rootkappa.algorithms.parts import masks, scores
from rootkappa.core.randomness import generator

pytestmark = pytest.mark.drawn(4)

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
    params = params_of(problem, gamma=gamma, K=K, density=1.0, c=0.5, w=seed)
    plain = FEDAVG.Params(gamma=gamma, K=K)
    state = FEDAVG.State(METHOD.start(problem, params).x)
    state = FEDAVG.advanced(problem, plain, state, FEDAVG.draw(np.random.default_rng(0), problem, plain, 9))
    found = rounds(problem, params, 9).model
    np.testing.assert_allclose(found, state.x, rtol=0, atol=1e-12 * np.abs(found).max())


@given(seed=SEEDS, density=st.floats(0.1, 1.0))
def test_what_is_kept_has_the_largest_scores(seed, density):
    problem = quadratic(seed)
    x, mask, _ = METHOD.start(problem, params_of(problem, density=density))
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


def softmax(clients=3, samples=9, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.arange(clients * samples) % 3
    return problems.Softmax(rng.standard_normal((clients * samples, 4)), labels, clients=clients, kappa=30.0)


def literal_scores(problem, x, b, batches):
    """Return the scores of the logits of own classes, in the words of the authors' code."""
    A, y, start = problem.kernel.A, problem.kernel.y, problem.kernel.start
    W, scores = problem.blocks.matrix(x), []
    for batch in batches:
        for i, chosen in enumerate(batch):
            rows = start[i] + np.asarray(chosen)
            sums = np.array([A[rows[y[rows] == c]].sum(axis=0) for c in range(3)])
            scores.append(np.abs(W * sums / b).ravel())
    return np.mean(scores, axis=0)


@given(seed=SEEDS)
def test_scores_of_logits_are_the_weights_times_the_sums_of_their_classes(seed):
    problem = softmax(seed=seed)
    params = params_of(problem, score="nll_logits", w=seed, R=4)
    x = METHOD.start(problem, params).x
    found = scores.of_clients(problem, x, params).mean(axis=0)
    np.testing.assert_allclose(found, literal_scores(problem, x, 9, [[range(9)] * 3]), rtol=1e-12, atol=1e-18)


@pytest.mark.parametrize("score", ["ce", "nll_logits"])
@given(seed=SEEDS, R=st.integers(1, 4), b=st.integers(1, 8))
def test_scores_of_minibatches_are_those_of_the_samples_that_are_drawn(score, seed, R, b):
    """Each client's own, without replacement; the mean of all scores is unbiased only where signs agree."""
    problem = softmax(seed=seed)
    params = params_of(problem, score=score, w=seed, R=R, b=b)
    x = METHOD.start(problem, params).x
    found = scores.of_clients(problem, x, params)
    words = parts.Stochastic("b").draw(generator(seed, "scores"), problem, params, R)
    subsets = list(itertools.combinations(range(9), b))
    batches = [[subsets[-1 - word] for word in row] for row in words]
    if score == "nll_logits":
        np.testing.assert_allclose(found.mean(axis=0), literal_scores(problem, x, b, batches), rtol=1e-11, atol=1e-18)
        return
    expected = np.zeros((3, problem.d))
    for batch in batches:
        for i, chosen in enumerate(batch):
            rows = problem.kernel.start[i] + np.asarray(chosen)
            A, labels = problem.kernel.A[rows], np.eye(3)[problem.kernel.y[rows]]
            powers = np.exp(A @ problem.blocks.matrix(x).T)
            slopes = powers / powers.sum(axis=1, keepdims=True) - labels
            expected[i] += np.abs(((slopes.T @ A).ravel() / b + problem.l2 * x) * x) / R
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-16)


@given(seed=SEEDS, R=st.integers(1, 5))
def test_minibatches_of_all_samples_are_all_samples_to_the_bit(seed, R):
    problem = softmax(seed=seed)
    one, other = (METHOD.start(problem, params_of(problem, R=count, b=b)) for count, b in ((1, 9), (R, 9 + R)))
    np.testing.assert_array_equal(one.mask, other.mask)


def test_scores_of_logits_need_classes():
    with pytest.raises(problems.InputError, match=r"needs logits of classes, and quadratic .* take score = 'ce', or"):
        METHOD.start(quadratic(0), params_of(quadratic(0), score="nll_logits"))


@pytest.mark.parametrize(("R", "b", "count"), [(1, 9, 1), (5, 9, 1), (1, 3, 1), (3, 3, 1), (4, 3, 2), (10, 2, 3)])
def test_scores_cost_the_gradients_of_their_minibatches(R, b, count):
    problem = softmax()
    assert METHOD.opening(problem, params_of(problem, R=R, b=b)).gradients == count


@given(seed=SEEDS, G=st.floats(0.01, 3.0), rho=st.floats(0.5, 1.0))
def test_clipped_gradients_have_that_norm_over_all_coordinates_and_steps_shrink(seed, G, rho):
    problem = quadratic(seed)
    params = params_of(problem, K=1, G=G, rho=rho, c=5.0, density=0.5)
    state = METHOD.start(problem, params)
    gamma = params.gamma
    for _ in range(3):
        g = problem.gradients(state.x)
        g = g * np.minimum(1.0, G / np.linalg.norm(g, axis=1, keepdims=True))
        expected = state.mask * (state.x - gamma * g.mean(axis=0))
        METHOD.step(problem.kernel, params, state, 1)
        gamma *= rho
        np.testing.assert_allclose(state.x, expected, rtol=1e-11, atol=1e-13)
        assert state.gamma == pytest.approx([gamma], rel=1e-14)


@given(seed=SEEDS, rho=st.floats(0.5, 1.0), cut=st.integers(1, 8))
def test_a_run_in_two_pieces_is_the_run_in_one(seed, rho, cut):
    problem = quadratic(seed)
    params = params_of(problem, rho=rho, G=0.5)
    draws = METHOD.draw(np.random.default_rng(0), problem, params, 9)
    whole, halves = METHOD.start(problem, params), METHOD.start(problem, params)
    METHOD.advance(problem.kernel, params, whole, draws)
    for part in (draws[:cut], draws[cut:]):
        METHOD.advance(problem.kernel, params, halves, part)
    for one, other in zip(whole, halves, strict=True):
        np.testing.assert_array_equal(one, other)


@given(seed=SEEDS)
def test_a_norm_that_no_gradient_has_changes_nothing(seed):
    problem = quadratic(seed)
    one, other = (rounds(problem, params_of(problem, G=G), 9).model for G in (0.0, 1e9))
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(("letter", "value", "told"), [("rho", 0.998, "ρ = 1"), ("G", 10.0, "G = 0")])
def test_the_theorem_is_about_neither_shorter_steps_nor_clipped_ones(letter, value, told):
    (verdict,) = theory.verify("salientgrads", quadratic(0), "path", **{letter: value})
    assert (verdict.status, told in verdict.sentence) == ("not applicable", True)


@pytest.mark.parametrize(("letter", "value"), [("density", 0.0), ("density", 1.1), ("c", 0.0), ("w", -1), ("G", -1.0)])
def test_letters_out_of_range_are_refused(letter, value):
    with pytest.raises(problems.InputError, match=f"{letter} = .* is out of range: give "):
        params_of(quadratic(0), **{letter: value})

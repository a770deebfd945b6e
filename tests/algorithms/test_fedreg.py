"""FedReg: the samples that clients make, what its projections do on convex losses, and FedAvg without them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa import algorithms, problems, theory
from rootkappa.algorithms.parts import pseudo_data
from rootkappa.problems import InputError
from rootkappa.problems.inputs import input_gradient, loss_gradient, probabilities
from rootkappa.tests.plain.versions import VERSIONS
from rootkappa.tests.suited import softmax

pytestmark = pytest.mark.drawn(4)

METHOD = algorithms.get("fedreg")
PROBLEM = softmax(4)
SEEDS, WEIGHTS = st.integers(0, 2**32 - 1), st.floats(0.0, 1.0)
KERNEL = PROBLEM.kernel


def drawn(seed):
    """Return a model of random size."""
    rng = np.random.default_rng(seed)
    return 10.0 ** rng.uniform(-1.0, 1.0) * rng.standard_normal(PROBLEM.d)


def gradient_of(pair, x):
    g = np.empty(PROBLEM.d)
    loss_gradient(*pair, x, g, np.empty(3))
    return g


@given(seed=SEEDS)
def test_the_gradient_in_the_input_is_the_difference_of_losses(seed):
    rng, x = np.random.default_rng(seed), drawn(seed)
    a, q, g, p, step = rng.standard_normal(2), rng.dirichlet(np.ones(3)), np.empty(2), np.empty(3), 1e-6

    def loss(a):
        probabilities(a, x, p)
        return -float(q @ np.log(p))

    input_gradient(a, q, x, p, g)
    differences = [(loss(a + step * e) - loss(a - step * e)) / (2 * step) for e in np.eye(2)]
    np.testing.assert_allclose(g, differences, rtol=1e-6, atol=1e-7 * np.abs(x).max())


@given(seed=SEEDS)
def test_on_its_own_samples_the_loss_is_the_clients_without_the_ridge(seed):
    x = drawn(seed)
    for i in range(PROBLEM.n):
        own = slice(KERNEL.start[i], KERNEL.start[i + 1])
        g = gradient_of((KERNEL.A[own], np.eye(3)[KERNEL.y[own]]), x)
        np.testing.assert_allclose(g, PROBLEM.gradients(x)[i] - PROBLEM.l2 * x, atol=1e-14 * (1 + np.abs(x).max()))


@given(seed=SEEDS, size=st.floats(-0.5, 0.5), soft=WEIGHTS)
def test_samples_stay_within_ten_moves_and_targets_are_probabilities(seed, size, soft):
    x = drawn(seed)
    inputs, targets = pseudo_data.pseudo_samples(KERNEL, 1, x, size, soft)
    own = slice(KERNEL.start[1], KERNEL.start[2])
    assert np.abs(inputs - KERNEL.A[own]).max() <= 10 * abs(size) + 1e-14  # ten roundings of inputs of size 1
    np.testing.assert_allclose(targets.sum(axis=1), 1.0, atol=1e-14)
    assert targets.min() >= 0.0
    if soft == 0.0:
        np.testing.assert_array_equal(targets.argmax(axis=1), KERNEL.y[own])


@given(seed=SEEDS, size=st.floats(-0.5, 0.5), beta=st.floats(0.0, 1.0))
def test_the_server_model_is_at_rest_on_pseudo_data_and_every_move_from_it_climbs(seed, size, beta):
    """So the maximum in the first projection never acts: the loss is convex and least at x."""
    x, d = drawn(seed), drawn(seed + 1)
    pair = pseudo_data.pseudo_samples(KERNEL, 0, x, size, 1.0)
    scale = np.abs(pair[0]).max()
    assert np.abs(gradient_of(pair, x)).max() <= 1e-14 * scale
    assert d @ gradient_of(pair, x + beta * d) >= -1e-14 * scale * np.abs(d).sum()


@given(seed=SEEDS, rho=WEIGHTS)
def test_what_is_taken_away_is_a_share_of_what_climbs(seed, rho):
    x, w, g = drawn(seed), drawn(seed + 1), drawn(seed + 2)
    before, change = (w - x) @ g, w.copy()
    pseudo_data.take_away(w, x, g, rho)
    size = np.linalg.norm(g) * (np.linalg.norm(w - x) + np.linalg.norm(x))
    assert (w - x) @ g == pytest.approx((1 - rho) * before if before > 0 else before, abs=1e-13 * size)
    # Only along g does anything change.
    change -= w
    assert change @ change * (g @ g) == pytest.approx((change @ g) ** 2, rel=1e-9, abs=1e-20)


@given(seed=SEEDS, K=st.integers(1, 10))
def test_without_projections_and_mixing_it_is_fedavg(seed, K, relative_difference):
    eta, x = 0.3 / PROBLEM.L, drawn(seed)
    params, state = METHOD.Params(eta, K, 4, 1.0, 0.5, 0.0, 0.0, 0.2), METHOD.State(x.copy())
    METHOD.advance(KERNEL, params, state, METHOD.draw(np.random.default_rng(seed), PROBLEM, params, 3))
    fedavg, letters = VERSIONS["fedavg"](), algorithms.get("fedavg").Params(eta, K)
    for _ in range(3):
        x = fedavg.step(PROBLEM, letters, x, 1)
    assert relative_difference(state.x, x) < 1e-12


def test_a_problem_without_inputs_is_refused():
    with pytest.raises(InputError, match=r"has no inputs from which samples could be made: give problems\.Softmax"):
        METHOD.check(problems.Quadratic.random(3, 2, 10.0))
    with pytest.raises(InputError, match="M = 9 clients in a cohort do not fit n = 4 clients"):
        theory.case("fedreg", PROBLEM, M=9).initial()


def test_its_gradients_are_those_on_all_three_kinds_of_samples():
    params = theory.get("fedreg").parameters(PROBLEM, K=5)
    draws = METHOD.draw(np.random.default_rng(0), PROBLEM, params, 3)
    cost = METHOD.cost(PROBLEM, params, draws)
    assert (cost.gradients, cost.floats_up, cost.floats_down) == (3 * (3 * 5 + 20), 18, 18)

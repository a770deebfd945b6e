"""Error feedback and SAEF: the virtual model's path, reductions, and letters that are 0 as prescribed."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa import algorithms, problems
from rootkappa.algorithms import error_feedback, saef
from rootkappa.algorithms.parts.error_feedback import virtual
from rootkappa.core.errors import InputError
from rootkappa.tests.plain.versions import VERSIONS

pytestmark = pytest.mark.drawn(4)

SEEDS = st.integers(0, 2**32 - 1)
COMMON = problems.Quadratic.random(clients=4, dim=5, kappa=20.0, seed=3)
CLIENT = problems.Quadratic.random(clients=4, dim=5, kappa=20.0, seed=3, basis="client")
REST = {"C_s": "Identity()", "beta": 0.0, "sigma": 0.0}
SHARES, MOMENTA = st.sampled_from([0.0, 0.3, 1.0]), st.sampled_from([0.0, 0.9])


def letters_of(module, **given):
    return module.Params(**{"eta": 0.1, "C": "TopK(1)"} | REST | given)


def path(name, problem, params, iterations, seed=0):
    """Return the states of a method after each round, from the start on."""
    method = algorithms.get(name)
    state = method.start(problem, params)
    states = [type(state)(*(field.copy() for field in state))]
    for outcome in method.unroll(method.draw(np.random.default_rng(seed), problem, params, iterations)):
        method.step(problem.kernel, params, state, outcome)
        states.append(type(state)(*(field.copy() for field in state)))
    return states


def sgd(problem, iterations, seed=0, **given):
    """Return the models of SGD with the same noise: error feedback that sends all."""
    params = letters_of(error_feedback, alpha=0.0, **given | {"C": "TopK(5)"})
    return np.array([state.x for state in path("error_feedback", problem, params, iterations, seed)])


def apart(one, other):
    return float(np.abs(np.array(one) - np.array(other)).max() / np.abs(np.array(other)).max())


@given(seed=SEEDS, beta=MOMENTA, sigma=st.sampled_from([0.0, 0.5]))
@pytest.mark.parametrize("C", ["TopK(1)", "TopK(4)"])
def test_with_an_average_in_every_step_the_virtual_model_walks_the_path_of_sgd(C, seed, beta, sigma):
    states = path("saef", CLIENT, letters_of(saef, p=1, C=C, beta=beta, sigma=sigma), 60, seed)
    assert apart([virtual(state) for state in states], sgd(CLIENT, 60, seed, beta=beta, sigma=sigma)) < 1e-12


@given(seed=SEEDS, beta=MOMENTA)
@pytest.mark.parametrize("p", [3, 60])
def test_on_one_hessian_it_does_so_with_averages_as_rare_as_one_likes(p, seed, beta):
    states = path("saef", COMMON, letters_of(saef, p=p, beta=beta, sigma=0.5), 60 // p, seed)
    assert apart([virtual(state) for state in states], sgd(COMMON, 60, seed, beta=beta, sigma=0.5)[::p]) < 1e-12


def test_on_other_problems_it_does_not():
    states = path("saef", CLIENT, letters_of(saef, p=3), 20)
    assert apart([virtual(state) for state in states], sgd(CLIENT, 60)[::3]) > 1e-3


@given(seed=SEEDS, alpha=SHARES, beta=MOMENTA)
@pytest.mark.parametrize("C_s", ["TopK(2)", "Identity()"])
def test_the_virtual_model_takes_the_clients_mean_step_whatever_is_compressed(C_s, seed, alpha, beta):
    params = letters_of(error_feedback, alpha=alpha, C_s=C_s, beta=beta, sigma=0.5)
    states = path("error_feedback", CLIENT, params, 40, seed)
    for before, after in pairwise(states):
        expected = virtual(before) - params.eta * after.V.mean(axis=0)
        np.testing.assert_allclose(virtual(after), expected, rtol=0, atol=1e-13 * np.abs(after.x).max() + 1e-15)


@given(seed=SEEDS)
def test_a_server_that_compresses_moves_every_gradients_point_by_its_error(seed):
    """With p = 1 and exact gradients v_k = ∇f_k(x̃ + s), so that s is all that parts the virtual model from SGD."""
    states = path("saef", CLIENT, letters_of(saef, p=1, C_s="TopK(2)"), 40, seed)
    for before, after in pairwise(states):
        expected = CLIENT.gradients(virtual(before) + before.s)
        np.testing.assert_allclose(after.V, expected, rtol=0, atol=1e-12 * np.abs(expected).max())
    assert np.abs(states[-1].s).max() > 1e-3


@given(seed=SEEDS, alpha=SHARES)
def test_without_compression_it_is_gradient_descent(seed, alpha):
    params = letters_of(error_feedback, alpha=alpha, C="TopK(5)")
    models = [state.x for state in path("error_feedback", CLIENT, params, 30, seed)]
    descent = algorithms.get("gradient_descent")
    state = descent.start(CLIENT, None)
    for x in models:
        np.testing.assert_allclose(x, state.x, rtol=0, atol=1e-13 * np.abs(models[-1]).max())
        descent.step(CLIENT.kernel, descent.Params(gamma=0.1), state, 1)


def test_full_steps_ahead_are_saef_in_its_first_period():
    given = {"C": "TopK(2)", "C_s": "TopK(3)", "beta": 0.5}
    (_, ahead) = path("saef", CLIENT, letters_of(saef, p=20, **given), 1)
    steps = path("error_feedback", CLIENT, letters_of(error_feedback, alpha=1.0, **given), 20)
    for one, other in zip(ahead, steps[-1], strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("name", "given"), [("saef", {"p": 3}), ("error_feedback", {"alpha": 0.3}), ("error_feedback", {"alpha": 1.0})]
)
def test_letters_that_are_0_as_prescribed_do_what_the_plain_version_does(name, given):
    method, plain = algorithms.get(name), VERSIONS[name]()
    params = letters_of(method.module, **given, C="TopK(2)", C_s="TopK(1)", beta=0.7, sigma=0.5)
    state = plain.start(CLIENT, params)
    outcomes = method.unroll(method.draw(np.random.default_rng(1), CLIENT, params, 15))
    for outcome in outcomes:
        state = plain.step(CLIENT, params, state, outcome)
    for own, expected in zip(path(name, CLIENT, params, 15, 1)[-1], state, strict=True):
        np.testing.assert_allclose(own, expected, rtol=0, atol=1e-12 * np.abs(expected).max())


def test_a_period_sends_its_messages_and_one_average():
    method = algorithms.get("saef")
    params = letters_of(saef, p=10, C="TopK(1)", C_s="TopK(2)")
    cost = method.cost(COMMON, params, method.draw(np.random.default_rng(0), COMMON, params, 3))
    assert (cost.floats_up, cost.floats_down, cost.gradients) == (3 * (10 + 5), 3 * (20 + 5), 30)
    other = algorithms.get("error_feedback")
    params = letters_of(error_feedback, alpha=0.0, C="TopK(1)", C_s="TopK(2)")
    cost = other.cost(COMMON, params, other.draw(np.random.default_rng(0), COMMON, params, 30))
    assert (cost.floats_up, cost.floats_down, cost.gradients) == (30, 60, 30)


@pytest.mark.parametrize("letter", ["C", "C_s"])
@pytest.mark.parametrize("name", ["saef", "error_feedback"])
def test_a_compressor_whose_errors_would_grow_is_refused(name, letter):
    given = {"p": 1} if name == "saef" else {"alpha": 0.0}
    params = letters_of(algorithms.get(name).module, **given, **{letter: "RandK(1)"})
    with pytest.raises(InputError, match=rf"^{letter} = 'RandK\(1\)' is not contractive.*TopK"):
        algorithms.get(name).start(COMMON, params)

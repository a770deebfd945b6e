"""Minibatches and noise: what a word stands for, and that whole methods take it alike step by step and in rounds."""

from itertools import combinations
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa import algorithms
from rootkappa.algorithms.parts import stochastic
from rootkappa.algorithms.parts.stochastic import Stochastic, add_noise, minibatch_gradient
from rootkappa.core.errors import InputError
from rootkappa.problems import Logistic, Quadratic
from rootkappa.problems.oracles import component_gradient, gradient, workspace

pytestmark = pytest.mark.drawn(2)

SEEDS = st.integers(0, 2**32 - 1)
WORDS = st.integers(-10, 2**63 - 1)
# Clients with 6, 6 and 5 components.
UNEVEN = Logistic(np.random.default_rng(0).standard_normal((17, 3)), np.arange(17) % 2, clients=3, l2=0.1, server=0.4)
POINT = np.array([0.3, -1.0, 0.5])


def minibatch(i, b, word):
    g = np.empty(3)
    minibatch_gradient(UNEVEN.kernel, i, POINT, b, word, g, np.empty(3), workspace(UNEVEN.kernel))
    return g


def of_component(i, j):
    g = np.empty(3)
    component_gradient(UNEVEN.kernel, i, j, POINT, g, workspace(UNEVEN.kernel))
    return g


def means(i, m, b):
    """The gradients of all minibatches, in the order of combinations."""
    return np.array([np.mean([of_component(i, j) for j in chosen], axis=0) for chosen in combinations(range(m), b)])


@given(i=st.integers(0, 2), extra=st.integers(0, 3), word=WORDS)
def test_a_minibatch_of_all_components_is_the_gradient_to_the_bit(i, extra, word):
    g = np.empty(3)
    gradient(UNEVEN.kernel, i, POINT, g, workspace(UNEVEN.kernel))
    np.testing.assert_array_equal(minibatch(i, 6 + extra, word), g)


@pytest.mark.parametrize("b", range(1, 6))
def test_the_listed_minibatches_are_all_subsets_once(b):
    m = 6
    found = np.array([minibatch(0, b, -1 - place) for place in range(comb(m, b))])
    np.testing.assert_allclose(found, means(0, m, b), rtol=0, atol=1e-14)


@pytest.mark.parametrize("b", [1, 2, 5])
def test_the_minibatches_of_seeds_are_uniform(b, follow):
    words = np.random.default_rng(b).integers(2**63, size=3000)
    every = means(0, 6, b)
    found = np.array([minibatch(0, b, word) for word in words])
    distances = np.abs(every[None] - found[:, None]).sum(axis=2)
    # Each is a mean of exactly b components.
    assert distances.min(axis=1).max() < 1e-13
    places = distances.argmin(axis=1)
    assert follow(places, [(1 / len(every), place) for place in range(len(every))])


def test_the_numbers_of_a_word_are_those_of_splitmix64():
    # As published with its reference implementation, for the seed 1234567.
    published = (6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431)
    for place, bits in enumerate(published):
        assert stochastic.uniform(1234567, place) == (bits >> 11) * 2.0**-53


def noises(d, sigma, words):
    rows = np.zeros((len(words), d))
    for g, word in zip(rows, words, strict=True):
        add_noise(g, sigma, word)
    return rows


@pytest.mark.parametrize("d", [1, 2, 5])
def test_noise_has_the_squared_norm_that_is_asked_for_and_is_normal(d):
    from scipy.stats import kstest

    count, sigma = 4000, 0.7
    rows = noises(d, sigma, np.random.default_rng(d).integers(2**63, size=count))
    squares = (rows**2).sum(axis=1)
    assert squares.mean() == pytest.approx(sigma**2, abs=7 * sigma**2 * np.sqrt(2 / d / count))
    assert np.abs(rows.mean(axis=0)).max() < 7 * sigma / np.sqrt(d * count)
    for column in rows.T:
        assert kstest(column, "norm", args=(0.0, sigma / np.sqrt(d))).pvalue > 1e-9
    if d > 1:
        # Two coordinates of one word, also those of a pair, have nothing to do with each other.
        correlations = np.corrcoef(rows.T) - np.eye(d)
        assert np.abs(correlations).max() < 7 / np.sqrt(count)


@given(word=WORDS)
def test_without_a_deviation_there_is_no_noise(word):
    assert not noises(4, 0.0, [word]).any()


class Letters:
    def __init__(self, b, sigma=0.0):
        self.b, self.sigma = b, sigma


@given(b=st.integers(1, 8), seed=SEEDS, count=st.integers(0, 20))
def test_words_take_the_same_memory_whatever_they_stand_for(b, seed, count):
    for part, params in ((Stochastic("b"), Letters(b)), (Stochastic("b", "sigma"), Letters(b, 1.0))):
        words = part.draw(np.random.default_rng(seed), UNEVEN, params, count)
        assert (words.shape, words.dtype) == ((count, 3), np.int64)


def test_what_has_too_many_minibatches_is_not_listed_and_drawn_by_seeds():
    many = Quadratic.random(clients=2, dim=60)
    part, params = Stochastic("b"), Letters(30)
    assert part.listed(many, params) is None
    assert part.draw(np.random.default_rng(0), many, params, 50).min() >= 0
    assert Stochastic("b", "sigma").listed(UNEVEN, Letters(6, 1.0)) is None
    assert part.draw(np.random.default_rng(0), many, Letters(60), 50).max() == -1


def test_an_average_client_computes_the_components_that_it_takes():
    draws = algorithms.get("sproxskip").draw(
        np.random.default_rng(0), UNEVEN, algorithms.get("sproxskip").Params(1.0, 1.0), 12
    )
    assert Stochastic("b").gradients(UNEVEN, Letters(2), draws) == 24
    assert Stochastic("b").gradients(UNEVEN, Letters(9), draws) == round(12 * 17 / 3)


SKIPPING = '''r"""Scaffnew with stochastic gradients."""

from typing import NamedTuple

from . import scaffnew
from .parts import Stochastic, add_noise, client_steps, communicate, implements, letters, minibatch_gradient

STOCHASTIC = Stochastic("b", "sigma")
RANDOM = scaffnew.RANDOM & STOCHASTIC
SENDS = scaffnew.SENDS
gradients = STOCHASTIC.gradients


class Params(NamedTuple):
    """Step size, probability, minibatch and noise."""

    gamma: letters.StepSize
    p: letters.Probability
    b: letters.Batch
    sigma: letters.Deviation


@implements(client_steps, Params)
def _steps(params, kernel, i, state, k, xi, scratch):
    X, H, g = state.X, state.H, scratch.g
    for t in range(k):
        minibatch_gradient(kernel, i, X[i], params.b, xi[t], g, scratch.v, scratch.work)
        add_noise(g, params.sigma, xi[t])
        for j in range(X.shape[1]):
            X[i, j] -= params.gamma * (g[j] - H[i, j])


implements(communicate, Params)(scaffnew.average_models)
'''

SERVING = '''r"""FedAvg with stochastic gradients, a step size that shrinks and momentum at the server."""

from typing import NamedTuple

import numpy as np

from .parts import Dense, Phases, Stochastic, add_noise, average, broadcast, end_round, implements, letters
from .parts import minibatch_gradient, phase_steps, start_round

STOCHASTIC = Stochastic("b", "sigma")
RANDOM = Phases("K") & STOCHASTIC
SENDS = Dense()
gradients = STOCHASTIC.gradients


class Params(NamedTuple):
    """Step size, its decay, local steps, minibatch, noise and momentum."""

    gamma: letters.StepSize
    decay: letters.Decay
    K: letters.LocalSteps
    b: letters.Batch
    sigma: letters.Deviation
    beta: letters.Momentum


class State(NamedTuple):
    """Model, its change with momentum, and the step size of the next round."""

    x: np.ndarray
    v: np.ndarray
    gamma: np.ndarray


def start(problem, params):
    return State(np.zeros(problem.d), np.zeros(problem.d), np.array([params.gamma]))


@implements(start_round, Params)
def _hand_out(params, kernel, state, phase):
    broadcast(state.x, phase.Y)


@implements(phase_steps, Params)
def _steps(params, kernel, i, state, phase, eta, k):
    Y, g = phase.Y, phase.g
    for t in range(k):
        minibatch_gradient(kernel, i, Y[i], params.b, phase.xi[t, i], g, phase.v, phase.work)
        add_noise(g, params.sigma, phase.xi[t, i])
        for j in range(Y.shape[1]):
            Y[i, j] -= state.gamma[0] * g[j]


@implements(end_round, Params)
def _average(params, kernel, state, phase):
    average(phase.Y, phase.v)
    for j in range(state.x.shape[0]):
        state.v[j] = params.beta * state.v[j] + (phase.v[j] - state.x[j])
        state.x[j] += state.v[j]
    state.gamma[0] *= params.decay
'''


CORRECTING = (
    SERVING.partition("@implements(start_round")[0]
    .replace(
        'RANDOM = Phases("K") & STOCHASTIC',
        'RANDOM = Phases("K") & cohorts.Orders("c") & OfServer("b", "E", more=1) & STOCHASTIC\nNEEDS_SERVER = True',
    )
    .replace("import Dense,", "import Dense, OfServer, cohorts,")
    .replace(
        "    sigma: letters.Deviation\n",
        "    sigma: letters.Deviation\n    c: letters.Cohort\n    E: letters.LocalSteps\n",
    )
    + '''
@implements(start_round, Params)
def _hand_out(params, kernel, state, phase):
    broadcast(state.x, phase.Y)
    phase.H[:] = 0.0


@implements(end_round, Params)
def _average(params, kernel, state, phase):
    """The mean of the cohort, and then the server's own steps."""
    state.x[:] = 0.0
    for i in phase.w[: params.c]:
        for j in range(state.x.shape[0]):
            state.x[j] += phase.Y[i, j] / params.c
    minibatch_gradient(kernel.server, 0, state.x, params.b, phase.w[params.c + params.E], state.v, phase.v, phase.work)
    for e in range(params.E):
        minibatch_gradient(kernel.server, 0, state.x, params.b, phase.w[params.c + e], phase.g, phase.v, phase.work)
        for j in range(state.x.shape[0]):
            state.x[j] -= params.gamma * phase.g[j]
'''
)


@pytest.fixture(scope="module")
def methods(tmp_path_factory):
    folder = tmp_path_factory.mktemp("methods")
    texts = {"skipping": SKIPPING, "serving": SERVING, "correcting": CORRECTING}
    for name, text in texts.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    return {name: algorithms.find(folder / f"{name}.py") for name in texts}


def params_of(method, b, sigma, **others):
    given = {"gamma": 0.5, "p": 0.4, "K": 3, "decay": 0.9, "beta": 0.5, "c": 2, "E": 2, "b": b, "sigma": sigma} | others
    return method.Params(**{letter: given[letter] for letter in method.Params._fields})


@pytest.mark.parametrize(("b", "sigma"), [(2, 0.0), (2, 0.3), (6, 0.3), (6, 0.0)])
@pytest.mark.parametrize("name", ["skipping", "serving", "correcting"])
def test_steps_and_rounds_take_the_same_gradients(name, b, sigma, methods):
    method = methods[name]
    params = params_of(method, b, sigma)
    draws = method.draw(np.random.default_rng(3), UNEVEN, params, 8)
    advanced, stepped = method.start(UNEVEN, params), method.start(UNEVEN, params)
    advanced = method.advanced(UNEVEN, params, advanced, draws)
    for outcome in method.unroll(draws):
        stepped = method.stepped(UNEVEN, params, stepped, outcome)
    for one, other in zip(advanced, stepped, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("name", "shipped", "letters"),
    [("skipping", "scaffnew", {"gamma": 0.5, "p": 0.4}), ("serving", "fedavg", {"gamma": 0.5, "K": 3})],
)
def test_all_components_and_no_noise_are_the_shipped_method_to_the_bit(name, shipped, letters, methods):
    method, other = methods[name], algorithms.get(shipped)
    params, same = params_of(method, 6, 0.0, decay=1.0, beta=0.0), other.Params(**letters)
    draws, own = (
        one.draw(np.random.default_rng(1), UNEVEN, given, 20) for one, given in ((method, params), (other, same))
    )
    np.testing.assert_array_equal(draws.lengths, own.lengths)
    found = method.model(method.advanced(UNEVEN, params, method.start(UNEVEN, params), draws))
    expected = other.model(other.advanced(UNEVEN, same, other.start(UNEVEN, same), own))
    np.testing.assert_allclose(found, expected, rtol=1e-14 if name == "serving" else 0)


@pytest.mark.parametrize("name", ["skipping", "serving"])
def test_a_run_depends_on_its_seed_alone(name, methods):
    method = methods[name]
    params = params_of(method, 2, 0.1)
    models = [
        algorithms.run(method, UNEVEN, params, rounds=300, seed=seed, record=record).model
        for seed, record in ((0, 3), (0, 50), (1, 3))
    ]
    np.testing.assert_array_equal(models[0], models[1])
    assert not np.array_equal(models[0], models[2])


def test_the_schedule_and_the_momentum_are_part_of_the_state(methods):
    method = methods["serving"]
    params = params_of(method, 6, 0.0)
    state = method.start(UNEVEN, params)
    whole = method.draw(np.random.default_rng(0), UNEVEN, params, 6)
    at_once = method.advanced(UNEVEN, params, method.start(UNEVEN, params), whole)
    for part in (whole[:2], whole[2:5], whole[5:]):
        state = method.advanced(UNEVEN, params, state, part)
    for one, other in zip(state, at_once, strict=True):
        np.testing.assert_array_equal(one, other)
    assert state.gamma[0] == pytest.approx(0.5 * 0.9**6)


def test_the_listed_minibatches_of_a_round_average_to_its_gradient(methods):
    """A round of one local step is linear in the gradient, whose mean over all minibatches is known."""
    method = methods["serving"]
    params = params_of(method, 2, 0.0, K=1, beta=0.0)
    small = Logistic(np.random.default_rng(1).standard_normal((6, 3)), [1, -1, 1, -1, 1, -1], clients=2, l2=0.1)
    outcomes = method.outcomes(small, params)
    assert len(outcomes) == comb(3, 2) ** 2
    mean = sum(q * method.stepped(small, params, method.start(small, params), w).x for q, w in outcomes)
    np.testing.assert_allclose(mean, -0.5 * small.gradient(np.zeros(3)), rtol=0, atol=1e-15)


def test_a_server_takes_its_own_samples_and_only_where_it_has_some(methods):
    """With a cohort of all, local steps of no size and all its samples, a round is the server's gradient steps."""
    method = methods["correcting"]
    params = params_of(method, 7, 0.0, c=3, K=1, gamma=1e-3)
    draws = method.draw(np.random.default_rng(0), UNEVEN, params, 1)
    assert draws.ends["zeta"].shape == (1, 3)
    state = method.advanced(UNEVEN, params, method.start(UNEVEN, params), draws)
    x = np.zeros(3)
    x -= 1e-3 * np.mean([UNEVEN.gradients(x)[i] for i in range(3)], axis=0)
    expected = UNEVEN.server.gradient(x)
    for _ in range(2):
        x -= 1e-3 * UNEVEN.server.gradient(x)
    np.testing.assert_allclose(state.x, x, rtol=1e-12)
    np.testing.assert_allclose(state.v, expected, rtol=1e-12)
    with pytest.raises(InputError, match=r"the server of .* has no data"):
        method.draw(np.random.default_rng(0), Quadratic.random(clients=3, dim=3), params, 1)

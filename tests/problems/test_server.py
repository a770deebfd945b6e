"""A server with data of its own: which samples it has, its function as an oracle, and who refuses to do without."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from rootkappa import algorithms, theory
from rootkappa.algorithms.parts.stochastic import minibatch_gradient
from rootkappa.core.compiled import njit
from rootkappa.core.errors import InputError
from rootkappa.problems import Logistic, Quadratic, functions
from rootkappa.problems.oracles import component_gradient, components, gradient, server_gradient, workspace
from rootkappa.problems.partitions import server_samples
from rootkappa.theory.engines.places import places

pytestmark = pytest.mark.drawn(2)

SEEDS = st.integers(0, 2**32 - 1)
FEATURES = np.random.default_rng(0).standard_normal((17, 3))
LABELS = np.arange(17) % 2
POINT = np.array([0.3, -1.0, 0.5])


def logistic(server, features=FEATURES, **options):
    return Logistic(features, LABELS, **{"clients": 3, "l2": 0.1, **options}, server=server)


def gradient_of(problem):
    g = np.empty(problem.d)
    server_gradient(problem.kernel, POINT, g, workspace(problem.kernel))
    return g


@pytest.mark.parametrize("features", [FEATURES, csr_array(FEATURES)], ids=["dense", "sparse"])
@pytest.mark.parametrize("partition", ["contiguous", "shuffled", "by_label"])
def test_its_function_is_the_mean_over_its_samples_whatever_the_clients_hold(features, partition):
    chosen = [16, 0, 5]
    problem = logistic(chosen, features, partition=partition)
    alone = Logistic(FEATURES[[*chosen, 0]], [*LABELS[chosen], 1 - LABELS[0]], clients=1, l2=0.1)
    # The last sample of the latter is there for its label, and is taken away again.
    everything, extra, work = np.empty(3), np.empty(3), workspace(alone.kernel)
    gradient(alone.kernel, 0, POINT, everything, work)
    component_gradient(alone.kernel, 0, 3, POINT, extra, work)
    np.testing.assert_allclose(gradient_of(problem), (4 * everything - extra) / 3, rtol=0, atol=1e-14)
    assert problem.server.n == 1
    np.testing.assert_allclose(problem.server.gradient(POINT), gradient_of(problem), rtol=0, atol=1e-15)
    assert components(problem.kernel.server, 0) == 3


def test_its_samples_stay_with_the_clients_and_have_no_weight_in_f():
    with_server, without = logistic(0.3), logistic(None)
    np.testing.assert_array_equal(with_server.gradients(POINT), without.gradients(POINT))
    np.testing.assert_array_equal(with_server.solution().x, without.solution().x)
    assert (with_server.L, with_server.mu) == (without.L, without.mu)
    assert without.server is None
    assert without.kernel.server == ()
    assert with_server.content_key() != without.content_key()
    assert "server=5" in with_server.label
    assert "server" not in without.label


def test_a_server_with_all_samples_and_equal_clients_has_their_mean():
    problem = Logistic(FEATURES[:15], LABELS[:15], clients=3, l2=0.1, server=1.0)
    np.testing.assert_allclose(gradient_of(problem), problem.gradient(POINT), rtol=0, atol=1e-15)
    np.testing.assert_allclose(problem.server.solution().x, problem.solution().x, rtol=0, atol=1e-12)


@given(share=st.floats(0.01, 1.0), seed=SEEDS, samples=st.integers(1, 50))
def test_a_share_is_drawn_by_the_seed(share, seed, samples):
    chosen = server_samples(share, samples, seed)
    assert len(chosen) == max(1, round(share * samples))
    assert len(set(chosen)) == len(chosen)
    assert chosen.min() >= 0
    assert chosen.max() < samples
    np.testing.assert_array_equal(chosen, server_samples(share, samples, seed))


def test_every_sample_is_drawn_equally_often():
    counts = np.bincount(np.concatenate([server_samples(0.2, 20, seed) for seed in range(500)]), minlength=20)
    # 100 each in expectation, with a standard deviation below 10.
    assert np.abs(counts - 100).max() < 60


@pytest.mark.parametrize(
    ("server", "sentence"),
    [
        (0.0, "server = 0.0 is no share of the samples: give a number above 0 and up to 1, or the samples' indices"),
        (1.5, "server = 1.5 is no share"),
        (float("nan"), "server = nan is no share"),
        (True, "server = True is no share"),
        ("all", "server = 'all' is no share"),
        ([], "server holds no samples"),
        ([0, 17], "server holds the index 17, but there are 17 samples"),
        ([-1], "server holds the index -1"),
        ([1, 1], "server holds the index 1 twice"),
        ([0.5], "server holds numbers that are no indices"),
        ([[0]], r"server has shape \(1, 1\)"),
    ],
)
def test_what_is_no_server_gets_one_sentence(server, sentence):
    with pytest.raises(InputError, match=sentence):
        logistic(server)


@njit
def _compiled(kernel, x, b, word):
    g, spare, work = np.empty(x.shape[0]), np.empty(x.shape[0]), workspace(kernel)
    server_gradient(kernel, x, g, work)
    minibatch_gradient(kernel.server, 0, x, b, word, spare, g.copy(), work)
    return g, spare


def test_compiled_code_takes_minibatches_of_it_like_of_a_client():
    problem = logistic(0.5)
    g, part = _compiled(problem.kernel, POINT, 1, -3)
    np.testing.assert_allclose(g, gradient_of(problem), rtol=0, atol=1e-15)
    third = np.empty(3)
    component_gradient(problem.kernel.server, 0, 2, POINT, third, workspace(problem.kernel))
    np.testing.assert_allclose(part, third, rtol=0, atol=1e-15)


def test_a_quadratic_has_a_server_too():
    A, b = np.diag([1.0, 2.0, 4.0]), np.array([1.0, 0.0, -1.0])
    random = Quadratic.random(clients=3, dim=3, kappa=10.0)
    problem = Quadratic(random.hessians, random.kernel.b, server=(A, b))
    np.testing.assert_allclose(gradient_of(problem), A @ POINT - b, rtol=0, atol=1e-15)
    np.testing.assert_allclose(problem.server.solution().x, b / np.diag(A), rtol=1e-14)
    np.testing.assert_allclose(_compiled(problem.kernel, POINT, 3, 0)[0], A @ POINT - b, rtol=0, atol=1e-15)
    np.testing.assert_array_equal(problem.gradients(POINT), random.gradients(POINT))
    with pytest.raises(InputError, match=r"server has 2 coordinates, but the clients have 3"):
        Quadratic(random.hessians, random.kernel.b, server=(A[:2, :2], b[:2]))
    with pytest.raises(InputError, match=r"server = 0\.1 is no pair of a matrix and a vector"):
        Quadratic(random.hessians, random.kernel.b, server=0.1)


def test_another_nonsmooth_term_leaves_the_server_as_it_is():
    problem = logistic(0.3)
    other = problem.with_psi(functions.L1(0.1))
    assert other.server is problem.server
    assert other.server.is_smooth
    np.testing.assert_array_equal(gradient_of(other), gradient_of(problem))


def needy():
    return dataclasses.replace(algorithms.get("fedavg"), needs_server=True)


def test_a_method_that_needs_a_server_refuses_a_problem_without():
    method = needy()
    method.check(logistic(0.3))
    with pytest.raises(InputError, match="fedavg needs a server with data of its own") as told:
        method.check(logistic(None))
    assert "server=0.1" in str(told.value)


def test_places_and_small_relatives_of_a_problem_have_a_server_too():
    A, b = np.diag([1.0, 2.0, 4.0]), np.ones(3)
    for problem in (logistic(0.3), Quadratic(np.tile(A, (5, 1, 1)), np.eye(5, 3), server=(A, b))):
        held = dataclasses.replace(theory.case("fedavg", problem), method=needy())
        assert held.on_small_quadratic() is not None
        found = list(places(held))
        assert len(found) > 2
        assert all(place.case.problem.server is not None for place in found)

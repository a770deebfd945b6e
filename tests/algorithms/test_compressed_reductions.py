"""Exact identities of the methods that compress or prune: with nothing left out all of them are Scaffnew."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa import algorithms, problems
from rootkappa.algorithms.compressors import ClientMask
from rootkappa.algorithms.parts.rounds import Draws
from rootkappa.problems import InputError, functions

pytestmark = pytest.mark.drawn(2, "name", "variant", "pruned")

SEEDS, RATES = st.integers(0, 2**32 - 1), st.floats(0.05, 1.0)


def states(name, problem, params, draws):
    """Return the state after every round; draws may be the lengths of rounds in which nothing else is drawn."""
    method = algorithms.get(name)
    params = method.Params(*params)
    state = method.start(problem, params)
    draws = draws if isinstance(draws, Draws) else Draws(np.asarray(draws), {}, {})
    for k in range(len(draws)):
        method.advance(problem.kernel, params, state, draws[k : k + 1])
        yield type(state)(*(field.copy() for field in state))


def drawn(name, problem, params, seed, rounds=30):
    method = algorithms.get(name)
    return method.draw(np.random.default_rng(seed), problem, method.Params(*params), rounds)


def same(ones, others, difference, tolerance=1e-13):
    for one, other in zip(ones, others, strict=True):
        assert difference(one.X, other.X) < tolerance
        assert difference(one.H, other.H) < tolerance


@given(seed=SEEDS, p=RATES)
def test_masks_of_all_clients_make_scaffnew_of_both_methods(problem, seed, p, relative_difference):
    gamma, n = 1.0 / problem.L, problem.n
    tamuna, compressed = (gamma, p, 1.0, n, n), (gamma, p, 1.0, n)
    draws = drawn("tamuna", problem, tamuna, seed)
    plain = list(states("scaffnew", problem, (gamma, p), draws.lengths))
    same(states("tamuna", problem, tamuna, draws), plain, relative_difference)
    same(states("compressed_scaffnew", problem, compressed, draws), plain, relative_difference)


@given(seed=SEEDS, p=RATES, s=st.integers(2, 4), chi=st.floats(0.1, 1.0))
def test_tamuna_with_everybody_is_compressed_scaffnew(problem, seed, p, s, chi, relative_difference):
    gamma, n = 1.0 / problem.L, problem.n
    draws = drawn("compressed_scaffnew", problem, (gamma, p, chi, s), seed)
    ones = states("compressed_scaffnew", problem, (gamma, p, chi, s), draws)
    same(ones, states("tamuna", problem, (gamma, p, chi, s, n), draws), relative_difference)


@given(seed=SEEDS, c=st.integers(2, 4), data=st.data())
def test_the_average_of_tamuna_is_the_mean_of_its_masked_messages(problem, seed, c, data):
    s, method = data.draw(st.integers(2, c)), algorithms.get("tamuna")
    params = method.Params(1.0 / problem.L, 0.5, 0.5, s, c)
    rng = np.random.default_rng(seed)
    X, outcome = rng.standard_normal((problem.n, problem.d)), method.unroll(method.draw(rng, problem, params, 1))[-1]
    quiet, state = (method.State(X.copy(), np.zeros_like(X)) for _ in range(2))
    silent = outcome.copy()
    silent["coin"] = 0
    method.step(problem.kernel, params, quiet, silent)
    method.step(problem.kernel, params, state, outcome)
    mask = np.zeros(X.shape, dtype=bool)
    for j in range(problem.d):
        mask[outcome["omega"][(s * j + np.arange(s)) % c], j] = True
    messages = ClientMask(problem.n, c, s)(quiet.X, mask)
    np.testing.assert_allclose(state.X, np.tile(messages.mean(axis=0), (problem.n, 1)), atol=1e-12)


@given(seed=SEEDS, p=RATES, share=st.floats(0.05, 0.95))
def test_locodl_without_compression_is_scaffnew_on_twice_as_many_clients(seed, p, share):
    problem = problems.Quadratic.random(3, 4, 20.0, seed=5, basis="client")
    mu_g, gamma = share * problem.mu, 1.0 / problem.L
    ridge = mu_g * np.eye(4)
    twice = problems.Quadratic(
        np.concatenate([problem.hessians - ridge, np.tile(ridge, (3, 1, 1))]),
        np.concatenate([problem.kernel.b, np.zeros((3, 4))]),
    )
    params = (gamma, p, 1.0, 1.0, mu_g, "Identity()")
    draws = drawn("locodl", problem, params, seed)
    for one, two in zip(
        states("locodl", problem, params, draws),
        states("scaffnew", twice, (gamma, p), draws.lengths),
        strict=True,
    ):
        np.testing.assert_allclose(one.X, two.X[:3], atol=1e-13)
        np.testing.assert_allclose(np.tile(one.y, (3, 1)), two.X[3:], atol=1e-13)
        np.testing.assert_allclose(one.U, two.H[:3], atol=1e-13)
        np.testing.assert_allclose(np.tile(one.v, (3, 1)), two.H[3:], atol=1e-13)


@given(seed=SEEDS, p=RATES)
@pytest.mark.parametrize("name", ["fedcomloc_com", "fedcomloc_local", "fedcomloc_global"])
def test_fedcomloc_without_compression_is_scaffnew(problem, name, seed, p, relative_difference):
    gamma = 1.0 / problem.L
    draws = drawn(name, problem, (gamma, p, "Identity()"), seed, 15)
    lengths = draws.lengths
    ones = states(name, problem, (gamma, p, "Identity()"), draws)
    same(ones, states("scaffnew", problem, (gamma, p), lengths), relative_difference)


@given(seed=SEEDS, p=RATES)
@pytest.mark.parametrize("variant", ["", "_local", "_ste", "_server", "_server_kept"])
def test_pruning_that_keeps_everything_is_scaffnew(problem, variant, seed, p, relative_difference):
    lengths, gamma = np.random.default_rng(seed).geometric(p, 15), 1.0 / problem.L
    ones = states(f"sparse_proxskip{variant}", problem, (gamma, p, problem.d), lengths)
    same(ones, states("scaffnew", problem, (gamma, p), lengths), relative_difference)


@given(seed=SEEDS, p=RATES, k=st.integers(1, 5))
@pytest.mark.parametrize(("pruned", "compressed"), [("", "com"), ("_server", "global")])
def test_pruning_is_fedcomloc_with_top_k(problem, pruned, compressed, seed, p, k, relative_difference):
    gamma = 1.0 / problem.L
    draws = drawn(f"fedcomloc_{compressed}", problem, (gamma, p, f"TopK({k})"), seed, 10)
    ones = states(f"sparse_proxskip{pruned}", problem, (gamma, p, k), draws.lengths)
    same(ones, states(f"fedcomloc_{compressed}", problem, (gamma, p, f"TopK({k})"), draws), relative_difference)


@given(seed=SEEDS, p=RATES)
def test_a_soft_threshold_at_0_and_a_prox_of_0_are_scaffnew(problem, seed, p, relative_difference):
    lengths, gamma = np.random.default_rng(seed).geometric(p, 15), 1.0 / problem.L
    plain = list(states("scaffnew", problem, (gamma, p), lengths))
    same(states("sparse_proxskip_server_soft", problem, (gamma, p, 0.0), lengths), plain, relative_difference)
    same(states("sparse_proxskip_l1", problem, (gamma, p), lengths), plain, relative_difference)


@given(alpha=st.floats(0.1, 1.0))
def test_diana_without_compression_is_gradient_descent(problem, alpha, relative_difference):
    gamma = 1.0 / problem.L
    draws = drawn("diana", problem, (gamma, alpha, "Identity()"), 0)
    ones = states("diana", problem, (gamma, alpha, "Identity()"), draws)
    for one, other in zip(ones, states("gradient_descent", problem, (gamma,), np.ones(30, dtype=int)), strict=True):
        assert relative_difference(one.x, other.x) < 1e-13


def test_ef21_without_compression_is_gradient_descent_a_round_later(problem, relative_difference):
    gamma = 1.0 / problem.L
    draws = drawn("ef21", problem, (gamma, "Identity()"), 0)
    first, *ones = states("ef21", problem, (gamma, "Identity()"), draws)
    assert not first.x.any()
    for one, other in zip(ones, states("gradient_descent", problem, (gamma,), np.ones(29, dtype=int)), strict=True):
        assert relative_difference(one.x, other.x) < 1e-11


@given(seed=SEEDS, C=st.sampled_from(["TopK(2)", "BiasedRandK(2)", "ScaledSign()"]))
def test_the_estimates_of_ef21_are_the_sums_of_its_messages(problem, seed, C):
    """The server follows by adding up the messages alone."""
    params = (0.1 / problem.L, C)
    draws = drawn("ef21", problem, params, seed, 10)
    compressor, G = algorithms.compressors.get(C), np.zeros((problem.n, problem.d))
    for w, state in zip(draws.ends["w"], states("ef21", problem, params, draws), strict=True):
        gradients = problem.gradients(state.x)
        G += [compressor(gradients[i] - G[i], w[i]) for i in range(problem.n)]
        np.testing.assert_allclose(state.G, G, atol=1e-11 * np.abs(gradients).max())


@given(seed=SEEDS, p=RATES)
def test_noise_of_0_is_no_noise(problem, seed, p, relative_difference):
    gamma = 1.0 / problem.L
    draws = drawn("sproxskip_additive", problem, (gamma, p, 0.0), seed, 15)
    lengths = draws.lengths
    ones = states("sproxskip_additive", problem, (gamma, p, 0.0), draws)
    same(ones, states("scaffnew", problem, (gamma, p), lengths), relative_difference)


@pytest.mark.parametrize("name", ["sparse_proxskip_l1", "proxskip"])
def test_both_convex_routes_reach_the_sparse_solution(name):
    problem = problems.Quadratic.random(4, 8, 30.0, seed=2, psi=functions.L1(0.3))
    solution = problem.solution().x
    assert 0 < np.count_nonzero(solution) < 8
    method = algorithms.get(name)
    trace = algorithms.run(method, problem, method.Params(1.0, 0.2), rounds=600, seed=1)
    assert np.sum((trace.state.X - solution) ** 2) < 1e-20


@pytest.mark.parametrize(
    ("name", "params", "words"),
    [
        ("tamuna", (1.0, 0.5, 0.5, 2, 6), "s = 2 senders of a cohort of c = 6 do not fit n = 4 clients"),
        ("tamuna", (1.0, 0.5, 0.5, 3, 2), "s = 3 senders of a cohort of c = 2"),
        ("compressed_scaffnew", (1.0, 0.5, 0.5, 1), "s = 1 senders"),
        (
            "locodl",
            (1.0, 0.5, 0.5, 0.5, 0.01, "TopK(2)"),
            "C = 'TopK\\(2\\)' is no compressor for this method: give an unbiased one",
        ),
        (
            "adiana",
            (0.1, 0.1, 0.1, 0.9, 0.5, 0.2, "TopK(2)"),
            "C = 'TopK\\(2\\)' is no compressor for this method: give an unbiased one",
        ),
        ("ef21", (1.0, "RandK(2)"), "C = 'RandK\\(2\\)' is not contractive"),
        ("sparse_proxskip", (1.0, 0.5, 9), "k = 9 is more than the d = 5 coordinates"),
        (
            "fedcomloc_com",
            (1.0, 0.5, "PermK(4)"),
            "C = 'PermK\\(4\\)' is no compressor for this method: give one that each client can apply",
        ),
    ],
)
def test_what_does_not_fit_the_problem_is_refused(name, params, words):
    problem, method = problems.Quadratic.random(4, 5, 10.0), algorithms.get(name)
    with pytest.raises(InputError, match=words):
        algorithms.run(method, problem, method.Params(*params), rounds=1)


def test_an_idle_client_keeps_its_control_variate_and_shares_the_model():
    problem = problems.Quadratic.random(5, 3, 10.0, seed=1)
    method = algorithms.get("tamuna")
    params = method.Params(1.0, 0.5, 0.6, 2, 3)
    state = method.start(problem, params)
    rounds = Draws(np.array([3]), {"omega": np.array([[0, 2, 4]])}, {})
    method.advance(problem.kernel, params, state, rounds)
    assert (state.H[[1, 3]] == 0).all()
    assert (state.H[[0, 2, 4]] != 0).any(axis=1).all()
    assert (state.X[0] == state.X).all()

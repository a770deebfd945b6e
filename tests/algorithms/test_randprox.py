"""RandProx against the methods that it contains, and the variance of its compressors against all their outcomes."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa import algorithms, problems
from rootkappa.algorithms import compressors
from rootkappa.algorithms.parts.rounds import Draws
from rootkappa.problems import Composite, InputError, Quadratic, functions
from rootkappa.theory.theorems.randprox import variance

pytestmark = pytest.mark.drawn(4)

RANDPROX = algorithms.get("randprox")


def bernoulli_rounds(lengths):
    return Draws(np.asarray(lengths), {"w": np.ones((len(lengths), 1), dtype=np.int64)}, {})


@pytest.mark.parametrize(
    "h",
    [
        functions.L1(0.3),
        *(pytest.param(h, marks=pytest.mark.nightly) for h in (functions.Huber(0.5), functions.Box(-0.2, 0.4))),
    ],
    ids=repr,
)
@given(p=st.floats(0.05, 1.0), gamma=st.floats(0.1, 1.9), seed=st.integers(0, 2**32 - 1))
def test_with_a_bernoulli_compressor_and_no_matrix_it_is_proxskip_on_one_client(h, p, gamma, seed):
    problem = Quadratic.random(clients=1, dim=6, kappa=30.0, seed=1, psi=h)
    behind_identity = Composite(Quadratic.random(clients=1, dim=6, kappa=30.0, seed=1), h, np.eye(6))
    lengths = np.random.default_rng(seed).geometric(p, 30)
    proxskip = algorithms.get("proxskip")
    params = RANDPROX.Params(gamma, p / gamma, f"Bernoulli({p!r})")
    skip = proxskip.start(problem, None)
    states = {one: RANDPROX.start(one, params) for one in (problem, behind_identity)}
    for length in lengths:
        proxskip.advance(problem.kernel, proxskip.Params(gamma, p), skip, Draws(np.array([length]), {}, {}))
        for one, state in states.items():
            RANDPROX.advance(one.kernel, params, state, bernoulli_rounds([length]))
            assert np.abs(state.x - skip.X[0]).max() < 1e-12 * max(1.0, np.abs(skip.X).max())
            assert np.abs(state.u + skip.H[0]).max() < 1e-12 * max(1.0, np.abs(skip.H).max())


@given(gamma=st.floats(0.1, 1.9), share=st.floats(0.05, 1.0))
def test_with_the_identity_it_is_the_method_of_loris_and_verhoeven(gamma, share, relative_difference):
    problem = Composite.random(3, 6, 30.0, seed=1, h=functions.L1(0.3))
    K, h_star = problem.K, functions.LInfBall(0.3)
    tau = share / (gamma * problem.coupling.norm**2)
    params = RANDPROX.Params(gamma, tau, "Identity()")
    draws = RANDPROX.draw(np.random.default_rng(0), problem, params, 1)
    state = RANDPROX.start(problem, params)
    x, u = np.zeros(6), np.zeros(5)
    for _ in range(40):
        # The form with one primal sequence, in which x̂ never appears by itself.
        moved = x - gamma * problem.gradient(x)
        u = h_star.prox(u + tau * (K @ (moved - gamma * (K.T @ u))), tau)
        x = moved - gamma * (K.T @ u)
        RANDPROX.advance(problem.kernel, params, state, draws)
        assert relative_difference(state.x, x) < 1e-12
        assert relative_difference(state.u, u) < 1e-11


def test_with_the_identity_and_no_h_it_is_the_proximal_gradient_method():
    psi = functions.L1(0.3)
    problem = Composite(Quadratic.random(2, 6, 30.0, psi=psi), functions.Zero(), np.ones((2, 6)))
    params = RANDPROX.Params(1.2, 0.01, "Identity()")
    draws = RANDPROX.draw(np.random.default_rng(0), problem, params, 1)
    state, x = RANDPROX.start(problem, params), np.zeros(6)
    for _ in range(40):
        RANDPROX.advance(problem.kernel, params, state, draws)
        x = psi.prox(x - 1.2 * problem.gradient(x), 1.2)
        np.testing.assert_allclose(state.x, x, atol=1e-13)


@pytest.mark.drawn(2, "R")
@pytest.mark.parametrize(
    ("R", "psi"),
    [(R, None) for R in ("Identity()", "Bernoulli(0.3)", "RandK(2)", "Natural()", "QSGD(4)")]
    + [("RandK(2)", functions.L1(0.2))]
    + [
        pytest.param(R, functions.L1(0.2), marks=pytest.mark.nightly)
        for R in ("Identity()", "Bernoulli(0.3)", "Natural()", "QSGD(4)")
    ],
)
def test_it_reaches_the_solution_with_every_compressor(R, psi):
    base = Quadratic.random(3, 6, 10.0, seed=3, psi=psi)
    problem = Composite(base, functions.Huber(0.5), np.diff(np.eye(6), axis=0))
    _, omega_ran, zeta = variance(problem, RANDPROX.Params(1.0, 1.0, R))
    tau = 1.0 / ((1.0 - zeta) * problem.coupling.norm**2 + omega_ran)
    trace = algorithms.run(RANDPROX, problem, RANDPROX.Params(1.0, tau, R), rounds=6000, until=("distance", 1e-11))
    assert trace.column("distance")[-1] < 1e-10 * trace.column("distance")[0]
    np.testing.assert_allclose(trace.state.u, problem.solution().u, atol=1e-8)


def compressed(R, r):
    return [(probability, R(r, w)) for probability, w in R.randomness(len(r))]


@given(m=st.integers(2, 6), seed=st.integers(0, 2**32 - 1), data=st.data())
def test_the_variance_of_rand_k_behind_a_matrix_with_rows_of_equal_norm(m, seed, data):
    k, rng = data.draw(st.integers(1, m)), np.random.default_rng(seed)
    K = rng.standard_normal((m, 3))
    K *= 1.7 / np.linalg.norm(K, axis=1, keepdims=True)
    problem = Composite(Quadratic(np.eye(3)[None], np.zeros((1, 3))), functions.L1(1.0), K)
    _, omega_ran, zeta = variance(problem, RANDPROX.Params(1.0, 1.0, f"RandK({k})"))
    r = rng.standard_normal(m)
    found = sum(q * np.sum((K.T @ (value - r)) ** 2) for q, value in compressed(compressors.get(f"RandK({k})"), r))
    assert found == pytest.approx(omega_ran * r @ r - zeta * np.sum((K.T @ r) ** 2), rel=1e-9, abs=1e-12)


@given(
    R=st.sampled_from(["RandK(1)", "RandK(3)", "RandBlocks(1, 2)", "Bernoulli(0.3)", "Identity()"]),
    seed=st.integers(0, 2**32 - 1),
)
def test_the_variance_behind_any_matrix_is_bounded(R, seed):
    rng = np.random.default_rng(seed)
    K = rng.standard_normal((4, 3)) * rng.choice([0.1, 1.0, 5.0], (4, 1))
    problem = Composite(Quadratic(np.eye(3)[None], np.zeros((1, 3))), functions.L1(1.0), K)
    _, omega_ran, zeta = variance(problem, RANDPROX.Params(1.0, 1.0, R))
    r = rng.standard_normal(4)
    found = sum(q * np.sum((K.T @ (value - r)) ** 2) for q, value in compressed(compressors.get(R), r))
    assert found <= omega_ran * r @ r - zeta * np.sum((K.T @ r) ** 2) + 1e-9 * omega_ran * r @ r


@given(b=st.integers(2, 6), d=st.integers(1, 3), seed=st.integers(0, 2**32 - 1), data=st.data())
def test_the_variance_of_k_of_b_blocks_behind_a_stack_of_identities(b, d, seed, data):
    k = data.draw(st.integers(1, b))
    base = Quadratic(np.eye(d)[None], np.zeros((1, d)))
    problem = Composite(base, functions.L1(1.0), np.tile(np.eye(d), (b, 1)))
    _, omega_ran, zeta = variance(problem, RANDPROX.Params(1.0, 1.0, f"RandBlocks({k}, {d})"))
    assert (1.0 - zeta) * problem.coupling.norm**2 + omega_ran == pytest.approx(b)
    r = np.random.default_rng(seed).standard_normal((b, d))
    subsets = list(combinations(range(b), k))
    found = 0.0
    for chosen in subsets:
        value = np.zeros((b, d))
        value[list(chosen)] = b / k * r[list(chosen)]
        found += np.sum((value - r).sum(axis=0) ** 2) / len(subsets)
    assert found == pytest.approx(omega_ran * np.sum(r**2) - zeta * np.sum(r.sum(axis=0) ** 2), rel=1e-9, abs=1e-12)


def test_a_minibatch_of_functions():
    """F + Σ_i h_i by the proxes of two of the four h_i in a step."""
    d, parts = 3, [functions.L1(0.02), functions.Huber(0.5), functions.SquaredL2(0.3), functions.L1(0.01)]
    base = Quadratic.random(3, d, 10.0, seed=3)
    problem = Composite(base, functions.SeparableSum([(part, d) for part in parts]), np.tile(np.eye(d), (4, 1)))
    params = RANDPROX.Params(1.0, 0.25, "RandBlocks(2, 3)")
    trace = algorithms.run(RANDPROX, problem, params, rounds=4000, until=("distance", 1e-11))
    assert trace.column("distance")[-1] < 1e-10 * trace.column("distance")[0]
    x = trace.state.x
    assert np.abs(x).min() > 0.01
    moves = 1e-3 * np.vstack([np.zeros(d), np.eye(d), -np.eye(d)])
    values = [base.value(x + move) + sum(part.value(x + move) for part in parts) for move in moves]
    assert min(values[1:]) > values[0]


def test_a_round_is_a_call_of_the_prox():
    problem = Composite.random(3, 6)
    params = RANDPROX.Params(1.0, 0.1, "Bernoulli(0.25)")
    draws = RANDPROX.draw(np.random.default_rng(0), problem, params, 50)
    steps = RANDPROX.unroll(draws)
    assert steps["coin"].sum() == 50
    assert RANDPROX.cost(problem, params, draws).iterations == len(steps) > 100
    assert RANDPROX.pace(params) == (0.25, 1.0)
    assert RANDPROX.pace(params._replace(R="RandK(2)")) == (1.0, 1.0)
    every = RANDPROX.draw(np.random.default_rng(0), problem, params._replace(R="RandK(2)"), 50)
    assert RANDPROX.unroll(every)["coin"].all()
    assert RANDPROX.cost(problem, params._replace(R="RandK(2)"), every).floats_down == 100


@pytest.mark.parametrize(
    ("R", "words"),
    [
        ("TopK(1)", r"R = 'TopK\(1\)' is no compressor for this method: give an unbiased one"),
        ("PermK(3)", "that each client can apply by itself"),
        ("RandK(9)", "k = 9 is more than the d = 5 coordinates"),
        ("Rand(2)", "unknown compressor 'Rand'"),
    ],
)
def test_a_compressor_that_does_not_fit_is_refused(R, words):
    problem = Composite.random(2, 6)
    with pytest.raises(InputError, match=words):
        algorithms.run(RANDPROX, problem, RANDPROX.Params(1.0, 0.1, R), rounds=1)


@pytest.mark.parametrize("tau", [0.0, -1.0, np.inf])
def test_the_dual_step_size_is_positive(tau):
    with pytest.raises(InputError, match=r"tau = .* is out of range"):
        algorithms.run(RANDPROX, problems.Quadratic.random(2, 3), RANDPROX.Params(1.0, tau, "Identity()"), rounds=1)

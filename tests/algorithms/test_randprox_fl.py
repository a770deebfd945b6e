"""RandProx-FL is Scaffnew with coins for the coordinates."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa import algorithms, problems
from rootkappa.algorithms.parts.rounds import Draws
from rootkappa.problems import InputError, functions

pytestmark = pytest.mark.drawn(4)

FL = algorithms.get("randprox_fl")


def bernoulli_rounds(lengths):
    return Draws(np.asarray(lengths), {"w": np.ones((len(lengths), 1), dtype=np.int64)}, {})


@given(seed=st.integers(0, 2**32 - 1), p=st.floats(0.05, 1.0), share=st.floats(0.1, 1.9))
def test_with_a_bernoulli_compressor_it_is_scaffnew(problem, seed, p, share, relative_difference):
    lengths, gamma = np.random.default_rng(seed).geometric(p, 40), share / problem.L
    scaffnew, params = algorithms.get("scaffnew"), FL.Params(gamma, f"Bernoulli({p!r})")
    new, fl = scaffnew.start(problem, None), FL.start(problem, params)
    for length in lengths:
        scaffnew.advance(problem.kernel, scaffnew.Params(gamma, p), new, Draws(np.array([length]), {}, {}))
        FL.advance(problem.kernel, params, fl, bernoulli_rounds([length]))
        assert relative_difference(fl.X, new.X) < 1e-13
        assert relative_difference(fl.H, new.H) < 1e-13


@given(seed=st.integers(0, 2**32 - 1), p=st.floats(0.05, 1.0))
def test_with_a_nonsmooth_term_it_is_the_convex_sparse_proxskip(seed, p):
    problem = problems.Quadratic.random(3, 6, 30.0, seed=1, psi=functions.L1(0.2))
    sparse, params = algorithms.get("sparse_proxskip_l1"), FL.Params(1.0, f"Bernoulli({p!r})")
    one, two = sparse.start(problem, None), FL.start(problem, params)
    lengths = np.random.default_rng(seed).geometric(p, 40)
    sparse.advance(problem.kernel, sparse.Params(1.0, p), one, Draws(lengths, {}, {}))
    FL.advance(problem.kernel, params, two, bernoulli_rounds(lengths))
    np.testing.assert_allclose(two.X, one.X, atol=1e-13)
    np.testing.assert_allclose(two.H, one.H, atol=1e-13)


@given(seed=st.integers(0, 2**32 - 1), k=st.integers(1, 5))
def test_a_coordinate_that_is_kept_moves_as_under_a_coin_of_1_and_the_others_as_under_0(problem, seed, k):
    rng = np.random.default_rng(seed)
    gamma, p = 1.0 / problem.L, k / problem.d
    params, scaffnew = FL.Params(gamma, f"RandK({k})"), algorithms.get("scaffnew")
    H = rng.standard_normal((problem.n, problem.d))
    start = FL.State(rng.standard_normal((problem.n, problem.d)), H - H.mean(axis=0))
    outcome = FL.unroll(FL.draw(rng, problem, params, 1))[0]
    state = FL.State(*(field.copy() for field in start))
    FL.step(problem.kernel, params, state, outcome)
    for coin in (0, 1):
        skip = FL.State(*(field.copy() for field in start))
        scaffnew.step(problem.kernel, scaffnew.Params(gamma, p), skip, coin)
        columns = np.isin(np.arange(problem.d), outcome["w"]) == bool(coin)
        for ours, theirs in zip(state, skip, strict=True):
            np.testing.assert_allclose(ours[:, columns], theirs[:, columns], atol=1e-11)


@pytest.mark.parametrize("R", ["RandK(2)", "Identity()"])
def test_the_sum_of_control_variates_stays_0(problem, R):
    params = FL.Params(1.0 / problem.L, R)
    state = FL.start(problem, params)
    FL.advance(problem.kernel, params, state, FL.draw(np.random.default_rng(0), problem, params, 300))
    assert np.abs(state.H.sum(axis=0)).max() < 1e-13 * np.abs(state.H).sum()
    assert np.linalg.norm(FL.model(state) - problem.solution().x) < 1e-2 * np.linalg.norm(problem.solution().x)


@pytest.mark.parametrize(
    ("R", "floats", "iterations"), [("RandK(2)", 2, 1.0), ("Identity()", 5, 1.0), ("Bernoulli(0.25)", 5, 4.0)]
)
def test_a_round_sends_what_the_compressor_keeps(R, floats, iterations):
    problem = problems.Quadratic.random(3, 5)
    params = FL.Params(1.0, R)
    draws = FL.draw(np.random.default_rng(0), problem, params, 2000)
    cost = FL.cost(problem, params, draws)
    assert (cost.floats_up, cost.floats_down, cost.bits_up) == (2000 * floats, 2000 * floats, 64 * 2000 * floats)
    # Six standard deviations of the mean of geometric lengths.
    assert cost.iterations / 2000 == pytest.approx(iterations, rel=6 / 2000**0.5)


@pytest.mark.parametrize("R", ["Natural()", "TopK(1)", "BiasedRandK(2)", "QSGD(4)", "PermK(3)", "L1Selection()"])
def test_compressors_that_do_not_commute_with_the_mean_are_refused(R):
    problem = problems.Quadratic.random(3, 6)
    with pytest.raises(InputError, match="give one that commutes with the mean of the clients' vectors"):
        algorithms.run(FL, problem, FL.Params(1.0, R), rounds=1)

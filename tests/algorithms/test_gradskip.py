import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa import algorithms, problems, theory
from rootkappa.algorithms.gradskip import gradients_of_clients, probabilities
from rootkappa.algorithms.parts.rounds import Draws

pytestmark = pytest.mark.drawn(4)

METHOD = algorithms.get("gradskip")
SEEDS, RATES = st.integers(0, 2**32 - 1), st.floats(0.05, 1.0)


def drawn(seed, problem, p, rounds, q):
    """Return rounds whose clients flip heads with probability q, whatever the theory says."""
    rng = np.random.default_rng(seed)
    draws = METHOD.draw(rng, problem, METHOD.Params(gamma=1.0, p=p), rounds)
    draws.steps["eta"][:] = rng.random(draws.steps["eta"].shape) < q
    return draws


def anywhere(seed, problem):
    rng = np.random.default_rng(seed)
    return METHOD.State(*rng.standard_normal((2, problem.n, problem.d)))


def advanced(method, problem, params, state, draws):
    method.advance(problem.kernel, params, state, draws)
    return state


@given(seed=SEEDS, p=RATES)
def test_with_heads_only_it_is_scaffnew(problem, seed, p, relative_difference):
    draws, scaffnew = drawn(seed, problem, p, 30, q=1.0), algorithms.get("scaffnew")
    params = METHOD.Params(gamma=1.0 / problem.L, p=p)
    lengths = Draws(draws.lengths, {}, {})
    skip = advanced(METHOD, problem, params, METHOD.start(problem, params), draws)
    new = advanced(scaffnew, problem, scaffnew.Params(*params), scaffnew.start(problem, params), lengths)
    assert relative_difference(skip.X, new.X) < 1e-12
    assert relative_difference(skip.H, new.H) < 1e-11


@given(seed=SEEDS, p=RATES)
def test_with_tails_only_a_round_is_a_gradient_step_of_size_gamma_over_p(problem, seed, p, relative_difference):
    draws, descent = drawn(seed, problem, p, 30, q=0.0), algorithms.get("gradient_descent")
    params = METHOD.Params(gamma=p / problem.L, p=p)
    skip = advanced(METHOD, problem, params, METHOD.start(problem, params), draws)
    plain = descent.start(problem, params)
    descent.advance(
        problem.kernel, descent.Params(gamma=1.0 / problem.L), plain, Draws(np.ones(30, dtype=np.int64), {}, {})
    )
    assert relative_difference(METHOD.model(skip), plain.x) < 1e-12


@given(seed=SEEDS, q=st.floats(0.0, 1.0))
def test_with_p_1_it_is_gradient_descent_whatever_the_coins_are(problem, seed, q, relative_difference):
    draws, descent = drawn(seed, problem, 1.0, 30, q), algorithms.get("gradient_descent")
    params = METHOD.Params(gamma=1.0 / problem.L, p=1.0)
    skip = advanced(METHOD, problem, params, METHOD.start(problem, params), draws)
    plain = descent.start(problem, params)
    descent.advance(
        problem.kernel, descent.Params(gamma=1.0 / problem.L), plain, Draws(np.ones(30, dtype=np.int64), {}, {})
    )
    assert relative_difference(METHOD.model(skip), plain.x) < 1e-12


@given(seed=SEEDS, q=st.floats(0.0, 1.0), p=st.floats(0.05, 0.5))
def test_step_and_advance_agree_from_any_state_and_with_any_coins(problem, seed, q, p, relative_difference):
    draws, params = drawn(seed, problem, p, 5, q), METHOD.Params(gamma=1.0 / problem.L, p=p)
    fast, slow = anywhere(seed, problem), anywhere(seed, problem)
    METHOD.advance(problem.kernel, params, fast, draws)
    for outcome in METHOD.unroll(draws):
        METHOD.step(problem.kernel, params, slow, outcome)
    assert relative_difference(fast.X, slow.X) < 1e-11
    assert relative_difference(fast.H, slow.H) < 1e-11


@given(seed=SEEDS, q=st.floats(0.0, 1.0), p=st.floats(0.05, 0.5))
def test_after_its_first_tails_a_client_stands_still_until_the_round_ends(problem, seed, q, p):
    draws = drawn(seed, problem, p, 1, q)
    params, state = METHOD.Params(gamma=1.0 / problem.L, p=p), anywhere(seed, problem)
    stopped, counted = np.zeros(problem.n, dtype=bool), np.zeros(problem.n, dtype=int)
    for outcome in METHOD.unroll(draws):
        before = state.X.copy()
        counted += ~stopped
        stopped |= ~outcome["eta"]
        outcome["coin"] = 0
        METHOD.step(problem.kernel, params, state, outcome)
        np.testing.assert_array_equal(state.X[stopped], before[stopped])
    np.testing.assert_array_equal(gradients_of_clients(draws), [counted])


@given(seed=SEEDS, q=st.floats(0.0, 1.0), p=RATES)
def test_a_communication_makes_the_sum_0_from_any_state(problem, seed, q, p):
    params, state = METHOD.Params(gamma=1.0 / problem.L, p=p), anywhere(seed, problem)
    METHOD.advance(problem.kernel, params, state, drawn(seed, problem, p, 3, q))
    assert np.abs(state.H.sum(axis=0)).max() < 1e-13 * np.abs(state.H).max() / p


@pytest.fixture(scope="module")
def uneven():
    """Return a problem with the condition numbers 1, 4, 30 and 100 of its clients, and these."""
    kappas = np.array([1.0, 4.0, 30.0, 100.0])
    hessians = [np.diag([1.0, kappa]) / 100.0 for kappa in kappas]
    return problems.Quadratic(hessians, np.arange(8.0).reshape(4, 2)), kappas


def test_the_prescribed_coins_are_those_of_the_paper(uneven):
    problem, kappas = uneven
    expected = (1.0 - 1.0 / kappas) / (1.0 - 1.0 / 100.0)
    prescribed = theory.get("gradskip").parameters(problem)
    np.testing.assert_allclose(probabilities(problem, prescribed), expected, atol=1e-15)


def test_gradients_of_a_round_are_as_many_as_promised(uneven):
    problem, kappas = uneven
    params, rounds = theory.get("gradskip").parameters(problem), 4000
    draws = METHOD.draw(np.random.default_rng(3), problem, params, rounds)
    counts = gradients_of_clients(draws)
    promised = kappas * (1.0 + 10.0) / (kappas + 10.0)
    assert np.all(promised <= np.minimum(kappas, 10.0))
    # A geometric number has a standard deviation below its mean: 6 of them err once in 10^9 runs.
    np.testing.assert_allclose(counts.mean(axis=0), promised, rtol=6 / np.sqrt(rounds))
    # Halves are rounded up, so the total errs by half a gradient a round at most.
    assert abs(METHOD.cost(problem, params, draws).gradients - counts.mean(axis=1).sum()) <= rounds / 2


@pytest.mark.parametrize("kappa", [1.0, 1.0 + 1e-9, 1.5, 100.0, 1e6])
def test_where_clients_are_alike_nobody_skips(kappa):
    problem = problems.Quadratic(np.diag([1.0, kappa])[None], np.eye(2))
    params = theory.get("gradskip").parameters(problem)
    assert probabilities(problem, params).tolist() == [1.0, 1.0]
    outcomes = METHOD.outcomes(problem, params)
    assert all(outcome["eta"].all() for _, outcome in outcomes)
    assert len(outcomes) == 2


def test_outcomes_of_many_clients_are_not_listed():
    hessians = [np.diag([1.0, kappa]) for kappa in np.linspace(2.0, 3.0, 14)]
    problem = problems.Quadratic(hessians, np.zeros((14, 2)))
    assert METHOD.outcomes(problem, theory.get("gradskip").parameters(problem)) is None


def test_it_reaches_the_solution_from_control_variates_of_any_sum(uneven):
    problem, _ = uneven
    params = theory.get("gradskip").parameters(problem)
    state = anywhere(0, problem)
    METHOD.advance(problem.kernel, params, state, METHOD.draw(np.random.default_rng(0), problem, params, 600))
    np.testing.assert_allclose(METHOD.model(state), problem.solution().x, atol=1e-12)

"""FLARE: its closed form, its reductions, and letters of which nothing is seen as prescribed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa import algorithms, problems
from rootkappa.algorithms.parts.quantiles import quantile_of_sizes
from rootkappa.tests.plain.versions import VERSIONS

pytestmark = pytest.mark.drawn(4)

PROBLEM = problems.Quadratic.random(clients=4, dim=6, kappa=20.0, seed=3, basis="client")
USUAL = {"eta": 0.2, "K": 1, "C": "TopK(1)", "tau": 0.3, "rho": 0.9, "u": 0.5, "beta": 0.9, "P": 1}


def path(rounds, name="flare", problem=PROBLEM, **given):
    """Return the states after each round, from the start on."""
    method = algorithms.get(name)
    params = method.Params(**(USUAL | given if name == "flare" else given))
    state = method.start(problem, params)
    states = [type(state)(*(field.copy() for field in state))]
    for outcome in method.unroll(method.draw(np.random.default_rng(0), problem, params, rounds)):
        method.step(problem.kernel, params, state, outcome)
        states.append(type(state)(*(field.copy() for field in state)))
    return states


def close(one, other, tolerance=1e-12):
    np.testing.assert_allclose(one, other, rtol=0, atol=tolerance * np.abs(other).max())


@given(beta=st.floats(0, 0.99), u=st.floats(0, 1), tau=st.floats(0, 2), P=st.integers(1, 2))
def test_one_local_step_has_a_closed_form_in_which_momentum_has_no_part(beta, u, tau, P):
    """q_i = a_i - η ∇f_i(x) + ητ M_i s(a_i), s(a) = sign(a) or 2a: q_i is what is sent and what is remembered."""
    states = path(12, beta=beta, u=u, tau=tau, P=P)
    for t in range(12):
        x, a, _ = states[t]
        mask = np.abs(a) > np.quantile(np.abs(a), u, axis=1, keepdims=True)
        slope = np.sign(a) if P == 1 else 2 * a
        q = a - 0.2 * PROBLEM.gradients(x) + 0.2 * tau * 0.9 ** (t + 1) * mask * slope
        sent = np.where(np.arange(6) == np.argmax(np.abs(q), axis=1)[:, None], q, 0.0)
        close(states[t + 1].x, x + sent.mean(axis=0))
        close(states[t + 1].A, q - sent)


@given(tau=st.floats(0, 2))
def test_where_nothing_is_left_out_it_is_fedavg(tau):
    models = [state.x for state in path(15, C="TopK(6)", K=4, beta=0.0, tau=tau)]
    expected = [state.x for state in path(15, "fedavg", gamma=0.2, K=4)]
    close(models, np.array(expected))


def test_without_regularisation_it_is_error_correction_to_the_bit():
    rest = {"alpha": 0.0, "C": "TopK(2)", "C_s": "Identity()", "beta": 0.0, "sigma": 0.0}
    own, other = path(30, C="TopK(2)", tau=0.0)[-1], path(30, "error_feedback", eta=0.2, **rest)[-1]
    close(own.x, other.x, 1e-13)
    close(own.A, -other.E, 1e-13)


def test_a_square_that_stays_feeds_itself_where_few_coordinates_are_sent_and_does_not_where_most_are():
    """Of six coordinates the three that are pushed grow by 1 + 2ητ a round, and one or all of them are sent."""
    letters = {"rho": 1.0, "tau": 5.0, "P": 2}
    few, most, size = (path(60, **given)[-1] for given in (letters | {"C": "TopK(1)"}, letters | {"C": "TopK(5)"}, {}))
    assert np.abs(few.A).max() > 1e4 * np.abs(size.A).max()
    assert PROBLEM.gap(few.x) > 1e6 * PROBLEM.gap(np.zeros(6))
    assert PROBLEM.gap(most.x) < 0.1 * PROBLEM.gap(np.zeros(6))


@pytest.mark.parametrize("P", [1, 2])
@pytest.mark.parametrize("K", [1, 3])
def test_it_is_the_plain_version_with_any_letters(K, P):
    method, plain = algorithms.get("flare"), VERSIONS["flare"]()
    given = {"K": K, "C": "TopK(2)", "beta": 0.7, "u": 0.8, "P": P}
    params = method.Params(**USUAL | given)
    state = plain.start(PROBLEM, params)
    for outcome in method.unroll(method.draw(np.random.default_rng(0), PROBLEM, params, 20)):
        state = plain.step(PROBLEM, params, state, outcome)
    for own, expected in zip(path(20, **given)[-1], state, strict=True):
        close(own, expected)


@given(seed=st.integers(0, 2**32 - 1), d=st.integers(1, 30), u=st.floats(0, 1), levels=st.sampled_from([2, 1000]))
def test_quantiles_are_numpys(seed, d, u, levels):
    rng = np.random.default_rng(seed)
    # Few levels make many equal sizes.
    x = np.round(rng.standard_normal(d) * levels) / levels
    found = quantile_of_sizes(x, u, np.empty(d))
    assert found == pytest.approx(np.quantile(np.abs(x), u), rel=1e-12, abs=1e-15)
    # What is above is the same, in spite of rounding.
    for share in (0.0, 0.5, 1.0):
        exact = np.abs(x) > np.quantile(np.abs(x), share)
        np.testing.assert_array_equal(np.abs(x) > quantile_of_sizes(x, share, np.empty(d)), exact)


def test_it_sends_what_top_k_keeps_and_receives_all():
    method = algorithms.get("flare")
    params = method.Params(**USUAL | {"K": 3})
    cost = method.cost(PROBLEM, params, method.draw(np.random.default_rng(0), PROBLEM, params, 5))
    assert (cost.floats_up, cost.floats_down, cost.gradients) == (5, 30, 15)

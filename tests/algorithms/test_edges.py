"""HierFAVG and HierSFL: what they are at the ends of their letters, and that a cut alone changes nothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa import algorithms, problems, theory
from rootkappa.tests.suited import softmax

pytestmark = pytest.mark.drawn(4)

FAVG, SFL = algorithms.get("hierfavg"), algorithms.get("hiersfl")
FEDAVG, DESCENT = algorithms.get("fedavg"), algorithms.get("gradient_descent")
SEEDS = st.integers(0, 2**32 - 1)
UNCLIPPED = {"C0": 1e100, "z": 0.0}


def quadratic(seed, clients=5):
    return problems.Quadratic.random(clients=clients, dim=3, kappa=30.0, seed=seed, basis="client")


def reached(method, problem, rounds=6, **letters):
    letters |= {"b": 100} if method is SFL else {}
    return algorithms.run(method, problem, method.Params(**letters), rounds=rounds, seed=0, record=2).model


@given(seed=SEEDS, k1=st.integers(1, 6), k2=st.integers(1, 4), gamma=st.floats(0.1, 1.0))
def test_one_edge_is_fedavg(seed, k1, k2, gamma, relative_difference):
    problem = quadratic(seed)
    one = reached(FAVG, problem, gamma=gamma, k1=k1, k2=k2, edges=1)
    assert relative_difference(one, reached(FEDAVG, problem, 6 * k2, gamma=gamma, K=k1)) < 1e-12


@given(seed=SEEDS, k1=st.integers(1, 6), edges=st.integers(1, 5))
def test_one_average_of_the_edges_a_round_is_fedavg(seed, k1, edges, relative_difference):
    problem = quadratic(seed)
    once = reached(FAVG, problem, gamma=0.5, k1=k1, k2=1, edges=edges)
    assert relative_difference(once, reached(FEDAVG, problem, gamma=0.5, K=k1)) < 1e-12


@given(seed=SEEDS, k1=st.integers(1, 6), k2=st.integers(1, 4))
def test_an_edge_for_every_client_is_fedavg_with_all_steps(seed, k1, k2, relative_difference):
    problem = quadratic(seed)
    alone = reached(FAVG, problem, gamma=0.5, k1=k1, k2=k2, edges=5)
    assert relative_difference(alone, reached(FEDAVG, problem, gamma=0.5, K=k1 * k2)) < 1e-12


@given(seed=SEEDS, edges=st.integers(1, 5), q=st.integers(0, 3))
def test_one_step_between_averages_is_gradient_descent_on_the_joined_model(seed, edges, q, relative_difference):
    problem = quadratic(seed)
    split = reached(SFL, problem, gamma=0.9, k1=1, k2=1, edges=edges, q=q, **UNCLIPPED)
    assert relative_difference(split, reached(DESCENT, problem, gamma=0.9)) < 1e-12


@pytest.mark.parametrize("on", [quadratic(3), softmax(5)], ids=["quadratic", "softmax"])
@pytest.mark.parametrize("q", [0, 1, 2])
def test_without_noise_and_clipping_a_cut_changes_nothing(on, q, relative_difference):
    letters = {"gamma": 0.5 / on.L, "k1": 3, "k2": 2, "edges": 2}
    split = reached(SFL, on, q=q, **letters, **UNCLIPPED)
    assert relative_difference(split, reached(FAVG, on, **letters)) < 1e-12


@given(seed=SEEDS, z=st.floats(0.0, 100.0), C0=st.floats(1e-6, 1e6))
def test_what_is_all_at_the_edge_is_neither_clipped_nor_noised(seed, z, C0):
    problem = quadratic(seed)
    letters = {"gamma": 0.5, "k1": 3, "k2": 2, "edges": 2}
    np.testing.assert_array_equal(reached(SFL, problem, q=3, C0=C0, z=z, **letters), reached(FAVG, problem, **letters))


@given(seed=SEEDS, C0=st.floats(1e-6, 1e-3))
def test_an_update_is_no_longer_than_it_may_be(seed, C0):
    """Without noise the clients' part of the cloud moves by k2 C0 at most in a round, which steps without exceed.

    By as little as this with one solution in 10⁶, as two numbers of about 4 are seldom both below 0.003.
    """
    problem = quadratic(seed)
    letters = {"gamma": 1.0, "k1": 20, "k2": 3, "edges": 2, "q": 1, "C0": C0, "z": 0.0}
    moved = reached(SFL, problem, 1, **letters)
    assert np.linalg.norm(moved[:2]) <= 3 * C0 * (1.0 + 1e-12)
    assert np.linalg.norm(reached(SFL, problem, 1, **letters | {"C0": 1e100})[:2]) > 3 * C0


def test_noise_has_the_deviations_of_both_levels():
    """At rest a round adds k2 means of n_e clients' noise and one of the edges': 20,000 rounds."""
    n, d, count, z, C0 = 5, 2, 20_000, 0.7, 0.5
    flat = problems.Quadratic(np.tile(np.eye(d), (n, 1, 1)), np.zeros((n, d)))
    params = SFL.Params(gamma=1e-100, k1=1, k2=3, edges=2, q=1, C0=C0, z=z, b=100)
    state = SFL.start(flat, params)
    draws, found = SFL.draw(np.random.default_rng(1), flat, params, count), np.empty(count)
    for t in range(count):
        state.x[:] = 0.0
        SFL.advance(flat.kernel, params, state, draws[t : t + 1])
        found[t] = state.x[0]
    s = 2 * C0 * z
    variance = sum((n_e / n) ** 2 * (3 * s**2 / n_e + (s / n_e) ** 2) for n_e in (2, 3))
    # The variance of so many normal numbers has a relative deviation of √(2/20,000); six of them err once in 10⁹ runs.
    assert found.var() == pytest.approx(variance, rel=6 * np.sqrt(2 / count))
    assert abs(found.mean()) < 6 * np.sqrt(variance / count)
    assert state.x[1] == 0.0


def test_costs_are_those_of_both_levels():
    problem = softmax(4)
    params = theory.get("hiersfl").parameters(problem, k1=3, k2=2, edges=2, q=1)
    cost = SFL.cost(problem, params, SFL.draw(np.random.default_rng(0), problem, params, 5))
    assert cost.gradients == 8 * cost.iterations == 8 * 5 * 6
    assert cost.floats_up == 5 * 2 * (3 * 8 * 4 + 3)
    assert cost.bits_down == 64 * 5 * 2 * (3 * 8 * 3 + 3)
    hier = theory.get("hierfavg").parameters(problem, k1=3, k2=2, edges=2)
    cost = FAVG.cost(problem, hier, FAVG.draw(np.random.default_rng(0), problem, hier, 5))
    assert (cost.floats_up, cost.floats_down, cost.gradients) == (5 * 2 * 6, 5 * 2 * 6, 30)


@given(seed=SEEDS, k1=st.integers(1, 8), k2=st.integers(1, 5), edges=st.integers(1, 5))
def test_the_fixed_point_of_quadratics_is_where_rounds_lead(seed, k1, k2, edges):
    problem = quadratic(seed)
    params = FAVG.Params(gamma=0.7, k1=k1, k2=k2, edges=edges)
    target = theory.get("hierfavg").target(problem, params)
    assert target.residual < 1e-13
    led = reached(FAVG, problem, 4000 // (k1 * k2), **params._asdict())
    np.testing.assert_allclose(led, target.x, rtol=0, atol=1e-10 * np.abs(target.x).max())


@pytest.mark.parametrize(("letter", "value"), [("k2", 0), ("edges", 0), ("q", -1), ("C0", 0.0), ("z", -0.1)])
def test_letters_out_of_range_are_refused(letter, value):
    with pytest.raises(problems.InputError, match=f"{letter} = .* is out of range: give "):
        theory.get("hiersfl").parameters(softmax(4), **{letter: value})


def test_a_round_waits_for_every_exchange_and_for_the_cloud():
    clock = algorithms.Clock(compute=1e-3, up=1e6, down=1e6, latency=0.1, speeds=[1.0, 1.0, 1.0, 0.5])
    problem = softmax(4)
    letters = {"gamma": 0.1, "k1": 3, "k2": 2, "edges": 2}
    for method, params, exchanges, numbers in (
        (FAVG, FAVG.Params(**letters), 2 + 1, 3 * 6 + 3 * 6),
        # Features, logits and slopes of 8 samples in each of 6 steps, the client's part twice and the whole at last.
        (
            SFL,
            SFL.Params(**letters, q=1, C0=1.0, z=1.0, b=100),
            2 * (3 + 1) + 1,
            6 * 8 * (1 + 3 + 3) + 2 * (2 * 3) + 2 * 6,
        ),
    ):
        trace = algorithms.run(method, problem, params, rounds=3, seed=0, clock=clock)
        opening = method.opening(problem, params)
        first = opening.bits_up / 1e6 + (0.1 if opening.bits_up else 0.0)
        each = 6 * 2e-3 + exchanges * 0.1 + 64 * numbers / 1e6
        assert trace.last("seconds") == pytest.approx(first + 3 * each, rel=1e-12)

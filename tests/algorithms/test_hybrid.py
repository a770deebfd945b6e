"""Hybrid federated learning: what FedCLG is at the ends of its letters and data, and where it comes to rest."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa import algorithms, problems, theory
from rootkappa.algorithms.parts import hybrid
from rootkappa.algorithms.parts.rounds import Draws
from rootkappa.problems import InputError
from rootkappa.tests.plain.versions import VERSIONS
from rootkappa.tests.suited import with_server

pytestmark = pytest.mark.drawn(4)

SEEDS, SIZES, STEPS = st.integers(0, 2**32 - 1), st.floats(0.01, 1.0), st.integers(0, 4)
RANDOM = problems.Quadratic.random(clients=5, dim=4, kappa=20.0, seed=2, basis="client")
A, b = RANDOM.hessians, RANDOM.kernel.b
SERVED = with_server(RANDOM)
#: Where the server's data are representative to the bit: f_s = F.
IDEAL = problems.Quadratic(A, b, server=(A.mean(axis=0), b.mean(axis=0)))
CORRECTED = ["fedclg_c", "fedclg_s"]
HYBRID = [*CORRECTED, "clg_sgd"]
WHOLE = 100


def walked(name, problem, seed=0, rounds=5, **letters):
    """Return the model after some rounds from a random start; with one seed all methods have the same cohorts."""
    method = algorithms.get(name)
    if "E" in letters:
        letters = {"b": WHOLE, "b_s": WHOLE} | letters
    rng = np.random.default_rng(seed)
    state, params = method.State(rng.standard_normal(problem.d)), method.Params(**letters)
    method.advance(problem.kernel, params, state, method.draw(rng, problem, params, rounds))
    return state.x


@pytest.mark.parametrize("name", CORRECTED)
@given(seed=SEEDS, size=SIZES, M=st.integers(1, 5))
def test_with_one_local_step_it_is_gradient_descent_on_the_servers_data(name, seed, size, M, relative_difference):
    eta = size / SERVED.L
    x = walked(name, SERVED, seed, eta=eta, K=1, M=M, gamma=1.0, E=0)
    assert relative_difference(x, walked("gradient_descent", SERVED.server, seed, gamma=eta)) < 1e-12


@given(seed=SEEDS, size=SIZES, K=st.integers(1, 20))
def test_with_all_clients_and_an_ideal_server_c_is_fedlin(seed, size, K, relative_difference):
    eta = size / IDEAL.L
    x = walked("fedclg_c", IDEAL, seed, eta=eta, K=K, M=5, gamma=1.0, E=0)
    assert relative_difference(x, walked("fedlin", RANDOM, seed, eta=eta, K=K)) < 1e-12


@pytest.mark.parametrize("name", ["fedclg_s", "clg_sgd"])
@given(seed=SEEDS, size=SIZES, K=st.integers(1, 20))
def test_with_all_clients_and_an_ideal_server_s_is_fedavg(name, seed, size, K, relative_difference):
    """Without corrections, and without steps of the server, that is so whatever its data are."""
    problem, eta = SERVED if name == "clg_sgd" else IDEAL, size / IDEAL.L
    x = walked(name, problem, seed, eta=eta, K=K, M=5, gamma=1.0, E=0)
    assert relative_difference(x, walked("fedavg", RANDOM, seed, gamma=eta, K=K)) < 1e-12


@pytest.mark.parametrize("name", HYBRID)
@given(seed=SEEDS, size=SIZES, E=STEPS)
def test_the_servers_steps_follow_the_round(name, seed, size, E, relative_difference):
    letters = {"eta": 0.05, "K": 4, "M": 2}
    before = walked(name, SERVED, seed, rounds=1, **letters, gamma=1.0, E=0)
    x = walked(name, SERVED, seed, rounds=1, **letters, gamma=size, E=E)
    for _ in range(E):
        before = before - size * SERVED.server.gradient(before)
    assert relative_difference(x, before) < 1e-12


def test_no_cohort_moves_c_from_the_servers_minimiser_and_every_one_moves_the_others():
    rest = SERVED.server.solution().x
    moved = {}
    for name, M in itertools.product([*CORRECTED, "clg_sgd"], range(1, 6)):
        method = algorithms.get(name)
        params = method.Params(eta=0.1, K=5, M=M, gamma=0.1, E=1, b=WHOLE, b_s=WHOLE)
        moves = []
        for _, outcome in method.outcomes(SERVED, params):
            state = method.State(rest.copy())
            method.step(SERVED.kernel, params, state, outcome)
            moves.append(np.linalg.norm(state.x - rest) / np.linalg.norm(rest))
        moved.setdefault(name, []).append((min(moves), max(moves)))
    assert max(most for _, most in moved["fedclg_c"]) < 1e-14
    assert min(least for name in ("fedclg_s", "clg_sgd") for least, _ in moved[name]) > 1e-4


@pytest.mark.parametrize("name", CORRECTED)
@given(seed=SEEDS, M=st.integers(1, 5), K=st.integers(1, 12), E=STEPS, share=st.floats(0.05, 1.0))
def test_a_round_keeps_what_is_promised_from_any_state(name, seed, M, K, E, share):
    """In the mean over all cohorts, where they can be listed; the constants are those of the proof, at any letters."""
    case = theory.case(name, SERVED, K=K)
    case = theory.case(name, SERVED, K=K, M=M, E=E, eta=share * case.params.eta, gamma=share * case.params.gamma)
    start = case.method.State(SERVED.server.solution().x + np.random.default_rng(seed).standard_normal(SERVED.d))
    before, after = case.lyapunov(start), 0.0
    for chance, outcome in case.outcomes():
        state = case.method.State(start.x.copy())
        case.method.step(SERVED.kernel, case.params, state, outcome)
        after += chance * case.lyapunov(state)
    assert after <= (case.rho * before + case.noise) * (1.0 + 1e-12)


def test_a_cohort_of_more_clients_than_there_are_is_refused():
    with pytest.raises(InputError, match=r"M = 6 clients in a cohort do not fit n = 5 clients: give 1 <= M <= n"):
        theory.case("fedclg_c", SERVED, M=6).initial()


@pytest.mark.parametrize("name", HYBRID)
def test_a_server_without_data_is_refused(name):
    with pytest.raises(InputError, match=f"{name} needs a server with data of its own"):
        algorithms.get(name).check(RANDOM)


@pytest.mark.parametrize("b", [1, WHOLE])
def test_what_travels_is_three_vectors_and_two_without_correction(b):
    draws = Draws(np.full(3, 5), {}, {})
    params = {name: algorithms.get(name).Params(0.1, 5, 2, 0.1, 1, b, b) for name in HYBRID}
    costs = {name: algorithms.get(name).cost(SERVED, params[name], draws) for name in HYBRID}
    vectors = {name: (cost.floats_up / 12, cost.floats_down / 12) for name, cost in costs.items()}
    assert vectors == {"fedclg_c": (1, 2), "fedclg_s": (2, 1), "clg_sgd": (1, 1)}
    # Of a quadratic of four coordinates there are as many components; the gradient at x is that of the first step.
    counts = dict.fromkeys(HYBRID, 60) if b == WHOLE else {"fedclg_c": 18, "fedclg_s": 18, "clg_sgd": 15}
    assert {name: cost.gradients for name, cost in costs.items()} == counts


def drawn(name, seed, **letters):
    method = algorithms.get(name)
    params = method.Params(**{"eta": 0.1, "K": 3, "M": 2, "gamma": 0.1, "E": 2, "b": 2, "b_s": 3} | letters)
    return method, params, method.draw(np.random.default_rng(seed), SERVED, params, 4)


@pytest.mark.parametrize("name", HYBRID)
@given(seed=SEEDS)
def test_who_takes_part_does_not_depend_on_minibatches(name, seed):
    parted, whole = (drawn(name, seed, b=b, b_s=b)[2].ends["omega"] for b in (2, WHOLE))
    np.testing.assert_array_equal(parted, whole)
    params = drawn(name, seed)[1]
    alone = hybrid.COHORTS.draw(np.random.default_rng(seed), SERVED, params, 4)
    np.testing.assert_array_equal(parted, alone.ends["omega"])


@pytest.mark.parametrize("name", HYBRID)
@given(seed=SEEDS, b=st.integers(1, 4), b_s=st.integers(1, 4))
def test_a_path_of_minibatches_is_that_of_the_plain_version(name, seed, b, b_s, relative_difference):
    method, params, draws = drawn(name, seed, b=b, b_s=b_s)
    state, plain = method.State(np.ones(SERVED.d)), np.ones(SERVED.d)
    for outcome in method.unroll(draws):
        plain = VERSIONS[name]().step(SERVED, params, plain, outcome)
    method.advance(SERVED.kernel, params, state, draws)
    assert relative_difference(state.x, plain) < 1e-11


@pytest.mark.parametrize("name", CORRECTED)
def test_minibatches_are_right_on_average_in_the_first_order(name):
    """The mean move over minibatches is that of whole gradients up to the second order of the step size."""
    moves = {}
    for eta in (1e-4, 1e-5):
        letters = {"eta": eta, "K": 1, "M": 5, "E": 0, "b": 1, "b_s": 1}
        method, params, _ = drawn(name, 0, **letters)
        draws = method.draw(np.random.default_rng(7), SERVED, params, 4000)
        found = np.empty((len(draws), SERVED.d))
        for r in range(len(draws)):
            state = method.State(np.ones(SERVED.d))
            method.advance(SERVED.kernel, params, state, draws[r : r + 1])
            found[r] = (state.x - 1.0) / eta
        expected = -SERVED.server.gradient(np.ones(SERVED.d))
        error = found.mean(axis=0) - expected
        # Six standard errors of the mean: exceeded once in 10^8 draws.
        moves[eta] = np.abs(error) <= 6.0 * found.std(axis=0) / np.sqrt(len(draws)) + 10.0 * eta
    assert all(within.all() for within in moves.values())


@pytest.mark.parametrize("name", CORRECTED)
@pytest.mark.parametrize("letter", ["b", "b_s"])
def test_the_theorem_is_about_whole_gradients(name, letter):
    (verdict,) = theory.verify(name, SERVED, "path", **{letter: 1})
    assert verdict.status == "not applicable"
    assert f"{letter} of all samples, but {letter} = 1 and there are 4" in verdict.sentence

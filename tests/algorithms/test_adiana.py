"""ADIANA against its recursion in NumPy, with one randomness for both messages and with two."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa import algorithms, problems, theory
from rootkappa.algorithms import compressors

pytestmark = pytest.mark.drawn(4)

METHOD, THEOREM = algorithms.get("adiana"), theory.get("adiana")
SEEDS = st.integers(0, 2**32 - 1)


def round_of_the_paper(problem, params, state, coin, first, second):
    """One round, line by line as in the docstring; ``first`` and ``second`` are the randomness of the two messages."""
    eta, theta, gamma, beta, alpha, _, C = params
    C, (y, z, w, H) = compressors.get(C), state

    def compressed(V, randomness):
        return np.array([C(v, r) for v, r in zip(V, randomness, strict=True)])

    x = theta * z + w / 2 + (1 - theta - 1 / 2) * y
    g = np.mean(H + compressed(problem.gradients(x) - H, first), axis=0)
    learnt = H + alpha * compressed(problem.gradients(w) - H, second)
    step = x - eta * g
    return METHOD.State(step, beta * z + (1 - beta) * x + gamma / eta * (step - x), y if coin else w, learnt)


def anywhere(problem, seed):
    rng = np.random.default_rng(seed)
    shapes = [(problem.d,)] * 3 + [(problem.n, problem.d)]
    return METHOD.State(*(rng.standard_normal(shape) for shape in shapes))


def copied(state):
    return METHOD.State(*(field.copy() for field in state))


@given(
    seed=SEEDS,
    theta=st.floats(0.01, 0.5),
    beta=st.floats(0.0, 0.99),
    q=st.floats(0.05, 1.0),
    C=st.sampled_from(["RandK(2)", "QSGD(2)"]),
)
def test_many_rounds_are_the_recursion(problem, seed, theta, beta, q, C, relative_difference):
    params = METHOD.Params(0.1 / problem.L, theta, 0.3 / problem.L, beta, 0.2, q, C)
    draws = METHOD.draw(np.random.default_rng(seed), problem, params, 6)
    state = anywhere(problem, seed)
    expected = copied(state)
    METHOD.advance(problem.kernel, params, state, draws)
    for record in METHOD.unroll(draws):
        expected = round_of_the_paper(problem, params, expected, record["refresh"], record["w"], record["w"])
    for found, naive in zip(state, expected, strict=True):
        assert relative_difference(found, naive) < 1e-11


@given(seed=SEEDS, C=st.sampled_from(["RandK(1)", "RandK(2)", "Bernoulli(0.3)"]))
def test_independent_messages_have_the_same_expectation_of_V(seed, C):
    problem = problems.Quadratic.random(2, 3, 20.0, seed=1, basis="client")
    params = THEOREM.parameters(problem, C=C)
    state, target = anywhere(problem, seed), problem.solution()
    shared = 0.0
    for probability, outcome in METHOD.outcomes(problem, params):
        after = copied(state)
        METHOD.step(problem.kernel, params, after, outcome)
        shared += probability * THEOREM.lyapunov(problem, params, after, target)
    independent = 0.0
    listed = compressors.get(C).randomness(problem.d)
    pairs = [(p * q, (v, w)) for (p, v), (q, w) in product(listed, repeat=2)]
    for coin, side in ((1, params.q), (0, 1.0 - params.q)):
        for (p, first), (q, second) in product(pairs, repeat=2):
            after = round_of_the_paper(problem, params, state, coin, first, second)
            independent += side * p * q * THEOREM.lyapunov(problem, params, after, target)
    assert shared == pytest.approx(independent, rel=1e-11)


def test_a_client_computes_one_gradient_a_round_and_one_for_each_new_reference_point():
    problem = problems.Quadratic.random(3, 4, 20.0)
    params = THEOREM.parameters(problem, q=0.5)
    draws = METHOD.draw(np.random.default_rng(0), problem, params, 100)
    cost = METHOD.cost(problem, params, draws)
    assert cost.gradients == 100 + np.count_nonzero(draws.steps["refresh"])
    assert 100 < cost.gradients < 200
    assert cost.floats_up == 100 * 2 * 2

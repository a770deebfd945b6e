"""The contract that every method keeps, whatever it is: a new file in algorithms/ is tested here by being there."""

import ast
import copy
import inspect
import math
from pathlib import Path
from typing import get_args, get_type_hints

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa import algorithms, theory
from rootkappa.tests.suited import suited

pytestmark = pytest.mark.drawn(8, "name", "method")

METHODS = algorithms.names()


@pytest.fixture(params=METHODS)
def method(request):
    return algorithms.get(request.param)


def parameters(method, problem):
    return method.letters(theory.get(method.promise).parameters(problem))


def start_anywhere(method, problem, params, seed):
    """Return a state that the method could be in: its start, advanced along its own randomness."""
    state = method.start(problem, params)
    rng = np.random.default_rng(seed)
    method.advance(problem.kernel, params, state, method.draw(rng, problem, params, 3))
    return state


@pytest.mark.parametrize("name", METHODS)
@given(seed=st.integers(0, 2**32 - 1), rounds=st.integers(1, 12))
def test_advance_is_step_after_step(name, problem, seed, rounds, relative_difference):
    method = algorithms.get(name)
    problem = suited(method, problem)
    params = parameters(method, problem)
    draws = method.draw(np.random.default_rng(seed), problem, params, rounds)
    fast, slow = method.start(problem, params), method.start(problem, params)
    method.advance(problem.kernel, params, fast, draws)
    for outcome in method.unroll(draws):
        method.step(problem.kernel, params, slow, outcome)
    for quick, plain in zip(fast, slow, strict=True):
        assert relative_difference(quick, plain) < 1e-11


@pytest.mark.parametrize("name", METHODS)
@given(seed=st.integers(0, 2**32 - 1), rounds=st.integers(1, 60))
def test_invariants_hold_along_drawn_paths(name, problem, seed, rounds):
    method = algorithms.get(name)
    problem = suited(method, problem)
    params = parameters(method, problem)
    state = method.start(problem, params)
    method.advance(problem.kernel, params, state, method.draw(np.random.default_rng(seed), problem, params, rounds))
    size = max(np.abs(field).max() for field in state)
    for name_of_invariant, value in method.invariants(problem, params, state).items():
        assert np.abs(value).max() <= 1e-12 * size * rounds, name_of_invariant


def test_every_outcome_leaves_the_fixed_point_where_it_is(method, problem):
    problem = suited(method, problem)
    params = parameters(method, problem)
    theorem = theory.get(method.promise)
    if method.fixed_point is None:
        pytest.skip("no state stays under every outcome: pruning and compression move it")
    if theorem.noise(problem, params) > 0:
        pytest.skip("with noise the fixed point stays in the mean only, which the exact engine tests")
    target = theorem.target(problem, params)
    first = theorem.lyapunov(problem, params, method.start(problem, params), target)
    listed = method.outcomes(problem, params)
    draws = method.draw(np.random.default_rng(0), problem, params, 20)
    for outcome in [outcome for _, outcome in listed] if listed else method.unroll(draws):
        state = method.fixed_point(problem, params, target)
        assert theory.get(method.promise).lyapunov(problem, params, state, target) <= 1e-28 * first
        method.step(problem.kernel, params, state, outcome)
        assert theory.get(method.promise).lyapunov(problem, params, state, target) <= 1e-26 * first


@pytest.mark.parametrize("name", ["scaffnew", "proxskip_vr", "locodl", "nesterov"])
def test_sparse_features_make_the_path_of_dense_ones(name, dense_and_sparse, relative_difference):
    """Methods ask for local steps, gradients, those of components and a problem without its ridge, for nothing else."""
    method, ends = algorithms.get(name), []
    for problem in dense_and_sparse:
        params = parameters(method, dense_and_sparse[0])
        fast, slow = method.start(problem, params), method.start(problem, params)
        draws = method.draw(np.random.default_rng(0), problem, params, 20)
        method.advance(problem.kernel, params, fast, draws)
        for outcome in method.unroll(draws):
            method.step(problem.kernel, params, slow, outcome)
        ends += [fast, slow]
    for other in ends[1:]:
        for one, two in zip(ends[0], other, strict=True):
            assert relative_difference(one, two) < 1e-11


def test_the_outcomes_are_a_probability_distribution(method, problem):
    problem = suited(method, problem)
    probabilities = [q for q, _ in method.outcomes(problem, parameters(method, problem)) or [(1.0, None)]]
    assert min(probabilities) >= 0
    assert math.fsum(probabilities) == pytest.approx(1.0, abs=1e-14)


def test_step_and_advance_change_neither_problem_nor_randomness(method, problem):
    problem = suited(method, problem)
    params = parameters(method, problem)
    arrays = [field for field in problem.kernel if isinstance(field, np.ndarray)]
    before = [array.copy() for array in arrays]
    draws = method.draw(np.random.default_rng(0), problem, params, 4)
    kept = copy.deepcopy(draws)
    state = start_anywhere(method, problem, params, 1)
    method.advance(problem.kernel, params, state, draws)
    method.step(problem.kernel, params, state, method.unroll(draws)[0])
    np.testing.assert_array_equal(method.unroll(draws), method.unroll(kept))
    for array, old in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, old)


def test_the_lyapunov_function_is_0_at_the_fixed_point_only(method, problem):
    problem = suited(method, problem)
    params = parameters(method, problem)
    target = theory.get(method.promise).target(problem, params)
    if method.fixed_point is not None:
        assert (
            theory.get(method.promise).lyapunov(problem, params, method.fixed_point(problem, params, target), target)
            < 1e-25
        )
    assert (
        theory.get(method.promise).lyapunov(problem, params, start_anywhere(method, problem, params, 0), target) > 1e-6
    )


@given(rounds=st.integers(1, 50), cut=st.floats(0, 1))
def test_costs_of_parts_add_up(problem, rounds, cut):
    for name in METHODS:
        method = algorithms.get(name)
        here = suited(method, problem)
        params = parameters(method, here)
        draws = method.draw(np.random.default_rng(rounds), here, params, rounds)
        middle = int(cut * rounds)
        whole = method.cost(here, params, draws)
        parts = method.cost(here, params, draws[:middle]).plus(method.cost(here, params, draws[middle:]))
        assert whole == parts
        # A method that counts its gradients itself may leave some out, but none of a round's first steps.
        assert whole.gradients >= (rounds if hasattr(method.module, "gradients") else whole.iterations)
        # The same every round, unless it is drawn who hears whom.
        assert whole.floats_up % rounds == 0 or "deg" in params._fields
        # No code here spends more on a number than a float and the index of where it stands.
        assert whole.bits_up <= (64 + here.d.bit_length()) * whole.floats_up


def test_the_pace_is_that_of_the_drawn_rounds(method, problem):
    problem = suited(method, problem)
    params = parameters(method, problem)
    rounds = 4000
    steps = len(method.unroll(method.draw(np.random.default_rng(5), problem, params, rounds)))
    pace = method.pace(params)
    # A geometric length has a standard deviation below its mean: 6 of them err once in 10^9 runs.
    assert steps * pace.rounds == pytest.approx(rounds, rel=6 / np.sqrt(rounds))
    iterations = method.cost(problem, params, method.draw(np.random.default_rng(5), problem, params, rounds)).iterations
    assert iterations == pytest.approx(steps * pace.iterations)


def test_a_run_is_the_same_to_the_bit_whatever_is_recorded(method, problem):
    problem = suited(method, problem)
    params = parameters(method, problem)
    sparse = algorithms.run(method, problem, params, rounds=600, seed=4, record=3)
    dense = algorithms.run(method, problem, params, rounds=600, seed=4, record=np.arange(601))
    for a, b in zip(sparse.state, dense.state, strict=True):
        np.testing.assert_array_equal(a, b)
    both = np.isin(dense.column("round"), sparse.column("round"))
    np.testing.assert_array_equal(dense.column("lyapunov")[both], sparse.column("lyapunov"))


def test_the_docstring_names_the_source_and_every_letter_has_a_range(method):
    assert "(" in method.source
    assert method.summary.endswith(".")
    assert method.Params.__doc__.endswith(".")
    assert all(len(get_args(kind)) > 1 for kind in get_type_hints(method.Params, include_extras=True).values())
    body = ast.parse(inspect.getsource(method.State)).body[0].body[1:]
    kinds = [type(line) for line in body]
    assert kinds == [ast.AnnAssign, ast.Expr] * len(method.State._fields), "each field has its own docstring"


@pytest.mark.parametrize("name", METHODS)
def test_what_a_method_is_for_is_said_and_the_readme_has_it(name):
    assert algorithms.get(name).group
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    assert f"`{name}`" in readme

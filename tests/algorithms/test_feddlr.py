"""FedDLR: with all energy it is FedAvg, what is cut is bounded, and what is sent is counted as it is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa import algorithms, problems, theory

pytestmark = pytest.mark.drawn(4)

METHOD, FEDAVG = algorithms.get("feddlr"), algorithms.get("fedavg")
SEEDS = st.integers(0, 99)
_FLOATS = ("floats_up", "floats_down", "bits_up", "bits_down")


def quadratic(seed, dim=12):
    return problems.Quadratic.random(clients=4, dim=dim, kappa=30.0, seed=seed, basis="client")


def classes():
    """Return softmax regression of ten classes and twelve features."""
    rng = np.random.default_rng(4)
    features, weights = rng.standard_normal((120, 12)), rng.standard_normal((12, 3)) @ rng.standard_normal((3, 10))
    labels = (features @ weights + rng.gumbel(size=(120, 10))).argmax(axis=1)
    labels[:10] = np.arange(10)
    return problems.Softmax(features, labels, clients=4, kappa=100.0)


CLASSES = classes()


def run(problem, rounds, **letters):
    params = theory.get("feddlr").parameters(problem, **letters)
    return algorithms.run(METHOD, problem, params, rounds=rounds, record=np.arange(rounds + 1))


def fedavg(problem, rounds, K=5):
    return algorithms.run(FEDAVG, problem, FEDAVG.Params(1.0 / problem.L, K), rounds=rounds, record=2)


@pytest.mark.parametrize("problem", [quadratic(1), CLASSES], ids=lambda problem: problem.label.split()[0])
def test_with_all_energy_it_is_fedavg_to_the_bit_and_costs_as_much(problem):
    found, plain = run(problem, 20, p=1.0, q=1.0), fedavg(problem, 20)
    np.testing.assert_array_equal(found.model, plain.model)
    assert [found.last(name) for name in _FLOATS] == [plain.last(name) for name in _FLOATS]


def test_a_matrix_of_one_row_is_never_cut():
    problem = quadratic(2, dim=7)
    np.testing.assert_array_equal(run(problem, 20, p=0.5, q=0.5).model, fedavg(problem, 20).model)


@given(seed=SEEDS, p=st.floats(0.3, 0.999), q=st.floats(0.3, 0.999), rows=st.sampled_from([2, 3, 4, 6]))
def test_no_more_energy_is_cut_than_the_letters_say_and_some_is(seed, p, q, rows):
    state = run(quadratic(seed), 10, p=p, q=q, rows=rows).state
    assert (state.cut <= 1.0 - np.array([p, q])).all()
    assert (run(quadratic(seed), 10, p=0.4, q=0.4, rows=rows).state.cut > 0.05).all()


@given(seed=SEEDS, share=st.floats(0.3, 0.95))
def test_the_model_is_a_matrix_of_the_rank_that_the_server_has_sent(seed, share):
    trace = run(quadratic(seed), 10, p=share, q=share, rows=3)
    # Three rows and four columns: rank 1 is 7 numbers, and of any more rank all 12 travel.
    sent = np.diff(trace.column("floats_down"))
    assert set(sent) <= {7, 12}
    rank = np.linalg.matrix_rank(trace.model.reshape(3, 4), rtol=1e-10)
    assert (rank == 1) == (sent[-1] == 7)


@given(seed=SEEDS, share=st.floats(0.3, 1.0))
def test_what_is_sent_in_fact_is_no_more_than_what_is_declared(seed, share):
    problem = quadratic(seed)
    trace = run(problem, 8, p=share, q=share)
    for row in trace.rows:
        draws = METHOD.draw(np.random.default_rng(0), problem, trace.params, int(row[0]))
        declared = METHOD.cost(problem, trace.params, draws)
        assert all(trace.rows[int(row[0])][trace.columns.index(name)] <= getattr(declared, name) for name in _FLOATS)


def test_numbers_are_counted_of_the_client_that_sends_most_and_a_rank_with_them():
    trace = run(CLASSES, 12, p=0.9, q=0.8)
    assert trace.last("floats_up") == trace.state.up.max() < 12 * CLASSES.d
    assert trace.last("floats_down") == trace.state.down[0] < trace.last("floats_up")
    # Of ten rows the rank is one of eleven.
    assert trace.last("bits_up") == 64 * trace.last("floats_up") + 12 * 4
    assert trace.last("bits_down") == 64 * trace.last("floats_down") + 12 * 4
    assert (trace.column("floats_up")[0], trace.column("bits_up")[0]) == (0, 0)
    # Of each of thirty samples.
    assert trace.last("gradients") == 12 * trace.params.K * 30


def test_more_energy_is_closer_to_fedavg():
    plain = fedavg(CLASSES, 30).model
    away = [np.linalg.norm(run(CLASSES, 30, p=p, q=p).model - plain) for p in (0.7, 0.9, 0.99, 1.0)]
    assert sorted(away, reverse=True) == away
    assert away[-1] == 0.0 < away[-2]


@pytest.mark.parametrize(("letter", "value"), [("p", 0.0), ("q", 1.01), ("rows", 0), ("K", 0)])
def test_letters_out_of_range_are_refused(letter, value):
    with pytest.raises(problems.InputError, match=f"{letter} = .* is out of range: give "):
        run(quadratic(0), 1, **{letter: value})


def test_rows_that_make_no_matrix_are_refused():
    with pytest.raises(problems.InputError, match="rows = 5 do not divide d = 12: give a divisor of 12"):
        run(quadratic(0), 1, rows=5)

"""DisPFL: masks keep their size, dense models make it known methods, and what moves is what the paper says."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa import algorithms, problems, theory
from rootkappa.algorithms.parts import masks
from rootkappa.core.errors import InputError
from rootkappa.problems import Personal

pytestmark = pytest.mark.drawn(4)

METHOD, FEDAVG = algorithms.get("dispfl"), algorithms.get("fedavg")
SEEDS = st.integers(0, 99)
GROWTH = st.sampled_from(["gradient", "random"])
COUNTED = st.sampled_from(["new", "trained"])
GRAPHS = st.sampled_from(["alone", "complete", "peers", "regular", "ring"])


def private(seed, clients=5, dim=7):
    inner = problems.Quadratic.random(clients=clients, dim=dim, kappa=30.0, seed=seed, basis="client")
    return Personal(inner, private="all")


def params_of(problem, **letters):
    return theory.get("dispfl").parameters(problem, **letters)


def drawn(problem, params, seed, count):
    return METHOD.draw(np.random.default_rng(seed), problem, params, count)


def states(problem, params, seed, count):
    """Return the states from the start on, after each round."""
    state, draws = METHOD.start(problem, params), drawn(problem, params, seed, count)
    found = [METHOD.State(*(field.copy() for field in state))]
    for r in range(count):
        METHOD.advance(problem.kernel, params, state, draws[r : r + 1])
        found.append(METHOD.State(*(field.copy() for field in state)))
    return found


@given(seed=SEEDS, density=st.floats(0.01, 1.0), alpha=st.floats(0.0, 1.0), graph=GRAPHS, regrow=GROWTH, how=COUNTED)
def test_every_mask_keeps_as_many_coordinates_and_its_model_no_others(seed, density, alpha, graph, regrow, how):
    problem = private(seed)
    params = params_of(
        problem, density=density, alpha=alpha, graph=graph, regrow=regrow, counted=how, w=seed, T=6, deg=2
    )
    before, *after = states(problem, params, seed, 8)
    for state in after:
        assert (state.mask.sum(axis=1) == masks.kept(7, density)).all()
        assert set(np.unique(state.mask)) <= {0.0, 1.0}
        np.testing.assert_array_equal(state.trained, before.mask)
        assert not state.x[state.trained == 0.0].any()
        assert not state.z[state.trained == 0.0].any()
        before = state


@given(seed=SEEDS, K=st.integers(1, 6), eta=st.floats(0.1, 1.0))
def test_dense_and_with_all_hearing_all_it_is_fedavg_before_the_average(seed, K, eta):
    problem = private(seed)
    letters = {"density": 1.0, "graph": "complete", "decay": 1.0}
    params = params_of(problem, eta=eta, K=K, **letters)
    plain = FEDAVG.Params(gamma=eta, K=K)
    x = FEDAVG.start(problem.inner, plain)
    one = FEDAVG.draw(np.random.default_rng(0), problem.inner, plain, 1)
    for state in states(problem, params, seed, 9)[1:]:
        np.testing.assert_allclose(state.z, np.tile(x.x, (5, 1)), rtol=0, atol=1e-12)
        FEDAVG.advance(problem.inner.kernel, plain, x, one)
        np.testing.assert_allclose(state.x.mean(axis=0), x.x, rtol=0, atol=1e-12)


@given(seed=SEEDS, clients=st.integers(3, 7), K=st.integers(1, 5))
def test_dense_on_a_ring_it_is_gossip_with_equal_weights(seed, clients, K):
    problem = private(seed, clients=clients)
    params = params_of(problem, density=1.0, graph="ring", K=K, decay=1.0)
    W = sum(np.roll(np.eye(clients), shift, axis=1) for shift in (-1, 0, 1)) / 3.0
    X = np.zeros((clients, 7))
    for state in states(problem, params, seed, 9)[1:]:
        X = W @ X
        np.testing.assert_allclose(state.z, X, rtol=0, atol=1e-12)
        for _ in range(K):
            X = X - params.eta * problem.inner.gradients_at(X)
        np.testing.assert_allclose(state.x, X, rtol=0, atol=1e-12)


@given(seed=SEEDS)
def test_dense_and_alone_every_client_goes_to_its_own_minimum(seed):
    problem = private(seed)
    params = params_of(problem, density=1.0, graph="alone", decay=1.0)
    state = METHOD.start(problem, params)
    METHOD.advance(problem.kernel, params, state, drawn(problem, params, seed, 400))
    np.testing.assert_allclose(METHOD.model(state), problem.solution().x, rtol=0, atol=1e-10)


@given(seed=SEEDS, how=COUNTED, regrow=GROWTH, graph=GRAPHS)
def test_of_dense_models_neither_the_growth_nor_what_is_counted_matters(seed, how, regrow, graph):
    problem = private(seed)
    letters = {"density": 1.0, "graph": graph}
    usual = states(problem, params_of(problem, alpha=0.0, **letters), seed, 5)[-1]
    params = params_of(problem, alpha=1.0, counted=how, regrow=regrow, **letters)
    state, draws = METHOD.start(problem, params), drawn(problem, params_of(problem, alpha=0.0, **letters), seed, 5)
    METHOD.advance(problem.kernel, params, state, draws)
    for one, other in zip(usual, state, strict=True):
        np.testing.assert_array_equal(one, other)


@given(seed=SEEDS, graph=GRAPHS, regrow=GROWTH)
def test_masks_that_do_not_move_are_counted_alike_by_both(seed, graph, regrow):
    problem = private(seed)
    params = params_of(problem, alpha=0.0, graph=graph, regrow=regrow)
    trained, new = (states(problem, params._replace(counted=how), seed, 6)[-1] for how in ("trained", "new"))
    for one, other in zip(trained, new, strict=True):
        np.testing.assert_array_equal(one, other)


@given(seed=SEEDS, graph=GRAPHS, how=COUNTED)
def test_a_mean_is_over_those_who_have_the_coordinate(seed, graph, how):
    """Where nobody whom a client hears has a coordinate that it keeps, the model is 0 there."""
    problem = private(seed)
    params = params_of(problem, density=0.4, graph=graph, counted=how, w=seed, deg=2)
    draws = drawn(problem, params, seed, 4)
    found = states(problem, params, seed, 4)
    for r, (before, after) in enumerate(pairwise(found)):
        counted = before.trained if how == "trained" else before.mask
        for i in range(5):
            heard = [*np.flatnonzero(draws.ends["hears"].reshape(-1, 5, 5)[r, i]), i]
            for j in range(7):
                values = [before.x[h, j] for h in heard if counted[h, j]]
                expected = before.mask[i, j] * (sum(values) / len(values) if values else 0.0)
                assert after.z[i, j] == pytest.approx(expected, rel=1e-12, abs=1e-14)


@given(seed=SEEDS, alpha=st.floats(0.01, 1.0), T=st.integers(1, 12), regrow=GROWTH)
def test_as_many_move_as_the_cosine_says_and_none_from_round_T_on(seed, alpha, T, regrow):
    problem = private(seed, dim=12)
    params = params_of(problem, alpha=alpha, T=T, regrow=regrow, w=seed)
    found = states(problem, params, seed, T + 2)
    for t, (before, after) in enumerate(pairwise(found)):
        q = math.ceil(alpha / 2 * (1 + math.cos(math.pi * min(t / T, 1))) * 6)
        gone = (before.mask == 1.0) & (after.mask == 0.0)
        sizes = np.abs(after.x)
        for i in range(5):
            assert gone[i].sum() <= q
            # What was dropped and may have grown again is no larger than what stayed.
            least = np.sort(sizes[i][before.mask[i] == 1.0])[:q]
            assert sizes[i][gone[i]].max(initial=0.0) <= least.max(initial=0.0)
            if t >= T:
                assert not gone[i].any()


@given(seed=SEEDS, alpha=st.floats(0.1, 0.9))
def test_by_gradients_the_steepest_of_what_is_off_the_mask_grow(seed, alpha):
    problem = private(seed, dim=12)
    params = params_of(problem, alpha=alpha, regrow="gradient", w=seed)
    before, after = states(problem, params, seed, 1)
    q = math.ceil(alpha * 6)
    for i, g in enumerate(np.abs(problem.inner.gradients_at(after.x))):
        on = np.flatnonzero(before.mask[i])
        stayed = set(on[np.argsort(np.abs(after.x[i, on]), kind="stable")[q:]])
        free = [j for j in range(12) if j not in stayed]
        grown = [j for j in free if after.mask[i, j]]
        assert len(grown) == q
        assert min(g[grown]) >= max((g[j] for j in free if j not in grown), default=0.0)


def test_at_random_all_places_off_the_mask_are_as_likely():
    """With 4000 draws of 3 of 9 places a count leaves the interval of 5 deviations once in 10^6 runs."""
    problem = private(1, clients=2, dim=12)
    params = params_of(problem, alpha=0.5, deg=1)
    counts, rounds = np.zeros(12), 4000
    first = METHOD.start(problem, params)
    state = METHOD.State(*(field.copy() for field in first))
    one = drawn(problem, params, 0, rounds)
    for r in range(rounds):
        for field, begun in zip(state, first, strict=True):
            field[...] = begun
        METHOD.advance(problem.kernel, params, state, one[r : r + 1])
        counts += state.mask[0]
    free = counts < rounds
    assert free.sum() == 9
    assert np.abs(counts[free] - rounds / 3).max() <= 5 * math.sqrt(rounds * 2 / 9)


@given(seed=SEEDS, first=st.integers(1, 7))
def test_a_run_in_two_pieces_is_the_run_in_one(seed, first):
    problem = private(seed)
    params = params_of(problem, T=5)
    whole, pieces = METHOD.start(problem, params), METHOD.start(problem, params)
    draws = drawn(problem, params, seed, 8)
    METHOD.advance(problem.kernel, params, whole, draws)
    METHOD.advance(problem.kernel, params, pieces, draws[:first])
    METHOD.advance(problem.kernel, params, pieces, draws[first:])
    for one, other in zip(whole, pieces, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(("letters", "bits_of_places"), [({}, 10), ({"alpha": 0.0}, 0), ({"density": 0.2}, 8)])
def test_numbers_and_their_places_travel_to_each_neighbour(letters, bits_of_places):
    problem = private(0, dim=10)
    params = params_of(problem, graph="ring", K=3, **letters)
    kept = int(params.density * 10)
    trace = algorithms.run(METHOD, problem, params, rounds=25, record=2)
    assert trace.last("floats_up") == trace.last("floats_down") == 25 * 2 * kept
    assert trace.last("bits_up") == trace.last("bits_down") == 25 * 2 * (64 * kept + bits_of_places)
    # Of each of the ten components.
    assert trace.last("gradients") == 25 * 3 * 10
    by_gradients = algorithms.run(METHOD, problem, params._replace(regrow="gradient"), rounds=25, record=2)
    assert by_gradients.last("gradients") == 25 * 10 * (3 + (params.alpha > 0))


def test_a_client_keeps_and_sends_what_it_can_hold():
    problem = private(0, dim=10)
    params = params_of(problem, density=0.8, capacity="1,0.5,0.1,1,3", graph="ring", alpha=0.3)
    state = METHOD.start(problem, params)
    draws = drawn(problem, params, 0, 6)
    METHOD.advance(problem.kernel, params, state, draws)
    assert state.mask.sum(axis=1).tolist() == [8, 4, 1, 8, 8]
    told = METHOD.cost(problem, params, draws)
    # The last of the five hears the first and the fourth.
    assert (told.floats_up, told.floats_down) == (6 * 2 * 8, 6 * (8 + 8))
    assert told.bits_up == told.bits_down == 6 * 2 * (64 * 8 + 10)
    # The same for all is one density for all, to the bit.
    same = params_of(problem, density=0.8, capacity="0.5", alpha=0.3)
    states = [METHOD.start(problem, one) for one in (same, params_of(problem, density=0.4, alpha=0.3))]
    for one, half in zip(states, (same, same._replace(density=0.4, capacity="1")), strict=True):
        METHOD.advance(problem.kernel, half, one, drawn(problem, half, 0, 6))
    for one, other in zip(*states, strict=True):
        np.testing.assert_array_equal(one, other)


def test_where_peers_are_drawn_the_busiest_of_each_round_counts():
    problem = private(0, dim=10)
    params = params_of(problem)
    draws = drawn(problem, params, 3, 40)
    told = METHOD.cost(problem, params, draws)
    assert told.floats_down == 40 * 2 * 5
    assert told.floats_up == 5 * sum(max(hears.sum(axis=0)) for hears in draws.ends["hears"].reshape(-1, 5, 5))
    assert told.floats_up > told.floats_down


@pytest.mark.parametrize(
    ("letter", "value"),
    [("density", 0.0), ("alpha", 1.1), ("T", 0), ("deg", 0), ("w", -1), ("graph", "star"), ("regrow", "both")],
)
def test_letters_out_of_range_are_refused(letter, value):
    with pytest.raises(InputError, match=f"{letter} = .* is out of range: give |unknown {letter} "):
        params_of(private(0), **{letter: value})


@pytest.mark.parametrize(
    ("letters", "sentence"),
    [
        ({"deg": 5}, "deg = 5 neighbours do not fit n = 5 clients: give 1 <= deg <= 4."),
        ({"deg": 3, "graph": "regular"}, "give an even deg"),
    ],
)
def test_a_graph_that_there_is_not_is_refused(letters, sentence):
    problem = private(0)
    with pytest.raises(InputError, match=sentence):
        METHOD.start(problem, params_of(problem, **letters))


def test_it_refuses_what_clients_share():
    inner = private(0).inner
    for problem in (inner, Personal(inner, private=[1, 2])):
        with pytest.raises(InputError, match='private="all"'):
            METHOD.check(problem)

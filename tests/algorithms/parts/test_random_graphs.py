"""Graphs of rounds: who hears whom, in which law, and how busy the busiest are."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa.algorithms.parts import random_graphs
from rootkappa.algorithms.parts.random_graphs import hearing
from rootkappa.core.errors import InputError


def rng(seed=0):
    return np.random.default_rng(seed)


@given(seed=st.integers(0, 99), n=st.integers(2, 9), graph=st.sampled_from(random_graphs.names()), data=st.data())
def test_nobody_hears_itself_and_all_hear_as_many_as_are_asked_for(seed, n, graph, data):
    deg = data.draw(st.integers(1, n - 1).filter(lambda deg: n * deg % 2 == 0 or graph != "regular"))
    hears = hearing(rng(seed), graph, n, deg, 5)
    expected = {"alone": 0, "complete": n - 1, "peers": deg, "regular": deg, "ring": min(2, n - 1)}[graph]
    assert hears.shape == (5, n, n)
    assert set(np.unique(hears)) <= {0, 1}
    assert not np.einsum("rii", hears).any()
    assert (hears.sum(axis=2) == expected).all()
    if graph != "peers":
        np.testing.assert_array_equal(hears, hears.transpose(0, 2, 1))


def test_on_a_ring_everybody_hears_the_next_ones():
    np.testing.assert_array_equal(np.flatnonzero(hearing(rng(), "ring", 6, 1, 1)[0, 3]), [2, 4])


def test_the_same_generator_draws_the_same_graphs_and_another_others():
    for graph in ("peers", "regular"):
        one, same, other = (hearing(rng(seed), graph, 8, 3, 6) for seed in (1, 1, 2))
        np.testing.assert_array_equal(one, same)
        assert (one != other).any()
        assert any((one[0] != later).any() for later in one[1:])


def test_every_choice_of_peers_is_as_likely():
    """With 6000 draws of one of 6 pairs a count leaves the interval of 5 deviations once in 10^5 runs."""
    count = 6000
    hears = hearing(rng(4), "peers", 5, 2, count)[:, 1]
    pairs = list(combinations([0, 2, 3, 4], 2))
    counts = [int((hears[:, pair].sum(axis=1) == 2).sum()) for pair in pairs]
    assert sum(counts) == count
    assert np.abs(np.array(counts) - count / 6).max() <= 5 * math.sqrt(count * 5 / 36)


def test_every_edge_of_a_regular_graph_is_as_likely():
    """With 4000 graphs an edge, whose probability is 2/5, leaves the interval of 5 deviations once in 10^5 runs."""
    count = 4000
    edges = hearing(rng(5), "regular", 6, 2, count).mean(axis=0)
    off = ~np.eye(6, dtype=bool)
    assert np.abs(edges[off] - 0.4).max() <= 5 * math.sqrt(0.24 / count)


@pytest.mark.parametrize(("graph", "deg", "outcomes"), [("peers", 1, 3**4), ("peers", 2, 3**4), ("ring", 2, 1)])
def test_where_they_are_few_all_graphs_are_listed(graph, deg, outcomes):
    class Params:
        pass

    class Problem:
        n = 4

    Params.graph, Params.deg = graph, deg
    listed = random_graphs.Hearing().listed(Problem, Params)
    assert len({hears.tobytes() for _, hears in listed}) == len(listed) == outcomes
    assert math.fsum(q for q, _ in listed) == pytest.approx(1.0, abs=1e-14)
    assert {hearing(rng(seed), graph, 4, deg, 1)[0].astype(np.int64).tobytes() for seed in range(9)} <= {
        h.tobytes() for _, h in listed
    }
    Params.graph = "regular"
    Params.deg = 2
    assert random_graphs.Hearing().listed(Problem, Params) is None


@pytest.mark.parametrize(
    ("graph", "n", "deg", "sentence"),
    [
        ("peers", 1, 1, "clients = 1 is too few for anybody to hear others: give at least 2, or graph = 'alone'."),
        ("peers", 3, 3, "deg = 3 neighbours do not fit n = 3 clients: give 1 <= deg <= 2."),
        ("regular", 5, 3, "as their number is odd: give an even deg"),
    ],
)
def test_a_degree_that_there_is_not_gets_one_sentence(graph, n, deg, sentence):
    with pytest.raises(InputError, match=sentence):
        hearing(rng(), graph, n, deg, 1)


def test_alone_one_client_is_enough():
    assert not hearing(rng(), "alone", 1, 1, 2).any()

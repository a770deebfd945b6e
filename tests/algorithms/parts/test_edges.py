"""Who is at which edge, what is drawn for releases, and what passes a cut."""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa import problems
from rootkappa.algorithms.parts import edges, split
from rootkappa.problems import InputError
from rootkappa.tests.suited import softmax


class Letters(NamedTuple):
    k1: int = 3
    k2: int = 2
    edges: int = 2
    q: int = 1
    z: float = 1.0
    b: int = 100


PROBLEM = problems.Quadratic.random(clients=5, dim=3, kappa=10.0)


@given(n=st.integers(1, 60), data=st.data())
def test_every_client_is_at_one_edge_and_edges_are_as_even_as_can_be(n, data):
    count = data.draw(st.integers(1, n))
    firsts = [edges.first_of(e, count, n) for e in range(count + 1)]
    sizes = np.diff(firsts)
    assert (firsts[0], firsts[-1]) == (0, n)
    assert sizes.min() >= 1
    assert sizes.max() - sizes.min() <= 1


def test_each_release_has_a_word_of_its_own_and_none_without_noise():
    rng = np.random.default_rng(0)
    words = edges.Releases("z").draw(rng, PROBLEM, Letters(), 100)
    assert words.shape == (100, 2 * 5 + 2)
    assert len(np.unique(words)) == words.size
    assert words.min() >= 0
    assert not edges.Releases("z").draw(rng, PROBLEM, Letters(z=0.0), 3).any()
    assert edges.Releases("z").listed(PROBLEM, Letters()) is None
    ((chance, word),) = edges.Releases("z").listed(PROBLEM, Letters(z=0.0))
    assert chance == 1.0
    assert word.shape == (12,)


def test_a_round_is_as_long_as_all_its_local_steps():
    assert edges.ROUNDS.lengths(np.random.default_rng(0), Letters(), 4).tolist() == [6, 6, 6, 6]
    assert edges.ROUNDS.pace(Letters()) == (1.0, 6.0)


def test_more_edges_than_clients_are_refused():
    with pytest.raises(InputError, match="edges = 6 servers do not fit n = 5 clients: give 1 <= edges <= n"):
        edges.start(PROBLEM, Letters(edges=6))


def test_the_last_features_of_every_class_are_at_the_edge():
    problem = softmax(4)  # three classes, two features
    assert split.start(problem, Letters()).at_client.tolist() == [1, 0, 1, 0, 1, 0]
    assert split.start(problem, Letters(q=0)).at_client.tolist() == [1] * 6
    assert split.start(PROBLEM, Letters(q=2)).at_client.tolist() == [1, 0, 0]
    with pytest.raises(InputError, match="q = 3 features at the edge are more than all 2: give 0 <= q <= 2"):
        split.start(problem, Letters(q=3))


def test_across_the_cut_go_features_logits_and_slopes_and_the_clients_weights():
    problem = softmax(4)  # eight samples a client
    up, down = (way.length(problem, Letters()).floats for way in (split.SENDS.up, split.SENDS.down))
    assert up == 2 * (3 * 8 * (1 + 3) + 3)
    assert down == 2 * (3 * 8 * 3 + 3)
    few = split.SENDS.up.length(problem, Letters(b=3)).floats
    assert few == 2 * (3 * 3 * (1 + 3) + 3)
    cost = split.opening(problem, Letters())
    assert (cost.floats_up, cost.bits_up, cost.gradients) == (8, 8 * 2, 0)
    assert split.opening(PROBLEM, Letters()).bits_up == 0
    assert split.SENDS.up.length(PROBLEM, Letters()).floats == 2 * (3 * 1 + 2)
    assert split.SENDS.down.length(PROBLEM, Letters()).floats == 2 * (3 * 2 + 2)


def test_through_the_cloud_goes_a_model_of_every_edge_both_ways():
    assert edges.cloud_floats(PROBLEM, Letters()) == 12
    assert edges.cloud_floats(PROBLEM, Letters(), size=1) == 4

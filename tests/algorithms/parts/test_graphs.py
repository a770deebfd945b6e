import networkx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa.algorithms.parts.graphs import WEIGHTS, gossip, names
from rootkappa.problems import InputError

EVERY = st.builds(gossip, st.sampled_from(names()), st.integers(2, 24), st.sampled_from(WEIGHTS))


@given(network=EVERY)
def test_a_gossip_matrix_is_symmetric_and_doubly_stochastic(network):
    W = network.W
    assert (W == W.T).all()
    assert (W >= 0).all()
    np.testing.assert_allclose(W.sum(axis=1), 1.0, rtol=1e-14)
    assert (np.diag(W) > 0).all()


@given(network=EVERY)
def test_the_spectrum_is_that_of_the_matrix(network):
    n = len(network.W)
    spectrum = np.linalg.eigvalsh(np.eye(n) - network.W)
    assert abs(spectrum[0]) < 1e-12
    assert network.lambda_2 == pytest.approx(spectrum[1])
    assert network.lambda_2 > 1e-3
    assert spectrum[-1] == pytest.approx(network.norm)
    laplacian = np.eye(n) - network.W
    np.testing.assert_allclose(network.inverse @ laplacian, np.eye(n) - 1.0 / n, atol=1e-10)
    assert network.degree == max(np.count_nonzero(row) for row in network.W) - 1


@given(graph=st.sampled_from(names()), n=st.integers(2, 24))
def test_lazy_weights_have_no_negative_eigenvalue(graph, n):
    assert gossip(graph, n, "lazy").norm <= 1.0 + 1e-12
    assert gossip(graph, n, "lazy").norm == pytest.approx(gossip(graph, n).norm / 2.0)


def test_the_graphs_are_what_they_are_called():
    edges = {name: gossip(name, 12).W * (1 - np.eye(12)) for name in names()}
    drawn = {name: networkx.from_numpy_array(weights) for name, weights in edges.items()}
    assert all(networkx.is_connected(graph) for graph in drawn.values())
    degrees = {name: sorted(degree for _, degree in graph.degree()) for name, graph in drawn.items()}
    assert degrees["ring"] == [2] * 12
    assert degrees["star"] == [1] * 11 + [11]
    assert degrees["complete"] == [11] * 12
    assert degrees["expander"] == [4] * 12
    assert degrees["grid"] == [2] * 4 + [3] * 6 + [4] * 2
    np.testing.assert_allclose(gossip("complete", 5).W, 0.2, rtol=1e-15)


def test_a_drawn_graph_is_drawn_once():
    first = gossip("erdos_renyi", 15).W.copy()
    gossip.cache_clear()
    np.testing.assert_array_equal(gossip("erdos_renyi", 15).W, first)
    with pytest.raises(ValueError, match="read-only"):
        gossip("erdos_renyi", 15).W[0, 0] = 1.0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("rings", 5), "unknown graph 'rings': did you mean 'ring'"),
        (("ring", 5, "lasy"), "unknown weights 'lasy': did you mean 'lazy'"),
        (("ring", 1), "clients = 1 is too few for a graph"),
    ],
)
def test_what_is_no_graph_is_refused(arguments, words):
    with pytest.raises(InputError, match=words):
        gossip(*arguments)

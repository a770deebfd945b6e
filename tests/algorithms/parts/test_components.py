import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rootkappa.algorithms.parts.components import Components, Flips, SignedCoordinates, sizes
from rootkappa.problems import Logistic, Quadratic

SEEDS = st.integers(0, 2**32 - 1)


@st.composite
def uneven(draw):
    """Return a problem whose clients have different numbers of components, and these numbers."""
    rows, clients = draw(st.integers(4, 11)), draw(st.integers(1, 4))
    features = np.random.default_rng(rows).standard_normal((rows, 3))
    labels = np.where(np.arange(rows) % 2, 1, -1)
    return Logistic(features, labels, clients=clients, l2=0.1), rows


@given(drawn=uneven(), seed=SEEDS)
def test_every_client_samples_from_its_own_components(drawn, seed):
    problem, rows = drawn
    m = sizes(problem)
    assert m.sum() == rows
    assert np.ptp(m) <= 1
    samples = Components().draw(np.random.default_rng(seed), problem, None, 500)
    assert samples.shape == (500, problem.n)
    assert (samples >= 0).all()
    assert (samples < m).all()
    # A component of at most 11 is missed by 500 samples once in 10^20 times.
    assert (samples.max(axis=0) == m - 1).all()


@given(seed=SEEDS, n=st.integers(1, 5), d=st.integers(2, 5))
def test_signed_coordinates_are_coordinates_of_both_signs(seed, n, d):
    problem = Quadratic.random(clients=n, dim=d)
    where = SignedCoordinates().draw(np.random.default_rng(seed), problem, None, 1000)
    assert where.shape == (1000, n)
    assert (np.unique(where) == np.arange(-d, d)).all()


def test_coins_that_cannot_fall_otherwise_are_listed_on_one_side():
    problem = Quadratic.random(clients=2, dim=2)
    flips = Flips(lambda problem, params: np.array([1.0, 0.0]), "eta")
    ((probability, value),) = flips.listed(problem, None)
    assert (probability, value.tolist()) == (1.0, [True, False])
    assert (flips.draw(np.random.default_rng(0), problem, None, 50) == [True, False]).all()

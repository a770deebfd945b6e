"""A cohort of c clients, of which s send every coordinate."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa import algorithms
from rootkappa.algorithms.parts import cohorts
from rootkappa.problems import InputError, Quadratic

SEEDS = st.integers(0, 2**32 - 1)


@st.composite
def sizes(draw):
    n = draw(st.integers(2, 7))
    c = draw(st.integers(2, n))
    return n, c, draw(st.integers(2, c)), draw(st.integers(2, 9))


def masked(omega, s, n, d):
    """Return who sends what: coordinate j is sent from the places s j, ..., s j + s - 1 modulo c, shape (n, d)."""
    mask = np.zeros((n, d), dtype=bool)
    for j in range(d):
        mask[omega[(s * j + np.arange(s)) % len(omega)], j] = True
    return mask


@given(size=sizes(), seed=SEEDS)
def test_a_cohort_is_so_many_different_clients(size, seed):
    n, c, _, d = size
    problem, rng = Quadratic.random(clients=n, dim=d), np.random.default_rng(seed)
    orders = cohorts.Orders("c").draw(rng, problem, SimpleNamespace(c=c), 20)
    assert orders.shape == (20, c)
    assert all(len(set(order)) == c and set(order) <= set(range(n)) for order in orders.tolist())
    assert np.sort(cohorts.Orders().draw(rng, problem, None, 5), axis=1).tolist() == [list(range(n))] * 5


@given(size=sizes(), seed=SEEDS)
def test_every_coordinate_has_s_senders_and_nobody_sends_more_than_a_share(size, seed):
    n, c, s, d = size
    problem = Quadratic.random(clients=n, dim=d)
    mask = masked(np.random.default_rng(seed).permutation(n)[:c], s, n, d)
    assert (mask.sum(axis=0) == s).all()
    share = cohorts.Shares("s", "c").up.length(problem, SimpleNamespace(s=s, c=c))
    assert mask.sum(axis=1).max() == share.floats
    assert share.bits == 64 * share.floats


@given(size=sizes(), seed=SEEDS, chi=st.floats(0.1, 1.0))
@pytest.mark.parametrize("name", ["tamuna", "compressed_scaffnew"])
def test_the_average_is_that_of_the_senders_whose_control_variates_follow(name, size, seed, chi):
    n, c, s, d = size
    method, rng = algorithms.get(name), np.random.default_rng(seed)
    omega = rng.permutation(n)[: c if name == "tamuna" else n]
    letters = {"gamma": 0.5, "p": 0.3, "chi": chi, "s": s, "c": c}
    params = method.Params(**{letter: letters[letter] for letter in method.Params._fields})
    X, H, mean = rng.standard_normal((n, d)), rng.standard_normal((n, d)), np.empty(d)
    state, mask = method.State(X.copy(), H.copy()), masked(omega, s, n, d)
    cohorts.average_of_senders(params, state, omega, mean)
    expected = (mask * X).sum(axis=0) / s
    np.testing.assert_allclose(mean, expected, atol=1e-14)
    np.testing.assert_allclose(state.H, H + 0.3 * chi / 0.5 * mask * (expected - X), atol=1e-13)
    np.testing.assert_array_equal(state.X, X)


@pytest.mark.parametrize(
    ("s", "c"), [(1, 3), (0, 3), (4, 3), (2, 6)], ids=["one sender", "none", "more than the cohort", "more than all"]
)
def test_senders_and_cohorts_that_do_not_fit_are_refused(s, c):
    problem = Quadratic.random(clients=5, dim=3)
    with pytest.raises(InputError, match=f"s = {s} senders of a cohort of c = {c} do not fit n = 5 clients"):
        cohorts.start(problem, SimpleNamespace(s=s, c=c))


def test_one_client_shares_with_nobody():
    with pytest.raises(InputError, match="clients = 1 is too few"):
        cohorts.check(Quadratic.random(clients=1, dim=3))


@given(size=sizes(), seed=SEEDS)
def test_a_sample_of_clients_is_an_order_that_is_sorted(size, seed):
    n, c, _, d = size
    problem, letters = Quadratic.random(clients=n, dim=d), SimpleNamespace(c=c)
    found = cohorts.Sampled("c").draw(np.random.default_rng(seed), problem, letters, 20)
    rng = np.random.default_rng(seed)
    assert np.array_equal(found, np.sort(cohorts.Orders("c").draw(rng, problem, letters, 20), axis=1))
    listed = cohorts.Sampled("c").listed(problem, letters)
    assert sum(chance for chance, _ in listed) == pytest.approx(1.0, abs=1e-12)
    assert len({tuple(chosen) for _, chosen in listed}) == len(listed) == math.comb(n, c)
    if c == n:
        before = rng.bit_generator.state
        cohorts.Sampled("c").draw(rng, problem, letters, 5)
        assert rng.bit_generator.state == before

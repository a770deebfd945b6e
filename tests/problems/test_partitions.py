"""Every partition keeps every sample once and leaves no client empty."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rootkappa.core.errors import InputError
from rootkappa.problems import partitions

SEEDS = st.integers(0, 2**32)
ALPHAS = st.one_of(st.floats(0.01, 100.0), st.sampled_from([5e-324, 1e-300, 1e-12, 1e12, 1e300, 1.7e308]))


@st.composite
def cases(draw):
    """Labels of up to five classes, and a number of clients that they can serve."""
    labels = draw(st.lists(st.integers(-2, 2), min_size=1, max_size=80))
    return np.array(labels), draw(st.integers(1, len(labels)))


def check(ids, samples, clients):
    assert ids.shape == (samples,)
    assert ids.dtype == np.int64
    assert np.array_equal(np.unique(ids), np.arange(clients))


@settings(max_examples=100, deadline=None)
@given(case=cases(), seed=SEEDS, alpha=ALPHAS)
@pytest.mark.parametrize("name", partitions.NAMES)
def test_every_client_holds_samples_and_the_seed_decides(name, case, seed, alpha):
    labels, clients = case
    before = labels.copy()
    ids = partitions.assign(name, labels, clients, seed, alpha)
    check(ids, len(labels), clients)
    assert np.array_equal(ids, partitions.assign(name, labels, clients, seed, alpha))
    assert np.array_equal(labels, before)
    if name != "dirichlet":
        assert np.ptp(np.bincount(ids)) <= 1


@settings(max_examples=100, deadline=None)
@given(samples=st.integers(1, 500), data=st.data())
def test_contiguous_blocks_follow_each_other(samples, data):
    clients = data.draw(st.integers(1, samples))
    ids = partitions.contiguous(samples, clients)
    check(ids, samples, clients)
    assert np.all(np.diff(ids) >= 0)
    assert np.ptp(np.bincount(ids)) <= 1


@settings(max_examples=100, deadline=None)
@given(case=cases())
def test_by_label_sorts_the_samples_and_keeps_the_order_of_equals(case):
    labels, clients = case
    ids = partitions.by_label(labels, clients)
    # Read client by client, each in sample order within a label, the labels must come out sorted.
    order = np.lexsort((np.arange(len(labels)), labels, ids))
    assert np.all(np.diff(labels[order]) >= 0)
    for label in np.unique(labels):
        assert np.all(np.diff(ids[labels == label]) >= 0)


def test_by_label_takes_labels_that_are_words():
    assert partitions.by_label(["b", "a", "b", "a"], 2).tolist() == [1, 0, 1, 0]


@settings(max_examples=50, deadline=None)
@given(seed=SEEDS, clients=st.integers(1, 8))
def test_dirichlet_with_a_large_alpha_is_nearly_balanced(seed, clients):
    labels = np.repeat([-1, 1], [120, 200])
    ids = partitions.dirichlet(labels, clients, alpha=1e9, seed=seed)
    for label, count in ((-1, 120), (1, 200)):
        assert np.abs(np.bincount(ids[labels == label], minlength=clients) - count / clients).max() <= 1.5


@settings(max_examples=50, deadline=None)
@given(seed=SEEDS)
def test_dirichlet_with_a_small_alpha_puts_a_label_on_one_client(seed):
    labels = np.repeat([-1, 1], 100)
    ids = partitions.dirichlet(labels, 5, alpha=1e-9, seed=seed)
    # Three or four clients get one sample each by the repair, all other samples of a label stay together.
    for label in (-1, 1):
        assert np.bincount(ids[labels == label]).max() >= 96


def test_dirichlet_proportions_have_the_distribution_that_the_name_says():
    """The share of one client of k is Beta(alpha, (k - 1) alpha)."""
    labels, clients, alpha, draws = np.zeros(1000, dtype=int), 4, 0.7, 2000
    shares = [(partitions.dirichlet(labels, clients, alpha, seed) == 0).mean() for seed in range(draws)]
    variance = (1 / clients) * (1 - 1 / clients) / (clients * alpha + 1)
    assert np.mean(shares) == pytest.approx(1 / clients, abs=5 * np.sqrt(variance / draws))
    assert np.var(shares) == pytest.approx(variance, rel=0.15)


def test_seeds_and_partitions_draw_apart():
    labels = np.zeros(50, dtype=int)
    assert not np.array_equal(partitions.shuffled(50, 5, 0), partitions.shuffled(50, 5, 1))
    first, second = (partitions.dirichlet(labels, 5, 1.0, seed) for seed in (0, 1))
    assert not np.array_equal(first, second)


def test_as_many_clients_as_samples_give_each_client_one():
    ids = partitions.dirichlet(np.zeros(300, dtype=int), 300, alpha=1e-12, seed=3)
    assert np.array_equal(np.sort(ids), np.arange(300))


@settings(max_examples=100, deadline=None)
@given(case=cases(), seed=SEEDS)
def test_given_accepts_what_the_others_make(case, seed):
    labels, clients = case
    ids = partitions.shuffled(len(labels), clients, seed)
    back = partitions.assign(ids.astype(np.uint16), labels, clients)
    check(back, len(labels), clients)
    assert np.array_equal(back, ids)
    assert partitions.given(ids, len(ids), clients) is not ids


@pytest.mark.parametrize(
    ("ids", "clients", "sentence"),
    [
        ([0, 1], 2, "partition has 2 client ids for 3 samples"),
        ([0, 1, 2], 2, r"the client id 2, which is not in 0\.\.1"),
        ([0, -1, 1], 2, r"the client id -1, which is not in 0\.\.1"),
        ([-1, -1, -1], 2, "the client id -1"),
        ([0, 2, 0], 3, "leaves client 1 of"),
        ([1, 2, 1], 3, "leaves client 0 of"),
        ([0, 1, 0], 3, "leaves client 2 of"),
        ([0, 10**12, 0], 2, "the client id 1000000000000"),
        ([0.0, 1.0, 1.0], 2, "type float64"),
        ([True, False, True], 2, "type bool"),
        ([[0, 1, 0]], 2, r"shape \(1, 3\)"),
        ([[0], [1, 2], 0], 2, "is not an array of one dimension"),
        ([], 2, "type float64"),
        (np.array([], dtype=int), 2, "0 client ids for 3 samples"),
        (None, 2, "partition = None"),
    ],
)
def test_a_wrong_array_of_ids_is_refused(ids, clients, sentence):
    with pytest.raises(InputError, match=sentence):
        partitions.assign(ids, [1, -1, 1], clients)


@pytest.mark.parametrize("name", partitions.NAMES)
@pytest.mark.parametrize(
    ("clients", "sentence"),
    [
        (4, "clients = 4 is more than the 3 samples: .* at most clients = 3"),
        (0, "clients = 0 is not a count"),
        (-1, "clients = -1 is not a count"),
        (2.0, r"clients = 2\.0 is not a count"),
        (True, "clients = True is not a count"),
        (None, "clients = None is not a count"),
    ],
)
def test_a_wrong_number_of_clients_is_refused(name, clients, sentence):
    with pytest.raises(InputError, match=sentence):
        partitions.assign(name, [1, -1, 1], clients)


@pytest.mark.parametrize("alpha", [0, -1.0, np.nan, np.inf, "much", None])
def test_a_wrong_alpha_is_refused(alpha):
    with pytest.raises(InputError, match=r"alpha = .* is not a concentration: give a positive finite number"):
        partitions.dirichlet([1, -1, 1], 2, alpha, seed=0)


def test_other_wrong_arguments_are_refused():
    with pytest.raises(InputError, match="unknown partition 'dirichet': did you mean 'dirichlet'"):
        partitions.assign("dirichet", [1, -1], 2)
    with pytest.raises(InputError, match=r"labels has shape \(1, 2\)"):
        partitions.assign("by_label", [[1, -1]], 1)
    with pytest.raises(InputError, match="samples = 0 is not a count"):
        partitions.contiguous(0, 1)
    with pytest.raises(InputError, match="seed = -1"):
        partitions.shuffled(5, 2, -1)


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        (np.array([1, -1, 1j]), "labels is complex"),
        (np.array(["NaT", "2001", "2002"], dtype="M8[Y]"), "labels holds dates or durations"),
        (np.ma.array([1, -1, 1], mask=[True, False, False]), "labels has masked entries"),
        ([{}, [], 1], "labels is no array of numbers"),
        ([10**400, 1, 1], "labels holds an integer beyond the largest float"),
    ],
)
@pytest.mark.parametrize("name", ["by_label", "dirichlet"])
def test_labels_that_cannot_be_sorted_as_they_are_meant_are_refused(name, labels, sentence):
    with pytest.raises(InputError, match=f"^{sentence}"):
        partitions.assign(name, labels, 2, seed=0, alpha=0.5)


def test_labels_of_text_are_sorted_like_any_other():
    words = np.array(["b", "a", "b", "a"], dtype=object)
    assert np.array_equal(
        partitions.assign("by_label", words, 2, 0, 0.5), partitions.assign("by_label", [2, 1, 2, 1], 2, 0, 0.5)
    )

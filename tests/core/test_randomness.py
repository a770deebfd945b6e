"""A stream depends on the seed and on the name of its place, on nothing else."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa.core.randomness import generator
from rootkappa.problems import InputError

NAMES = st.text(st.characters(exclude_characters="\x1f", exclude_categories=["Cs"]), max_size=4)
AXES = st.lists(st.one_of(NAMES, st.integers()), max_size=4).map(tuple)


def bits(seed, *axes):
    return generator(seed, *axes).integers(0, 2**63, size=2).tolist()


def kind(axes):
    return [(type(axis), axis) for axis in axes]


@given(seed=st.integers(0, 2**80), first=AXES, second=AXES)
def test_a_stream_belongs_to_its_name(seed, first, second):
    alone = bits(seed, *first)
    other = bits(seed, *second)
    # Opened and used in the other order they are still the same.
    assert (bits(seed, *second), bits(seed, *first)) == (other, alone)
    assert (alone == other) == (kind(first) == kind(second))
    assert bits(seed + 1, *first) != alone


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("1",), (1,)),
        (("ab", "c"), ("a", "bc")),
        (("a", "b"), ("b", "a")),
        ((), ("",)),
        (("a",), ("a", "")),
        ((1, 23), (12, 3)),
        ((1,), (-1,)),
    ],
)
def test_names_that_look_alike_differ(first, second):
    assert bits(0, *first) != bits(0, *second)


def test_whole_numbers_of_every_kind_are_the_same():
    for kind_of in (np.int64, np.uint8, np.int32):
        assert bits(0, "rounds", kind_of(3)) == bits(0, "rounds", 3)
        assert bits(kind_of(5), "rounds") == bits(5, "rounds")


def test_streams_of_neighbours_are_not_correlated():
    draws = np.array([generator(0, "rounds", index).standard_normal(2000) for index in range(8)])
    correlation = np.corrcoef(draws) - np.eye(8)
    assert np.abs(correlation).max() <= 5 / np.sqrt(2000)


@pytest.mark.parametrize(
    "seed", [-1, 1.0, 1.5, True, "1", None, np.float64(2), np.timedelta64(2), [1], 2**128, 10**400]
)
def test_a_wrong_seed_is_refused(seed):
    with pytest.raises(InputError, match=r"^seed = .* cannot start a generator: give an integer from 0 to 2"):
        generator(seed, "place")

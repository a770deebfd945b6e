import numpy as np
import pytest

from rootkappa.core.checks import as_number, checked_array, checked_count, checked_kappa
from rootkappa.problems import InputError


def test_no_number_is_nan():
    assert (as_number("1e3"), as_number(2), as_number(np.float32(0.5))) == (1000.0, 2.0, 0.5)
    assert all(np.isnan(as_number(value)) for value in (None, "many", 1j, np.complex64(1 + 1j), [1.0, 2.0], {}))


@pytest.mark.parametrize("value", [1, np.int32(7), np.uint8(3)])
def test_counts_are_integers(value):
    assert checked_count("clients", value) == int(value)
    assert type(checked_count("clients", value)) is int


@pytest.mark.parametrize("value", [0, -1, True, np.True_, 2.0, "2", None])
def test_what_does_not_count_is_named(value):
    with pytest.raises(InputError, match="clients = "):
        checked_count("clients", value)


@pytest.mark.parametrize(("value", "words"), [("many", "is not a number"), (None, "is not a number"), (1.0, "above 1")])
def test_a_condition_number_is_above_1(value, words):
    with pytest.raises(InputError, match=words):
        checked_kappa(value)


def test_a_condition_number_fits_into_double_precision():
    assert checked_kappa("1e12") == 1e12
    for value in (1.1e12, np.inf):
        with pytest.raises(InputError, match="up to 1e"):
            checked_kappa(value)


def test_an_array_of_numbers_is_copied():
    given = np.ones((2, 2))
    found = checked_array("features", given)
    found[0, 0] = 5.0
    assert given[0, 0] == 1.0
    with pytest.raises(InputError, match="features is no array of numbers"):
        checked_array("features", [[1.0], [2.0, 3.0]])


def test_an_array_of_a_subclass_becomes_a_plain_one():
    for given in (np.array([[1.0, 2.0]]).view(np.matrix), np.ma.array([[1.0, 2.0]])):
        found = checked_array("features", given)
        assert type(found) is np.ndarray
        assert np.array_equal(found, [[1.0, 2.0]])


@pytest.mark.parametrize("value", [[1.0, 2j], np.ones(2, dtype=complex), np.ones(2, dtype=np.complex64)])
def test_no_imaginary_part_is_lost(value):
    with pytest.raises(InputError, match=r"^features is complex, .*: give real numbers\.$"):
        checked_array("features", value)


def test_no_mask_is_lost():
    with pytest.raises(InputError, match=r"^features has masked entries, .*: give it filled in, or without them\.$"):
        checked_array("features", np.ma.array([1.0, 2.0], mask=[False, True]))

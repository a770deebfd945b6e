from pathlib import Path

import numpy as np
import pytest

from rootkappa.core.checks import (
    as_list,
    as_number,
    checked_array,
    checked_count,
    checked_kappa,
    checked_names,
    checked_number,
    checked_values,
)
from rootkappa.problems import InputError


def test_no_number_is_nan():
    assert (as_number("1e3"), as_number(2), as_number(np.float32(0.5))) == (1000.0, 2.0, 0.5)
    wrong = (
        None,
        "many",
        1j,
        np.complex64(1 + 1j),
        np.array(1j),
        [1.0, 2.0],
        [1.0],
        np.ones(1),
        [[1.0], [1.0, 2.0]],
        {},
    )
    assert all(np.isnan(as_number(value)) for value in wrong)
    beyond = (10**400, -(10**5000), np.datetime64("2001"), np.timedelta64(1, "s"), np.datetime64("NaT"), np.ma.masked)
    assert all(np.isnan(as_number(value)) for value in beyond)


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


@pytest.mark.parametrize(
    "value",
    [
        [1.0, 2j],
        np.ones(2, dtype=complex),
        np.ones(2, dtype=np.complex64),
        np.array([1.0, 2j], dtype=object),
        np.array([1.0, np.complex64(2j)], dtype=object),
    ],
)
def test_no_imaginary_part_is_lost(value):
    with pytest.raises(InputError, match=r"^features is complex, .*: give real numbers\.$"):
        checked_array("features", value)


def test_no_mask_is_lost():
    with pytest.raises(InputError, match=r"^features has masked entries, .*: give it filled in, or without them\.$"):
        checked_array("features", np.ma.array([1.0, 2.0], mask=[False, True]))


@pytest.mark.parametrize("masked", [np.ma.masked, np.ma.array([1.0, 2.0], mask=[False, True])])
def test_no_mask_inside_a_list_is_lost(masked):
    for value in ([masked, masked], (np.ones(2), masked), [[1.0, 2.0], [[masked]]]):
        with pytest.raises(InputError, match=r"^features has masked entries"):
            checked_array("features", value)


@pytest.mark.parametrize(
    "value",
    [
        np.array(["NaT", "2001-01-01"], dtype="M8[D]"),
        np.array([1, 2], dtype="m8[s]"),
        [np.datetime64("2001-01-01"), np.datetime64("NaT")],
        np.array([1.0, np.timedelta64(1, "s")], dtype=object),
    ],
)
def test_no_date_is_a_number(value):
    with pytest.raises(InputError, match=r"^features holds dates or durations, .*: give real numbers\.$"):
        checked_array("features", value)


def test_a_record_is_no_number():
    with pytest.raises(InputError, match=r"^features holds records: give one of their fields"):
        checked_array("features", np.zeros(2, dtype=[("a", float)]))


@pytest.mark.parametrize("value", [[10**400, 1], [[1.0], [-(10**309)]], np.array([10**400], dtype=object)])
def test_an_integer_beyond_all_floats_is_refused(value):
    with pytest.raises(
        InputError, match=r"^features holds an integer beyond the largest float: rescale the numbers\.$"
    ):
        checked_array("features", value)


def test_what_becomes_infinite_is_the_callers_to_refuse_and_warns_of_nothing():
    longest = np.array([np.finfo(np.longdouble).max, 1.0], dtype=np.longdouble)
    assert checked_array("features", longest)[1] == 1.0


@pytest.mark.parametrize("digits", [12, 400, 5000])
def test_a_huge_integer_is_refused_whether_or_not_python_can_write_it(digits):
    checks = (
        lambda value: checked_kappa(10 * value),
        lambda value: checked_count("clients", value),
        lambda value: checked_number("lam", value**400, "a weight"),
    )
    for check in checks:
        with pytest.raises(InputError, match=r"kappa = |clients = |lam = ") as refused:
            check(10**digits)
        assert len(str(refused.value)) < 400


def test_one_thing_is_a_list_of_it():
    for one in ("ab", b"ab", Path("a"), 3, None, np.float64(0.5)):
        assert as_list(one) == [one]
    assert as_list(np.array(2.0)) == [np.array(2.0)]
    for several in (["a", "b"], ("a", "b"), {"a": 1, "b": 2}, iter("ab"), np.array(["a", "b"])):
        assert as_list(several) == ["a", "b"]


def test_names_and_values_that_are_none_are_refused():
    assert checked_names("methods", Path("a.py")) == ["a.py"]
    for wrong in (3, [["a"]], ["a", None]):
        with pytest.raises(InputError, match=r"^methods holds .*, which is no name"):
            checked_names("methods", wrong)
    assert checked_values("letters", {"p": 0.1, "C": "RandK(2)", "k": range(2)}) == {
        "p": [0.1], "C": ["RandK(2)"], "k": [0, 1],
    }  # fmt: skip
    with pytest.raises(InputError, match=r"^letters = \['p'\] is no mapping"):
        checked_values("letters", ["p"])
    with pytest.raises(InputError, match=r"^letters has no value of p: give one"):
        checked_values("letters", {"p": []})

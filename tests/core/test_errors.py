"""Names that are not known come back with what was probably meant."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa.core.errors import shown, unknown
from rootkappa.problems import InputError

METHODS = ["fedavg", "gradient_descent", "nesterov", "proxskip", "scaffnew", "scaffold"]


@pytest.mark.parametrize(
    ("name", "nearest"), [("scafnew", "scaffnew"), ("Nesterov", "nesterov"), ("proxskipp", "proxskip"), ("avg", "fed")]
)
def test_the_nearest_is_the_guess_and_all_are_listed_in_order(name, nearest):
    sentence = str(unknown("method", name, METHODS))
    assert sentence.startswith(f"unknown method {name!r}: did you mean '{nearest}")
    assert sentence.endswith(f"Known are {', '.join(METHODS)}.")


def test_capitals_do_not_part_the_list():
    """Whatever order the names come in, as those of claims that files are found by."""
    sentence = str(unknown("letter", "x", iter(["p", "K", "gamma", "C_s", "C"])))
    assert sentence.endswith("Known are C, C_s, gamma, K, p.")


@pytest.mark.parametrize("name", [3, None, ["fedavg"], 1j, {}])
def test_what_is_no_name_is_not_compared_with_names(name):
    sentence = str(unknown("method", name, METHODS))
    assert sentence == f"unknown method {name!r}: Known are {', '.join(METHODS)}."


def test_nothing_near_means_no_guess():
    sentence = str(unknown("method", "xyz", METHODS))
    assert "did you mean" not in sentence
    assert all(name in sentence for name in METHODS)


@given(name=st.text(max_size=8), valid=st.sets(st.text("abc", min_size=1, max_size=5), min_size=1, max_size=8))
def test_every_valid_name_is_listed_once(name, valid):
    error = unknown("data set", name, iter(valid))
    assert isinstance(error, InputError)
    assert isinstance(error, ValueError)
    known = str(error).rsplit("Known are ", 1)[1].removesuffix(".").split(", ")
    assert sorted(known) == sorted(valid)


@given(value=st.one_of(st.text(), st.floats(), st.lists(st.integers())))
def test_a_value_is_shown_as_it_is_written_and_cut_where_it_is_long(value):
    assert shown(value) == repr(value) if len(repr(value)) <= 200 else shown(value) == repr(value)[:199] + "…"


def test_what_python_refuses_to_write_is_described():
    assert shown(-(10**5000)) == "an integer of 16610 bits"
    for value in (10**4000, [10**5000], {1: 10**5000}):
        assert 0 < len(shown(value)) <= 200
    assert shown(np.eye(2)) == "array([[1., 0.], [0., 1.]])"

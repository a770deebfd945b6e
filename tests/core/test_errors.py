"""Names that are not known come back with what was probably meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa.core.errors import unknown
from rootkappa.problems import InputError

METHODS = ["fedavg", "gradient_descent", "nesterov", "proxskip", "scaffnew", "scaffold"]


@pytest.mark.parametrize(
    ("name", "nearest"), [("scafnew", "scaffnew"), ("Nesterov", "nesterov"), ("proxskipp", "proxskip"), ("avg", "fed")]
)
def test_the_nearest_comes_first(name, nearest):
    sentence = str(unknown("method", name, METHODS))
    assert sentence.startswith(f"unknown method {name!r}: did you mean '{nearest}")
    known = sentence.split("Known are ")[1].removesuffix(".").split(", ")
    assert known[0].startswith(nearest)
    assert sorted(known) == METHODS


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

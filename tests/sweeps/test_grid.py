"""Grids of numbers are read as they are written."""

import math
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rootkappa.core.errors import InputError
from rootkappa.sweeps.grid import numbers

finite = st.floats(allow_nan=False, allow_infinity=False)
positive = st.floats(1e-12, 1e12)
ENDS = st.tuples(positive, positive).map(sorted)


@given(values=st.lists(finite, min_size=1, max_size=6))
def test_a_list_comes_back_to_the_bit(values):
    assert list(map(float.hex, numbers("p", ",".join(map(repr, values))))) == list(map(float.hex, values))


@given(ends=ENDS, count=st.integers(1, 50))
def test_a_logarithmic_grid_keeps_its_ends_and_its_ratio(ends, count):
    low, high = ends
    assume(low / high < 0.999)
    values = numbers("kappa", f"{low!r}:{high!r}:{count}")
    assert len(values) == count
    assert values[0] == low
    if count > 1:
        assert values[-1] == high
        ratios = np.diff(np.log(values))
        np.testing.assert_allclose(ratios, math.log(high / low) / (count - 1), rtol=1e-6, atol=1e-12)
        assert (np.diff(values) > 0).all()


@given(ends=ENDS, count=st.integers(1, 50))
def test_a_grid_that_falls_is_told_how_it_is_written(ends, count):
    low, high = ends
    assume(low < high)
    with pytest.raises(InputError, match="falls: give the lower end first, as in ") as refused:
        numbers("kappa", f"{high!r}:{low!r}:{count}")
    assert numbers("kappa", str(refused.value).removesuffix(".").split("as in ")[1])[0] == low


@given(ends=ENDS, count=st.integers(1, 50))
def test_a_grid_written_out_is_the_same_grid(ends, count):
    low, high = ends
    values = numbers("kappa", f"{low!r}:{high!r}:{count}")
    assert numbers("kappa", ",".join(map(repr, values))) == values
    assert numbers("kappa", f" {low!r} : {high!r} : {float(count)!r} ") == values


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "holds ''"),
        ("1,,2", "holds ''"),
        ("1e2:x:3", "holds 'x'"),
        ("nan", "holds 'nan'"),
        ("1:inf:3", "holds 'inf'"),
        ("1e999", "holds '1e999'"),
        ("1:2", "write low:high:count"),
        ("1:2:3:4", "write low:high:count"),
        ("1:2:0", "whole count from 1 to"),
        ("1:2:-1", "whole count from 1 to"),
        ("1:2:2.5", "whole count from 1 to"),
        ("1:2:1e12", "whole count from 1 to"),
        ("0:2:3", "two ends above 0"),
        ("1:-2:3", "two ends above 0"),
    ],
)
def test_what_is_no_grid_gets_one_sentence(text, words):
    with pytest.raises(InputError) as error:
        numbers("kappa", text)
    message = str(error.value)
    assert message.startswith(f"kappa = {text!r} ")
    assert words in message
    assert message.endswith(".")
    assert "\n" not in message


@given(text=st.text("0123456789.:,-e x", max_size=12))
def test_any_text_is_a_grid_or_gets_a_sentence(text):
    with suppress(InputError):
        values = numbers("kappa", text)
        assert values
        assert np.isfinite(values).all()

"""Formulas: any text has a value or one sentence, and a value is what Python itself makes of it."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa.core.errors import InputError
from rootkappa.core.expression import FUNCTIONS, read

LETTERS = {"kappa": 100.0, "eps": 1e-6, "p": 0.1, "n": 10.0}

# Texts that look like formulas, and what a formula is not.
PIECES = [
    *LETTERS, *FUNCTIONS, "1", "0", "2.5", "1e400", "9" * 400, "+", "-", "*", "/", "**", "^", "(", ")", ",", " ", "κ",
    "ε", "µ", "__import__('os')", "lambda: 0", "[1]", "p.real", "p if n else 1", "'a'", "True", "1j", "\0", "\udcff",
    "\n", "#", "sqrt", "log(0)", "(-1)**0.5", "9**9**9", ":=", "=", "is", "1if", "()", "_", "f''", "...",
]  # fmt: skip
texts = st.one_of(st.lists(st.sampled_from(PIECES), max_size=12).map("".join), st.text(max_size=20))


def found(text):
    """Return the value of a formula, or the sentence of the error."""
    try:
        return read("rate", text, LETTERS).value(LETTERS)
    except InputError as error:
        return str(error)


@given(texts)
def test_any_text_is_a_number_or_one_sentence(text):
    told = found(text)
    assert math.isfinite(told) if isinstance(told, float) else re.fullmatch(r"rate = [^\n]+\.", told)


def formulas():
    """Formulas beside what they are, built together from the same parts."""
    numbers = st.floats(0.01, 100.0).map(lambda value: (repr(value), value))
    named = st.sampled_from(list(LETTERS.items()))

    def larger(parts):
        pair = st.tuples(parts, parts)
        return st.one_of(
            pair.map(lambda ab: (f"({ab[0][0]}) + ({ab[1][0]})", ab[0][1] + ab[1][1])),
            pair.map(lambda ab: (f"({ab[0][0]}) - ({ab[1][0]})", ab[0][1] - ab[1][1])),
            pair.map(lambda ab: (f"({ab[0][0]})*({ab[1][0]})", ab[0][1] * ab[1][1])),
            pair.map(lambda ab: (f"min({ab[0][0]}, {ab[1][0]})", min(ab[0][1], ab[1][1]))),
            pair.map(lambda ab: (f"max({ab[0][0]}, {ab[1][0]})", max(ab[0][1], ab[1][1]))),
            parts.map(lambda a: (f"-({a[0]})", -a[1])),
            parts.map(lambda a: (f"({a[0]})**2", math.pow(a[1], 2.0))),
            parts.map(lambda a: (f"sqrt(({a[0]})^2)", math.sqrt(math.pow(a[1], 2.0)))),
            parts.map(lambda a: (f"log(1 + ({a[0]})**2)", math.log(1.0 + math.pow(a[1], 2.0)))),
        )

    return st.recursive(st.one_of(numbers, named), larger, max_leaves=6)


@given(formulas())
def test_a_formula_is_what_its_parts_make(formula):
    text, expected = formula
    if len(text) <= 250 and math.isfinite(expected):
        assert read("rate", text, LETTERS).value(LETTERS) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 - 1/kappa", 0.99),
        ("1 - 1/κ", 0.99),
        ("sqrt(kappa)*log(1/ε)", 10.0 * math.log(1e6)),
        ("2^3^2", 512.0),
        ("-p**2", -(0.1**2)),
        ("8/4/2", 1.0),
        ("2 - 1 - 1", 0.0),
        (0.5, 0.5),
        ("(" * 100 + "1" + ")" * 100, 1.0),
        ("1e-3", 1e-3),
    ],
)
def test_a_formula_is_read_as_it_is_in_papers(text, expected):
    assert read("rate", text, LETTERS).value(LETTERS) == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("1 - 1/cappa", "holds 'cappa', which is no letter here: take kappa, eps, p, n."),
        ("__import__('os')", "holds \"__import__('os')\": write numbers, letters, "),
        ("kappa.real", "holds 'kappa.real'"),
        ("log(kappa, 2)", "holds log of 2 numbers"),
        ("log(kappa - 100)", "is no finite number at kappa = 100"),
        ("1/0", "is no finite number as it stands"),
        ("(0-1)**0.5", "is no finite number as it stands"),
        ("9**9**9", "is no finite number"),
        ("2 kappa", "is no formula: write one such as 1 - 1/kappa, with * between factors."),
        ("", "is no formula of at most 300 characters"),
        ("-" * 60 + "1", "holds more parentheses than anybody reads"),
        ("1" * 301, "is no formula of at most 300 characters"),
        (True, "holds 'True'"),
    ],
)
def test_what_is_no_formula_gets_a_sentence(text, told):
    assert told in found(text)


@pytest.mark.parametrize(
    ("text", "scale", "rest"),
    [
        ("0.9*sqrt(kappa)*log(1/eps)", 0.9, "sqrt(kappa)*log(1/eps)"),
        ("2 * kappa + 1", 1.0, "2 * kappa + 1"),
        ("kappa*2", 1.0, "kappa*2"),
        ("0.5", 1.0, "0.5"),
        ("(2*kappa)*n", 1.0, "(2*kappa)*n"),
    ],
)
def test_the_number_in_front_is_told_apart(text, scale, rest):
    stated = read("rounds", text, LETTERS)
    assert (stated.scale, stated.rest) == (scale, rest)
    assert stated.scale * read("rounds", rest, LETTERS).value(LETTERS) == pytest.approx(stated.value(LETTERS))

"""A letter is set in one way, long or short, and its values are read as they are written."""

import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa import algorithms
from rootkappa.core.errors import InputError
from rootkappa.sweeps.letters import check_letters, read, value, values

EVERY = sorted({letter for name in algorithms.names() for letter in algorithms.get(name).Params._fields})
# What a shell hands over as a value: not empty, and no option.
texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12).filter(lambda text: not text.startswith("--"))
settings = st.dictionaries(st.sampled_from(EVERY), texts, max_size=4)


def one_sentence(error, *words):
    message = str(error.value)
    assert message.endswith(".")
    assert "\n" not in message
    for word in words:
        assert word in message


@given(letters=settings, forms=st.lists(st.sampled_from(["long", "short", "joined"]), min_size=4, max_size=4))
def test_all_forms_say_the_same(letters, forms):
    words, assignments = ["adiana"], []
    names = list(algorithms.names())
    for (letter, text), form in zip(letters.items(), forms, strict=False):
        if form == "long":
            assignments.append(f"{letter}={text}")
        else:
            words += [f"--{letter}={text}"] if form == "joined" else [f"--{letter}", text]
    methods, found = read([*words, *names], assignments)
    assert methods == ["adiana", *names]
    assert found == letters


@pytest.mark.parametrize("letter", EVERY)
def test_every_letter_of_the_methods_has_a_short_form(letter):
    owners = [name for name in algorithms.names() if letter in algorithms.get(name).Params._fields]
    assert read([owners[0], f"--{letter}", "1"])[1] == {letter: "1"}
    for name in set(algorithms.names()) - set(owners):
        with pytest.raises(InputError) as error:
            read([name, f"--{letter}", "1"])
        one_sentence(error, f"No such option '--{letter}'", f"letters of {name} are")


@pytest.mark.parametrize(
    ("words", "assignments", "said"),
    [
        (["scaffnew", "--gama", "1"], [], ["No such option '--gama'", "did you mean '--gamma'", "gamma, p"]),
        (["--exat", "scaffnew"], [], ["No such option '--exat'", "did you mean '--exact'"]),
        (["scaffnew", "-x"], [], ["No such option '-x'"]),
        (["scaffnew", "-p", "1"], [], ["No such option '-p'"]),
        (["--sloppy"], [], ["No such option '--sloppy'"]),
        (["scaffnew", "--", "1"], [], ["No such option '--'"]),
        (["scaffnew", "--p"], [], ["'p=' gives no letter a value"]),
        (["scaffnew", "--p", "--gamma", "1"], [], ["'p=' gives no letter a value"]),
        (["scaffnew", "--p="], [], ["'p=' gives no letter a value"]),
        (["scaffnew"], ["p"], ["'p' gives no letter a value"]),
        (["scaffnew"], ["p="], ["'p=' gives no letter a value"]),
        (["scaffnew"], ["=1"], ["'=1' gives no letter a value"]),
        (["scaffnew", "--p", "1"], ["p=2"], ["p is given twice, as 1 and as 2"]),
        (["scaffnew", "--p", "1", "--p=1"], [], ["p is given twice"]),
        (["scaffnew"], ["p=1", "p=2"], ["p is given twice"]),
        (["scafnew", "--p", "1"], [], ["unknown method 'scafnew'", "did you mean 'scaffnew'"]),
    ],
)
def test_what_sets_nothing_gets_one_sentence(words, assignments, said):
    with pytest.raises(InputError) as error:
        read(words, assignments, ["--exact"])
    one_sentence(error, *said)


@given(words=st.lists(st.sampled_from(["scaffnew", "--p", "0.1", "--set", "-p", "--gamma=1", "--K", "-1", "="])))
def test_any_words_are_read_or_get_a_sentence(words):
    with suppress(InputError):
        methods, letters = read(words)
        assert set(methods) <= {"scaffnew"}
        # Where no method is named, as in "--K scaffnew", any method's letter may be set.
        assert set(letters) <= ({"p", "gamma"} if methods else {"p", "gamma", "K"})


@given(number=st.integers() | st.floats(allow_nan=False))
def test_a_number_comes_back_as_what_it_is(number):
    found = value(repr(number))
    assert type(found) is type(number)
    assert found == number
    assert math.copysign(1.0, found) == math.copysign(1.0, number)


def test_what_is_no_number_is_text():
    for text in ("RandK(2)", "ring", "x", "1,2", "[1]", "None", "True"):
        assert value(text) == text


@given(numbers=st.lists(st.integers() | st.floats(allow_nan=False, allow_infinity=False), min_size=1, unique_by=float))
def test_a_list_comes_back_as_it_was(numbers):
    assert list(map(repr, values("p", ",".join(map(repr, numbers))))) == list(map(repr, numbers))


def test_commas_inside_a_compressor_part_no_values():
    assert values("C", "QSGD(4, 2), RandK(2),TopK(1)") == ["QSGD(4, 2)", "RandK(2)", "TopK(1)"]
    assert values("K", "1:100:3") == [1, 10, 100]
    assert values("p", "1e-2:1:3") == [0.01, pytest.approx(0.1), 1.0]
    assert values("K", "1:8:3") == [1, pytest.approx(8**0.5), 8]
    assert values("k", "2,1,2") == [2, 1]


@pytest.mark.parametrize("text", ["1,,2", ",", " ", "1:2", "1:x:3", "0:1:3", "RandK(2),"])
def test_what_is_no_grid_of_a_letter_gets_one_sentence(text):
    with pytest.raises(InputError) as error:
        values("k", text)
    one_sentence(error, f"k = {text!r}")


@given(text=st.text(max_size=12))
def test_any_text_is_values_or_gets_a_sentence(text):
    with suppress(InputError):
        assert values("k", text)


def test_a_letter_that_no_method_has_is_refused_with_those_they_have():
    methods = {"scaffnew": ("gamma", "p"), "fedavg": ("gamma", "K")}
    check_letters(["p", "K"], methods)
    with pytest.raises(InputError) as error:
        check_letters(["gama"], methods)
    one_sentence(error, "unknown letter of scaffnew and fedavg 'gama': did you mean 'gamma'?", "K", "p")

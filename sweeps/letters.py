"""The letters of methods as a user writes them: ``--set p=0.1`` or ``--p 0.1``, and in a sweep a grid of values."""

import math
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from itertools import accumulate

from ..algorithms.driver.method import find, names
from ..core.errors import InputError, unknown
from .grid import numbers

#: What a letter may stand for: a number, or the text of a compressor or of a graph.
Value = int | float | str
# More methods than these are not named in an error.
_FEW = 3
# What Greek letters are called as parameters where it is not as Unicode calls them.
_SPELLED = {"lamda": "lam"}


def spelled(name: str) -> str:
    """Return a name with its Greek letters written out, as the parameters of methods are.

    Examples
    --------
    >>> spelled("γ"), spelled("λ"), spelled("p")
    ('gamma', 'lam', 'p')
    """
    greek = (unicodedata.name(mark, "").removeprefix("GREEK SMALL LETTER ").lower() for mark in name)
    return "".join(
        _SPELLED.get(word, word) if "α" <= mark <= "ω" else mark for mark, word in zip(name, greek, strict=True)
    )


def read(
    words: Iterable[str], assignments: Iterable[str] = (), options: Collection[str] = ()
) -> tuple[list[str], dict[str, str]]:
    """Return the methods on a command line, and the text of each letter.

    Parameters
    ----------
    words : iterable of str
        Methods, and letters in their short form: ``--p 0.1`` or ``--p=0.1``.
    assignments : iterable of str
        Letters in their long form: ``p=0.1``.
    options : collection of str
        What else begins with dashes in this command, for the error about something that is none of it.

    Raises
    ------
    InputError
        If a method is unknown, none of the methods has a letter in its short form, or a letter is given twice or
        without a value.

    Examples
    --------
    >>> read(["scaffnew", "--p", "0.1"], ["gamma=1"])
    (['scaffnew'], {'p': '0.1', 'gamma': '1'})
    """
    methods: list[str] = []
    short: list[tuple[str, str]] = []
    rest = list(words)[::-1]
    while rest:
        word = rest.pop()
        name, equals, text = word.partition("=")
        name = f"--{spelled(name[2:])}" if name.startswith("--") else name
        if not word.startswith("-"):
            methods.append(word)
        elif not word.startswith("--"):
            raise InputError(f"No such option {name!r}: a letter is set with two dashes, as in --p 0.1.")
        elif equals:
            short.append((name, text))
        else:
            short.append((name, rest.pop() if rest and not rest[-1].startswith("--") else ""))
    own = {name: find(name).Params._fields for name in methods or names()}
    known = {f"--{letter}" for letters in own.values() for letter in letters}
    for name, _ in short:
        if name not in known:
            near = get_close_matches(name[2:], [option[2:] for option in (*options, *sorted(known))], n=1)
            hint = f"did you mean '--{near[0]}'? The" if near else "the"
            raise InputError(f"No such option {name!r}: {hint} letters of {_called(methods)} are {_listed(known)}.")
    letters: dict[str, str] = {}
    for assignment in (*(f"{name[2:]}={text}" for name, text in short), *assignments):
        letter, _, text = assignment.partition("=")
        letter = spelled(letter)
        if not (letter and text):
            raise InputError(f"{assignment!r} gives no letter a value: write one with it, as in k=3 or C=RandK(2).")
        if letter in letters:
            raise InputError(f"{letter} is given twice, as {letters[letter]} and as {text}: give it once.")
        letters[letter] = text
    return methods, letters


def _called(methods: Collection[str]) -> str:
    return " and ".join(methods) if 0 < len(methods) <= _FEW else "the methods"


def _listed(known: Iterable[str]) -> str:
    return ", ".join(sorted(option.removeprefix("--") for option in known))


def value(text: str) -> Value:
    """Return what a text stands for: a whole number, a number, or else the text itself.

    Examples
    --------
    >>> value("3"), value("1e-2"), value("RandK(2)")
    (3, 0.01, 'RandK(2)')
    """
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text.strip()


def values(letter: str, text: str) -> list[Value]:
    """Return the values of a grid.

    Parameters
    ----------
    letter : str
        Whose values they are, for the error.
    text : str
        One value, several with commas between them, or ``low:high:count``, spaced evenly in the logarithm. A comma
        inside parentheses belongs to a compressor.

    Raises
    ------
    InputError
        If a value is empty or the grid is none.

    Examples
    --------
    >>> values("k", "1,2,5"), values("K", "1:8:4"), values("C", "RandK(2),QSGD(4, 2)")
    ([1, 2, 5], [1, 2, 4, 8], ['RandK(2)', 'QSGD(4, 2)'])
    """
    if ":" in text:
        grid = numbers(letter, text)
        is_whole = all(isinstance(value(end), int) for end in text.split(":")[:2])
        # Logarithms are rounded: between whole ends the 4 of 1:8:4 need not come out as a 4.
        near = [round(number) if is_whole and math.isclose(number, round(number)) else number for number in grid]
        return list(dict.fromkeys(near))
    depths = accumulate((character in "([") - (character in ")]") for character in text)
    parts = "".join("\0" if mark == "," and depth == 0 else mark for mark, depth in zip(text, depths, strict=True))
    found = [value(part) for part in parts.split("\0")]
    if "" in found:
        raise InputError(f"{letter} = {text!r} holds an empty value: write one value, or several as in 1,2,5.")
    return list(dict.fromkeys(found))


def check_letters(letters: Collection[str], methods: Mapping[str, Collection[str]]) -> None:
    """Refuse a letter that none of the methods has.

    Parameters
    ----------
    letters : collection of str
        What the user has set.
    methods : mapping of str to collection of str
        The letters of each method.

    Raises
    ------
    InputError
        If there is such a letter.

    Examples
    --------
    >>> check_letters(["p"], {"fedavg": ["gamma", "K"], "scaffnew": ["gamma", "p"]})
    """
    known = {letter for own in methods.values() for letter in own}
    for letter in letters:
        if letter not in known:
            raise unknown(f"letter of {_called(methods)}", letter, known)

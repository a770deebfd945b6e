"""Formulas as somebody writes them: numbers, letters, + - * / **, sqrt, log, ceil, min and max; nothing is executed."""

import ast
import math
import unicodedata
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .errors import InputError, shown

#: The functions that a formula may call, each with how few and how many arguments it takes.
FUNCTIONS: dict[str, tuple[Callable[..., float], int, int]] = {
    "sqrt": (math.sqrt, 1, 1),
    "log": (math.log, 1, 1),
    "ceil": (math.ceil, 1, 1),
    "min": (min, 2, 9),
    "max": (max, 2, 9),
}
_OPERATORS: dict[type, Callable[[float, float], float]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    # Unlike the operator it never makes a complex number, nor a huge whole one.
    ast.Pow: math.pow,
}
# Longer formulas, and more deeply nested ones, are nobody's.
_LONGEST, _DEEPEST = 300, 40
_GREEK = {"epsilon": "eps", "lamda": "lam"}


@dataclass(frozen=True)
class Expression:
    """A formula that has been read; it has a value for every value of its letters, or a sentence why not.

    Attributes
    ----------
    name : str
        What the formula is about, for the errors.
    text : str
        The formula as it was written.
    letters : tuple of str
        The letters in it, in the order of the text.

    Examples
    --------
    >>> stated = read("rounds", "0.9*sqrt(kappa)*log(1/eps)", ["kappa", "eps"])
    >>> stated.letters, round(stated.value({"kappa": 100.0, "eps": 1e-6}), 6)
    (('kappa', 'eps'), 124.339596)
    >>> stated.scale, stated.rest
    (0.9, 'sqrt(kappa)*log(1/eps)')
    """

    name: str
    text: str
    letters: tuple[str, ...]
    _tree: ast.expr

    def value(self, values: Mapping[str, float]) -> float:
        """Return the value, a finite number.

        Parameters
        ----------
        values : mapping of str to float
            The values of the letters, and perhaps of others.

        Raises
        ------
        InputError
            If there is none, as of the logarithm of 0.
        """
        try:
            found = _value(self._tree, values)
        except (ArithmeticError, ValueError):
            found = math.nan
        if math.isfinite(found):
            return found
        where = " and ".join(f"{letter} = {values[letter]:g}" for letter in self.letters)
        told = f"at {where}" if where else "as it stands"
        raise InputError(f"{self.name} = {shown(self.text)} is no finite number {told}: write one that is.")

    @property
    def scale(self) -> float:
        """The number that the formula begins with, where it is a product with one; otherwise 1."""
        first = next(_factors(self._tree))
        # Behind a parenthesis it is no number that the text could do without.
        leads = isinstance(first, ast.Constant) and first is not self._tree and first.col_offset == 0
        number = _value(first, {}) if leads else 1.0
        return number if 0.0 < number < math.inf else 1.0

    @property
    def rest(self) -> str:
        """The formula without that number."""
        if self.scale == 1.0:
            return self.text
        return self.text.partition("*")[2].strip()


def read(name: str, text: Any, letters: Collection[str]) -> Expression:
    """Return the formula that is written in a text.

    Parameters
    ----------
    name : str
        What the formula is about, for the errors.
    text : str or float
        The formula, or a number. ``^`` is a power too, and a Greek letter is its name: κ is kappa, ε is eps.
    letters : collection of str
        The letters that it may have.

    Raises
    ------
    InputError
        If it holds anything else.

    Examples
    --------
    >>> read("rate", "1 - 1/kappa", ["kappa", "p"]).value({"kappa": 100.0})
    0.99
    >>> read("rate", "1 - 1/cappa", ["kappa", "p"])
    Traceback (most recent call last):
    rootkappa.core.errors.InputError: rate = '1 - 1/cappa' holds 'cappa', which is no letter here: take kappa, p.
    """
    written = text if isinstance(text, str) else f"{text!r}"
    plain = "".join(map(_plain, written)).replace("^", "**").strip()
    if not plain or len(plain) > _LONGEST:
        raise InputError(
            f"{name} = {shown(written)} is no formula of at most {_LONGEST} characters: write one such as 1 - 1/kappa."
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(plain, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise InputError(
            f"{name} = {shown(written)} is no formula: write one such as 1 - 1/kappa, with * between factors."
        ) from None
    found = dict.fromkeys(_letters(name, written, tree, 0))
    for letter in found:
        if letter not in letters:
            raise InputError(
                f"{name} = {shown(written)} holds {letter!r}, which is no letter here: take {', '.join(letters)}."
            )
    return Expression(name, plain, tuple(found), tree)


def _plain(character: str) -> str:
    """Return a Greek letter by its name, and any other character as it is."""
    named = unicodedata.name(character, "")
    if not named.startswith("GREEK SMALL LETTER ") and character != "µ":
        return character
    word = "mu" if character == "µ" else named.split()[-1].lower()
    return _GREEK.get(word, word)


def _letters(name: str, text: str, node: ast.AST, depth: int) -> Iterator[str]:
    """Yield the letters of a formula, of which every part must be one that a formula may have."""
    refusal = ""
    parts: list[ast.expr] = []
    if depth > _DEEPEST:
        refusal = "more parentheses than anybody reads"
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        pass
    elif isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        parts = [node.left, node.right]
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        parts = [node.operand]
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS:
        _, fewest, most = FUNCTIONS[node.func.id]
        parts = node.args
        if node.keywords or not fewest <= len(parts) <= most:
            refusal = f"{node.func.id} of {len(parts) + len(node.keywords)} numbers"
    else:
        refusal = repr(ast.unparse(node))[:60]
    if refusal:
        raise InputError(
            f"{name} = {shown(text)} holds {refusal}: write numbers, letters, + - * / **, {', '.join(FUNCTIONS)}."
        )
    for part in parts:
        yield from _letters(name, text, part, depth + 1)


def _value(node: ast.AST, values: Mapping[str, float]) -> float:
    if isinstance(node, ast.Constant):
        return float(node.value)  # pyright: ignore[reportArgumentType]
    if isinstance(node, ast.Name):
        return float(values[node.id])
    if isinstance(node, ast.UnaryOp):
        found = _value(node.operand, values)
        return -found if isinstance(node.op, ast.USub) else found
    if isinstance(node, ast.BinOp):
        return _OPERATORS[type(node.op)](_value(node.left, values), _value(node.right, values))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return float(FUNCTIONS[node.func.id][0](*(_value(part, values) for part in node.args)))
    raise TypeError(node)  # nothing else has been read


def _factors(node: ast.expr) -> Iterator[ast.expr]:
    """Yield the factors of a product from the left, or the formula itself if it is none."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        yield from _factors(node.left)
        yield node.right
    else:
        yield node

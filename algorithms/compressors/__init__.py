"""Compressors: what a client sends instead of a vector, one file each; every class in them is found by being there."""

import ast
from functools import cache
from typing import Any

from ...core.discover import discover_classes
from ...core.errors import InputError, unknown
from .compressor import Compressor, compress, compress_work_size, compress_workspace  # pyright: ignore[reportUnusedImport]

_CLASSES = discover_classes(__name__, Compressor)
__all__ = sorted(  # pyright: ignore[reportUnsupportedDunderAll]
    [*_CLASSES, "Compressor", "compress", "compress_work_size", "compress_workspace", "examples", "get"]
)


def examples(d: int) -> dict[str, Compressor]:
    """Return a typical member of every class, by the name of the class, for vectors with ``d`` coordinates.

    Examples
    --------
    >>> examples(8)["RandK"]
    RandK(2)
    """
    return {name: kind.example(d) for name, kind in _CLASSES.items()}


@cache
def get(text: str) -> Compressor:
    """Return the compressor that is written as in Python, with numbers as arguments.

    Parameters
    ----------
    text : str
        For example ``"RandK(2)"`` or ``"ClientMask(clients=4, cohort=3, s=2)"``: what ``repr`` of a compressor shows.

    Raises
    ------
    InputError
        If the class is unknown, or its arguments are no numbers or out of range.

    Examples
    --------
    >>> get("TopK(3)")
    TopK(3)
    """
    try:
        call = ast.parse(str(text), mode="eval").body
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name)):
            raise ValueError
        name = call.func.id
        positional = [ast.literal_eval(argument) for argument in call.args]
        named: dict[Any, Any] = {word.arg: ast.literal_eval(word.value) for word in call.keywords}
    except (SyntaxError, ValueError):
        raise InputError(
            f"compressor = {text!r} is not written as a call with numbers: write for example 'RandK(2)' or 'Natural()'."
        ) from None
    if name not in _CLASSES:
        raise unknown("compressor", name, _CLASSES)
    try:
        return _CLASSES[name](*positional, **named)
    except TypeError:
        raise InputError(
            f"compressor = {text!r} has other arguments than {name}: rootkappa list compressors shows an example."
        ) from None


def __getattr__(name: str) -> Any:
    if name not in _CLASSES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _CLASSES[name]


def __dir__() -> list[str]:
    return __all__

"""Objects that a text names: a class and its numbers, as a call in Python."""

import ast
from collections.abc import Mapping
from typing import Any, TypeVar

from .errors import InputError, unknown

_T = TypeVar("_T")


def instance(text: str, classes: Mapping[str, type[_T]], kind: str, example: str) -> _T:
    """Return the object that is written as a call with numbers, lists of numbers or truth values.

    Nothing else is understood, so that a text from anywhere can do no harm.

    Parameters
    ----------
    text : str
        What ``repr`` of such an object shows.
    classes : mapping of str to type
        Those that may be called.
    kind : str
        What they are, for the errors; ``rootkappa list`` shows the kind in the plural.
    example : str
        A text that is right.

    Raises
    ------
    InputError
        If the text is no such call, the class is unknown, or it takes other arguments.

    Examples
    --------
    >>> instance("complex(1, imag=2)", {"complex": complex}, "number", "complex(1)")
    (1+2j)
    """
    try:
        call = ast.parse(str(text), mode="eval").body
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name)):
            raise ValueError
        name = call.func.id
        positional = [ast.literal_eval(argument) for argument in call.args]
        named: dict[Any, Any] = {word.arg: ast.literal_eval(word.value) for word in call.keywords}
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise InputError(
            f"{kind} = {text!r} is not written as a call with numbers: write for example {example}."
        ) from None
    if name not in classes:
        raise unknown(kind, name, classes)
    try:
        return classes[name](*positional, **named)
    except TypeError:
        raise InputError(
            f"{kind} = {text!r} has other arguments than {name}: rootkappa list {kind}s shows an example."
        ) from None

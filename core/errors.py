"""The one error that a user's input can cause, and the words it is told in."""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

_LONGEST = 200


class InputError(ValueError):
    """A value given by the user cannot be used.

    The message is one sentence: it names the argument and the value, says what is allowed and what to do next.
    """


def unknown(kind: str, name: object, valid: Iterable[str]) -> InputError:
    """Return the error for a name that is not known, or is no text, with the nearest valid one and all in order.

    Examples
    --------
    >>> print(unknown("method", "scafnew", ["fedavg", "scaffnew"]))
    unknown method 'scafnew': did you mean 'scaffnew'? Known are fedavg, scaffnew.
    """
    names = sorted(valid, key=lambda one: (one.casefold(), one))
    near = get_close_matches(name, names, n=1) if isinstance(name, str) else []
    hint = f"did you mean {near[0]!r}? " if near else ""
    return InputError(f"unknown {kind} {shown(name)}: {hint}Known are {', '.join(names)}.")


def shown(value: Any) -> str:
    """Return a value as it is written in Python, on one line and of bounded length, where Python may refuse to.

    Examples
    --------
    >>> shown("a"), shown(10**5000)
    ("'a'", 'an integer of 16610 bits')
    """
    try:
        text = re.sub(r"\s*\n\s*", " ", repr(value))
    except ValueError:
        return f"an integer of {value.bit_length()} bits" if isinstance(value, int) else f"a {type(value).__name__}"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def complaint(error: BaseException) -> str:
    """Return the kind of an error and the first line of what it says.

    Examples
    --------
    >>> complaint(KeyError()), complaint(ValueError("sentence"))
    ('KeyError: no message', 'ValueError: sentence')
    """
    first_line = next((line for line in str(error).splitlines() if line.strip()), "no message")
    return f"{type(error).__name__}: {first_line}"

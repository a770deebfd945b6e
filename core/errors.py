"""The one error that a user's input can cause, and the words it is told in."""

from collections.abc import Iterable
from difflib import get_close_matches


class InputError(ValueError):
    """A value given by the user cannot be used.

    The message is one sentence: it names the argument and the value, says what is allowed and what to do next.
    """


def unknown(kind: str, name: str, valid: Iterable[str]) -> InputError:
    """Return the error for a name that is not known, listing the valid ones with the nearest first.

    Examples
    --------
    >>> print(unknown("method", "scafnew", ["fedavg", "scaffnew"]))
    unknown method 'scafnew': did you mean 'scaffnew'? Known are scaffnew, fedavg.
    """
    names = sorted(valid)
    near = get_close_matches(name, names, n=len(names), cutoff=0.0)
    hint = f"did you mean {near[0]!r}? " if get_close_matches(name, names, n=1) else ""
    return InputError(f"unknown {kind} {name!r}: {hint}Known are {', '.join(near or names)}.")


def complaint(error: BaseException) -> str:
    """Return the kind of an error and the first line of what it says.

    Examples
    --------
    >>> complaint(KeyError()), complaint(ValueError("sentence"))
    ('KeyError: no message', 'ValueError: sentence')
    """
    first_line = next((line for line in str(error).splitlines() if line.strip()), "no message")
    return f"{type(error).__name__}: {first_line}"

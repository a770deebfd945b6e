"""What the letters of a method's parameters may be."""

import math
from typing import Any

from ..problems.errors import InputError, unknown


def checked(params: Any) -> Any:
    r"""Return the parameters if every letter is in its range, whatever a theorem asks beyond that.

    The letters mean the same in every method: step sizes ``gamma`` and ``eta`` are positive, the probability ``p`` is
    in (0, 1], the momentum ``beta`` in [0, 1), and the number ``K`` of local steps is an integer, at least 1.

    Parameters
    ----------
    params : NamedTuple
        The parameters of some method.

    Raises
    ------
    InputError
        If a letter is outside its range.
    """
    for letter, value in params._asdict().items():
        if letter in _RULES:
            holds, allowed = _RULES[letter]
            if isinstance(value, bool) or not isinstance(value, int | float) or not holds(value):
                raise InputError(f"{letter} = {value!r} is out of range: give {allowed}.")
    return params


_RULES = {
    "gamma": (lambda v: math.isfinite(v) and v > 0, "a finite step size above 0"),
    "eta": (lambda v: math.isfinite(v) and v > 0, "a finite local step size above 0"),
    "p": (lambda v: 0 < v <= 1, "a probability of communication in (0, 1]"),
    "beta": (lambda v: 0 <= v < 1, "a momentum in [0, 1)"),
    "K": (lambda v: v == int(v) and v >= 1, "an integer number of local steps, at least 1"),
}


def override(params: Any, changes: dict[str, Any], method: str) -> Any:
    """Return the parameters with some letters replaced; a letter that the method does not have is an error.

    Examples
    --------
    >>> from rootkappa.algorithms.gradient_descent import Params
    >>> override(Params(gamma=1.0), {"gamma": 0.5}, "gradient_descent")
    Params(gamma=0.5)
    """
    for letter in changes:
        if letter not in params._fields:
            raise unknown(f"parameter of {method}", letter, params._fields)
    return checked(params._replace(**changes))

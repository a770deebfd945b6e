"""What the letters of a method's parameters may be."""

import math
from typing import Any

from ...core.errors import InputError, unknown
from .. import compressors
from . import graphs


def checked(params: Any) -> Any:
    r"""Return the parameters if every letter is in its range, whatever a theorem asks beyond that.

    The letters mean the same in every method: step sizes ``gamma``, ``tau``, ``eta`` and ``alpha`` are positive, and so
    are the factors ``chi`` and ``rho`` of a communication, the mixing ``t`` and the strong convexity ``mu_g`` of a term
    that is split off; the probabilities ``p`` and ``q`` are in (0, 1], the momentum ``beta`` in [0, 1), the weight
    ``theta`` of a point in an average in (0, 1/2]; a regularisation ``lam`` and a noise ``sigma`` at least 0; the
    numbers ``K`` of local steps, ``c`` of clients in a cohort, ``s`` of clients that send a coordinate and ``k`` of
    coordinates that are kept are integers, at least 1; a compressor ``C`` or ``R`` is written as in Python,
    ``"RandK(2)"``; a ``graph`` and its ``weights`` have names.

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
        checked_letter(letter, value)
    return params


def checked_letter(letter: str, value: Any) -> Any:
    """Return the value of one letter if it is in its range, as for :func:`checked`."""
    if letter in ("C", "R"):
        compressors.get(value)
    elif letter in _NAMES and value not in _NAMES[letter]:
        raise unknown(letter, value, _NAMES[letter])
    elif letter in _RULES:
        holds, allowed = _RULES[letter]
        if isinstance(value, bool) or not isinstance(value, int | float) or not holds(value):
            raise InputError(f"{letter} = {value!r} is out of range: give {allowed}.")
    return value


_NAMES = {"graph": graphs.names(), "weights": graphs.WEIGHTS}
_RULES = {
    "gamma": (lambda v: math.isfinite(v) and v > 0, "a finite step size above 0"),
    "tau": (lambda v: math.isfinite(v) and v > 0, "a finite dual step size above 0"),
    "eta": (lambda v: math.isfinite(v) and v > 0, "a finite local step size above 0"),
    "chi": (lambda v: math.isfinite(v) and v > 0, "a finite factor above 0"),
    "rho": (lambda v: math.isfinite(v) and v > 0, "a finite factor above 0"),
    "mu_g": (lambda v: math.isfinite(v) and v > 0, "a finite strong convexity above 0"),
    "sigma": (lambda v: math.isfinite(v) and v >= 0, "a finite standard deviation, at least 0"),
    "lam": (lambda v: math.isfinite(v) and v >= 0, "a finite regularisation, at least 0"),
    "p": (lambda v: 0 < v <= 1, "a probability of communication in (0, 1]"),
    "alpha": (lambda v: math.isfinite(v) and v > 0, "a finite step size of control variates above 0"),
    "t": (lambda v: math.isfinite(v) and v > 0, "a finite mixing above 0"),
    "q": (lambda v: 0 < v <= 1, "a probability of a new reference point in (0, 1]"),
    "beta": (lambda v: 0 <= v < 1, "a momentum in [0, 1)"),
    "theta": (lambda v: 0 < v <= 0.5, "a weight in (0, 1/2]"),
    "K": (lambda v: isinstance(v, int) and v >= 1, "an integer number of local steps, at least 1"),
    "c": (lambda v: isinstance(v, int) and v >= 1, "an integer number of clients in a cohort, at least 1"),
    "s": (lambda v: isinstance(v, int) and v >= 1, "an integer number of clients that send a coordinate, at least 1"),
    "k": (lambda v: isinstance(v, int) and v >= 1, "an integer number of coordinates that are kept, at least 1"),
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

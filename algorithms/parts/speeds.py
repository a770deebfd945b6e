"""How fast clients are, or how much they hold: speeds as a user writes them, one for all, one for each, or drawn."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from ...core.checks import checked_number
from ...core.errors import InputError, shown
from ...core.randomness import generator

NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?"
"""A number as it may be written, for a regular expression."""

ALLOWED = "1, one for each client as 1,0.5,0.2, or uniform(0.1,1), loguniform(0.1,1) or slowness(1,10)"
"""What speeds may be in words."""

# How speeds are drawn: from a uniform number in [0, 1) and the two ends.
_DRAWN: dict[str, Callable[[np.ndarray, float, float], np.ndarray]] = {
    "uniform": lambda u, low, high: low + (high - low) * u,
    "loguniform": lambda u, low, high: low * (high / low) ** u,
    "slowness": lambda u, low, high: 1.0 / (low + (high - low) * u),
}
_DRAW = re.compile(rf"(\w+)\(({NUMBER}),({NUMBER})\)")


def written(speeds: Any, name: str = "speeds") -> str:
    """Return speeds as text, each number as short as it can be written.

    Parameters
    ----------
    speeds : float, sequence of float or str
        Above 0: one for all clients; one for each; or how they are drawn: "uniform(a,b)"; "loguniform(a,b)", uniform in
        the logarithm; or "slowness(a,b)", of which 1/speed is uniform.
    name : str
        What they are called in an error.

    Raises
    ------
    InputError
        If they are none of this.

    Examples
    --------
    >>> written([1.0, 0.5]), written("uniform( 0.10, 1 )")
    ('1,0.5', 'uniform(0.1,1)')
    """
    text = re.sub(r"\s", "", speeds) if isinstance(speeds, str) else ",".join(map(repr, _listed(speeds)))
    drawn = _DRAW.fullmatch(text)
    numbers = drawn.groups()[1:] if drawn else text.split(",")
    is_known = drawn[1] in _DRAWN if drawn else True
    if not is_known or not all(re.fullmatch(NUMBER, number) and 0 < float(number) < np.inf for number in numbers):
        raise InputError(f"{name} = {shown(speeds)} are no {name} above 0: give {ALLOWED}.")
    short = ",".join(_shortest(float(number)) for number in numbers)
    return f"{drawn[1]}({short})" if drawn else short


def written_capacities(capacity: Any) -> str:
    """Return as text how much clients can hold of what is asked of them, which is written as speeds are."""
    return written(capacity, "capacities")


def of_clients(text: str, n: int, seed: int = 0) -> np.ndarray:
    """Return the speeds of n clients, shape (n,); what is drawn for one does not depend on how many there are.

    Parameters
    ----------
    text : str
        What :func:`written` returns.
    n : int
        How many clients.
    seed : int
        Of what is drawn.

    Raises
    ------
    InputError
        If they are listed, and there are not n of them.

    Examples
    --------
    >>> of_clients("1,0.5", 2).tolist(), of_clients("2", 3).tolist()
    ([1.0, 0.5], [2.0, 2.0, 2.0])
    """
    drawn = _DRAW.fullmatch(text)
    if drawn:
        return _DRAWN[drawn[1]](generator(seed, "speeds").random(n), float(drawn[2]), float(drawn[3]))
    listed = np.array([float(number) for number in text.split(",")])
    if len(listed) not in (1, n):
        raise InputError(
            f"speeds = {text} are {len(listed)}, but there are n = {n} clients: give one, or one for each."
        )
    return np.full(n, listed[0]) if len(listed) == 1 else listed


def _listed(speeds: Any) -> list[float]:
    values = [speeds] if np.ndim(speeds) == 0 else list(speeds)
    return [checked_number("a speed", value, "a speed", above=0.0) for value in values]


def _shortest(number: float) -> str:
    short = f"{number:g}"
    return short if float(short) == number else repr(number)

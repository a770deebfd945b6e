"""Words that the sentences of several engines share."""

from typing import Any

from ..case import Case

# Closer to 1 than this a factor says more by its distance.
_NEAR_ONE = 1e-3


def said_of_relative(case: Case) -> str:
    """Return the words that say where evidence is from that could not be had on the problem itself."""
    return f"On {case.problem.n} clients with {case.problem.d} coordinates, as here there is too much to list"


def said_of_bound(params: Any, bound: Any) -> str:
    """Return the words that name what was taken in the place of some parameters, none if they are the same.

    Examples
    --------
    >>> from rootkappa.algorithms.ef21 import Params
    >>> said_of_bound(Params(0.1, "TopK(2)"), Params(0.1, "BiasedRandK(2)"))
    'C = BiasedRandK(2) in the place of TopK(2)'
    """
    pairs = zip(params._fields, params, bound, strict=True)
    return ", ".join(f"{letter} = {new} in the place of {old}" for letter, old, new in pairs if old != new)


def said_of_factor(factor: float) -> str:
    """Return a factor of progress as text; near 1 by how much it is below, which is what counts there.

    Examples
    --------
    >>> said_of_factor(0.9), said_of_factor(1.0 - 2e-8), said_of_factor(1.25)
    ('0.9', '1 - 2e-08', '1.25')
    """
    # Neighbours of 1 among the floating-point numbers are 1e-16 apart, so the digits left are few.
    below = round(1.0 - factor, 16)
    return f"1 - {below:.6g}" if 0.0 < below < _NEAR_ONE else f"{factor:.6g}"


def lowered(sentence: str) -> str:
    """Return a sentence as the second half of another."""
    return sentence[0].lower() + sentence[1:]


def raised(clause: str) -> str:
    """Return a clause as the beginning of a sentence."""
    return clause[0].upper() + clause[1:]

"""One mask for all clients, found once from what every coordinate matters to them: what it keeps, and what it costs."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...problems.problem import Problem
from .cost import Cost, Length, Parcel, Sends, numbers
from .scores import gradients, of_clients


def kept(d: int, density: float) -> int:
    """Return how many of d coordinates a mask keeps, at least 1.

    Examples
    --------
    >>> kept(10, 0.25), kept(3, 0.1), kept(7, 1.0)
    (2, 1, 7)
    """
    return max(int(density * d), 1)


def salient(problem: Problem, x: np.ndarray, params: Any) -> np.ndarray:
    """Return 1 where the mean of the clients' scores |g_i(x) x| is largest, 0 elsewhere; of equal ones the first.

    Parameters
    ----------
    problem : Problem
        Whose clients compute the scores.
    x : ndarray, shape (d,)
        The initial model; where it is 0 there is no score.
    params : NamedTuple
        The ``density``, the share of the coordinates that are kept; ``R`` minibatches of ``b`` samples, drawn by the
        number ``w``, whose gradients g_i are; and of which loss, ``score``.

    Returns
    -------
    ndarray, shape (d,)

    Raises
    ------
    InputError
        If the loss needs classes, and the problem has none.

    Examples
    --------
    >>> from rootkappa import problems, theory
    >>> problem = problems.Quadratic([np.diag([1.0, 2.0, 3.0, 4.0])], [[0.0, 0.0, 0.0, 8.0]])
    >>> salient(problem, np.ones(4), theory.get("salientgrads").parameters(problem, density=0.5)).tolist()
    [0.0, 0.0, 1.0, 1.0]
    """
    scores = of_clients(problem, x, params).mean(axis=0)
    mask = np.zeros(problem.d)
    mask[np.argsort(-scores, kind="stable")[: kept(problem.d, params.density)]] = 1.0
    return mask


@dataclass(frozen=True)
class Masked(Parcel):
    """A vector of which only the coordinates of a mask travel, whose places all know."""

    letter: str

    def length(self, problem: Problem, params: Any) -> Length:
        """Return as many numbers as the mask keeps."""
        return numbers(kept(problem.d, getattr(params, self.letter)))


#: Masked models up and down a round.
SENDS = Sends(Masked("density"), Masked("density"))


def opening(problem: Problem, params: Any) -> Cost:
    """Return what the mask costs once: a score of every coordinate up, a bit of each down, and gradients.

    The initial model is drawn by everybody from its number.
    """
    scores = numbers(problem.d)
    return Cost(0, scores.floats, 0, scores.bits, problem.d, gradients(problem, params))

"""A problem that a method may run on without touching that of anybody else."""

from collections.abc import Generator
from contextlib import contextmanager
from copy import deepcopy

import numpy as np

from ..algorithms.driver.method import Method
from ..core.errors import InputError
from ..problems import Problem


@contextmanager
def untouched(method: Method, problem: Problem) -> Generator[Problem, None, None]:
    """Provide the problem for a method: itself for a shipped one, and otherwise a copy, as the method may write to it.

    Parameters
    ----------
    method : Method
        Who runs on it.
    problem : Problem
        Which stays as it is.

    Raises
    ------
    InputError
        At the end, if the method has written to its copy: whatever it did or raised then is about another problem.

    Examples
    --------
    >>> from rootkappa import algorithms, problems
    >>> problem = problems.Quadratic.random(clients=3, dim=2, kappa=10.0)
    >>> with untouched(algorithms.get("scaffnew"), problem) as own:
    ...     own is problem
    True
    """
    if method.is_shipped:
        yield problem
        return
    own = deepcopy(problem)
    try:
        yield own
    finally:
        same = all(np.array_equal(*pair) for pair in zip(own.solution(), problem.solution(), strict=True))
        if not same or own.content_key() != problem.content_key():
            raise InputError(
                f"{method.name} writes to the problem, so that its results are about another one: copy what it "
                "changes, for example b = kernel.b.copy()."
            )

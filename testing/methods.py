"""Whether a method keeps its theorem's promise, checked in a test of anybody's."""

import dataclasses
from collections.abc import Iterable
from typing import Any

import numpy as np

from ..algorithms.driver.objects import found
from ..core.checks import as_list
from ..core.randomness import generator
from ..problems import Logistic, Quadratic
from ..problems.problem import Problem
from ..theory import promised_by, verify
from ..theory.verify import level

_SOUND = ("confirmed", "consistent")


def check_method(
    method: Any, theorem: str | None = None, problems: Problem | Iterable[Problem] | None = None, seed: int = 0
) -> None:
    """Hold a method against a theorem with all evidence that applies.

    Parameters
    ----------
    method : str, Path, Method or object
        A name from :func:`rootkappa.algorithms.names`, the path of a Python file, a method, or any object with
        ``start``, ``step`` and ``model``, see :mod:`rootkappa.algorithms.driver.objects`.
    theorem : str, optional
        The name of the theorem; by default the one that the method's ``PROMISE`` names, or that its file states.
    problems : Problem or iterable of Problem, optional
        Where to look; by default two quadratics, whose clients share their eigenvectors or do not, and a logistic
        regression.
    seed : int
        For everything that is drawn.

    Raises
    ------
    AssertionError
        If a verdict refutes the promise, or no evidence could be had of it; the message holds the verdicts' sentences.
    InputError
        If there is no such method or theorem.

    Examples
    --------
    >>> check_method("scaffnew", problems=[Quadratic.random(clients=3, dim=4, kappa=30.0)])
    """
    method = found(method, like=theorem)
    if theorem is not None:
        method = dataclasses.replace(method, promise=theorem)
    chosen = list(_default_problems()) if problems is None else as_list(problems) or list(_default_problems())
    error_rate = level(1, max(len(chosen), 1))
    verdicts = [verdict for problem in chosen for verdict in verify(method, problem, seed=seed, error_rate=error_rate)]
    refuting = [
        f"{verdict.problem}, {verdict.evidence}: {verdict.sentence}"
        for verdict in verdicts
        if verdict.news == "refuted"
    ]
    if refuting:
        raise AssertionError(f"{method.name} breaks the promise of {promised_by(method).name}. " + " ".join(refuting))
    # What a method costs says nothing of its promise.
    if not any(verdict.status in _SOUND and verdict.evidence != "cost" for verdict in verdicts):
        reasons = dict.fromkeys(verdict.sentence for verdict in verdicts)
        raise AssertionError(f"Nothing could be found out about {method.name}. " + " ".join(reasons))


def _default_problems() -> Iterable[Problem]:
    yield Quadratic.random(clients=4, dim=5, kappa=30.0)
    yield Quadratic.random(clients=4, dim=3, kappa=30.0, basis="client")
    rng = generator(0, "testing", "check_method")
    features = rng.standard_normal((60, 5))
    labels = np.where(features.sum(axis=1) + rng.standard_normal(60) > 0.0, 1.0, -1.0)
    yield Logistic(features, labels, clients=4, kappa=30.0)

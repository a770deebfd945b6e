"""Known mistakes in Scaffnew, each a round of the recursion as somebody wrote it, to be recognised by its numbers."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..problems import Problem

#: A round: ``(problem, params, X, H, k)`` with k local steps becomes the new X and H.
Round = Callable[[Problem, Any, np.ndarray, np.ndarray, int], tuple[np.ndarray, np.ndarray]]


class _Phase(NamedTuple):
    """What a communication sees of the local steps before it."""

    first: np.ndarray
    """Models at the start of the round, shape (n, d)."""
    before: np.ndarray
    """Models before the last local step."""
    after: np.ndarray
    """Models after it, the x̂_i."""
    mean: np.ndarray
    """What the clients receive as their average, shape (d,)."""
    H: np.ndarray
    """Control variates h_i, shape (n, d)."""
    k: int
    """The number of local steps."""


def _step(problem: Problem, params: Any, X: np.ndarray, H: np.ndarray, first: np.ndarray) -> np.ndarray:
    return X - params.gamma * (problem.gradients_at(X) - H)


def _mean(X: np.ndarray) -> np.ndarray:
    return X.mean(axis=0)


def _update(params: Any, phase: _Phase) -> np.ndarray:
    return phase.H + params.p / params.gamma * (phase.mean - phase.after)


def _models(phase: _Phase) -> np.ndarray:
    return np.tile(phase.mean, (len(phase.after), 1))


def _round(
    step: Any = _step, mean: Any = _mean, update: Any = _update, models: Any = _models, count: Any = lambda k: k
) -> Round:
    """Return Scaffnew's round with some of its parts as somebody wrote them."""

    def take(problem: Problem, params: Any, X: np.ndarray, H: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        first = before = X
        for _ in range(count(k)):
            before, X = X, step(problem, params, X, H, first)
        phase = _Phase(first, before, X, mean(X), H, k)
        return models(phase), update(params, phase)

    return take


def _in_every_step(problem: Problem, params: Any, X: np.ndarray, H: np.ndarray, k: int) -> Any:
    for _ in range(k):
        X = _step(problem, params, X, H, X)
        H = H + params.p / params.gamma * (X.mean(axis=0) - X)
    return np.tile(X.mean(axis=0), (len(X), 1)), H


def _never_skips(problem: Problem, params: Any, X: np.ndarray, H: np.ndarray, k: int) -> Any:
    for _ in range(k):
        X, H = RIGHT(problem, params, X, H, 1)
    return X, H


#: Scaffnew itself.
RIGHT = _round()

#: What somebody may have written in its place; the key ends the sentence "That is like ...".
MISTAKES: dict[str, Round] = {
    "control variates that are updated without p": _round(
        update=lambda params, at: at.H + (at.mean - at.after) / params.gamma
    ),
    "control variates that are updated with the wrong sign": _round(
        update=lambda params, at: at.H - params.p / params.gamma * (at.mean - at.after)
    ),
    "control variates that never change, as when the average is compared with models that it has already replaced": (
        _round(update=lambda params, at: at.H)
    ),
    "control variates that compare the average with the models before the last local step": _round(
        update=lambda params, at: at.H + params.p / params.gamma * (at.mean - at.before)
    ),
    "control variates that compare the average with the models at the start of the round": _round(
        update=lambda params, at: at.H + params.p / params.gamma * (at.mean - at.first)
    ),
    "control variates that are updated without dividing by gamma": _round(
        update=lambda params, at: at.H + params.p * (at.mean - at.after)
    ),
    "control variates that are updated by gamma/p and not p/gamma": _round(
        update=lambda params, at: at.H + params.gamma / params.p * (at.mean - at.after)
    ),
    "control variates that divide by the number of local steps, where p belongs": _round(
        update=lambda params, at: at.H + (at.mean - at.after) / (params.gamma * at.k)
    ),
    "control variates that start anew in every round": _round(
        update=lambda params, at: params.p / params.gamma * (at.mean - at.after)
    ),
    "control variates that are updated in every step": _in_every_step,
    "local steps that add h_i to the gradient and do not subtract it": _round(
        step=lambda problem, params, X, H, first: X - params.gamma * (problem.gradients_at(X) + H)
    ),
    "local steps that do not multiply h_i by gamma": _round(
        step=lambda problem, params, X, H, first: X - params.gamma * problem.gradients_at(X) + H
    ),
    "local steps without h_i": _round(
        step=lambda problem, params, X, H, first: X - params.gamma * problem.gradients_at(X)
    ),
    "gradients at the mean of the models": _round(
        step=lambda problem, params, X, H, first: X - params.gamma * (problem.gradients(X.mean(axis=0)) - H)
    ),
    "gradients that are taken once a round": _round(
        step=lambda problem, params, X, H, first: X - params.gamma * (problem.gradients_at(first) - H)
    ),
    "an average that divides by n - 1": _round(mean=lambda X: X.sum(axis=0) / max(len(X) - 1, 1)),
    "an average without the first client": _round(mean=lambda X: X[-max(len(X) - 1, 1) :].mean(axis=0)),
    "an average without the last client": _round(mean=lambda X: X[: max(len(X) - 1, 1)].mean(axis=0)),
    "a sum in the place of the average": _round(mean=lambda X: X.sum(axis=0)),
    "models that do not take the average back": _round(models=lambda at: at.after),
    "communication in every step": _never_skips,
    "one local step less in every round": _round(count=lambda k: k - 1),
    "one local step more in every round": _round(count=lambda k: k + 1),
}

"""How much each coordinate of a model matters to each client: |g_i(x) x|, by gradients in a few of its samples."""

import math
from typing import Any, NamedTuple

import numpy as np

from ...core.compiled import njit
from ...core.dispatch import implements
from ...core.errors import InputError
from ...core.randomness import generator
from ...problems.oracles import clients, component_gradient, components, gradient, work_size, workspace
from ...problems.problem import Problem
from ...problems.softmax_kernels import DenseSoftmaxKernel
from .components import sizes
from .stochastic import Stochastic, minibatch_gradient


class LogitKernel(NamedTuple):
    """The mean of minus the logit of each sample's own class, on the samples of a problem of dense features.

    Its gradient does not depend on the model: to the weights of a class it is minus the sum of the class's samples
    over the number of all.
    """

    A: np.ndarray
    y: np.ndarray
    start: np.ndarray
    classes: int


@implements(clients, LogitKernel)
def _clients(kernel):
    return kernel.start.shape[0] - 1


@implements(components, LogitKernel)
def _components(kernel, i):
    return kernel.start[i + 1] - kernel.start[i]


@implements(work_size, LogitKernel)
def _work_size(kernel):
    return 0


@implements(component_gradient, LogitKernel)
def _component_gradient(kernel, i, j, x, g, work):
    a = kernel.A[kernel.start[i] + j]
    first = kernel.y[kernel.start[i] + j] * a.shape[0]
    g[:] = 0.0
    for k in range(a.shape[0]):
        g[first + k] = -a[k]


@implements(gradient, LogitKernel)
def _gradient(kernel, i, x, g, work):
    g[:] = 0.0
    columns, m = kernel.A.shape[1], kernel.start[i + 1] - kernel.start[i]
    for row in range(kernel.start[i], kernel.start[i + 1]):
        first = kernel.y[row] * columns
        for k in range(columns):
            g[first + k] -= kernel.A[row, k] / m


def of_clients(problem: Problem, x: np.ndarray, params: Any) -> np.ndarray:
    """Return the scores of each client, the mean of |g_i(x) x| over minibatches, shape (n, d).

    Parameters
    ----------
    problem : Problem
        Whose clients compute the scores.
    x : ndarray, shape (d,)
        A model; where it is 0 there is no score.
    params : NamedTuple
        With ``R`` minibatches of ``b`` samples of each client, drawn by the number ``w``, and ``score``, the loss whose
        gradients g_i are: "ce" for what is minimised, "nll_logits" for minus the logit of each sample's class.

    Raises
    ------
    InputError
        If the loss needs classes, and the problem has none.
    """
    is_whole = params.b >= sizes(problem).max()
    kernel = _kernel(problem, params.score)
    if is_whole and params.score == "ce":
        return np.abs(problem.gradients(x) * x)
    # All minibatches of all samples are the same.
    words = Stochastic("b").draw(generator(params.w, "scores"), problem, params, 1 if is_whole else params.R)
    scores = np.zeros((problem.n, problem.d))
    _add_scores(kernel, x, params.b, words, scores)
    return scores / len(words)


def gradients(problem: Problem, params: Any) -> int:
    """Return how many gradients of all samples the scores of the mean client take, rounded up.

    Examples
    --------
    >>> from rootkappa import problems, theory
    >>> problem = problems.Softmax.load("digits", clients=10, kappa=100.0)
    >>> gradients(problem, theory.get("salientgrads").parameters(problem, R=5, b=20))
    1
    """
    m = sizes(problem)
    if params.b >= m.max():
        return 1
    return math.ceil(params.R * float(np.minimum(m, params.b).mean() / m.mean()))


def _kernel(problem: Problem, score: str) -> Any:
    kernel = problem.kernel
    if score == "ce":
        return kernel
    if not isinstance(kernel, DenseSoftmaxKernel):
        raise InputError(
            f"score = {score!r} needs logits of classes, and {problem.label} has none: take score = 'ce', or give "
            "problems.Softmax of dense features."
        )
    return LogitKernel(kernel.A, kernel.y, kernel.start, kernel.classes)


@njit
def _add_scores(kernel, x, b, words, scores):
    """Add |g x| of each client's minibatches to its scores; ``words`` has shape (R, n)."""
    g, spare, work = np.empty(x.shape[0]), np.empty(x.shape[0]), workspace(kernel)
    for r in range(words.shape[0]):
        for i in range(words.shape[1]):
            minibatch_gradient(kernel, i, x, b, words[r, i], g, spare, work)
            for j in range(x.shape[0]):
                scores[i, j] += abs(g[j] * x[j])

"""Problems as methods want them."""

from copy import copy
from functools import cache

import numpy as np

from rootkappa import algorithms
from rootkappa.algorithms.parts import pseudo_data
from rootkappa.problems import Composite, InputError, Logistic, Personal, Quadratic, Softmax


def _needs_inputs(name):
    return algorithms.get(name).own_check is pseudo_data.check


#: The methods that run on quadratics, where costs are watched and steps are affine.
ON_QUADRATICS = [name for name in algorithms.names() if not _needs_inputs(name)]


def suited(method, problem):
    """Return the problem, or one that is like it in having what the method, given by itself or its name, needs."""
    method = algorithms.get(method) if isinstance(method, str) else method
    if method.own_check is pseudo_data.check and not isinstance(problem, Softmax):
        return softmax(problem.n)
    if method.handles_personal and not isinstance(problem, Personal):
        return private(method, problem)
    return with_server(problem) if method.needs_server else problem


def private(method, problem):
    """Return the problem with a part of every client's own: the last coordinates or features if some may be shared."""
    last = {"private_features": 1} if isinstance(problem, Softmax) else {"private": [problem.d - 1]}
    ways = [Personal(problem, **last), Personal(problem, "all"), Personal(problem, [])]
    return next((way for way in ways if _runs_on(method, way)), ways[0])


def _runs_on(method, problem):
    try:
        method.check(problem)
    except InputError:
        return False
    return True


def with_server(problem):
    """Return a quadratic, or a problem of samples, whose server has data of its own."""
    served = copy(problem)
    if isinstance(problem, Quadratic):
        served._have_server((1.2 * problem.hessians[0], problem.kernel.b.mean(axis=0)))
    else:
        served._have_server(problem._samples[::2], problem._y[::2])
    return served


def softmax(clients):
    """Return softmax regression of three classes and of two features, with eight samples for each client."""
    rng = np.random.default_rng(11)
    features = rng.standard_normal((8 * clients, 2))
    labels = (features @ rng.standard_normal((2, 3)) + rng.standard_normal((8 * clients, 3))).argmax(axis=1)
    labels[:3] = 0, 1, 2
    return Softmax(features, labels, clients=clients, kappa=20.0)


@cache
def problem_of(kind):
    """Return the problem on which changes of a kind must be refuted."""
    if kind == "composite":
        return Composite.random(clients=4, dim=3, kappa=30.0)
    if kind == "logistic":
        return Logistic.load("breast_cancer", clients=4, kappa=30.0)
    if kind == "softmax":
        return softmax(4)
    quadratic = Quadratic.random(clients=4, dim=3, kappa=30.0, basis="client")
    if kind == "personal":
        return Personal(quadratic, [2])
    if kind == "private":
        return Personal(quadratic, "all")
    return with_server(quadratic) if kind == "server" else quadratic

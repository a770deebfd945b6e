r"""Nesterov's accelerated gradient method for strongly convex functions, communicating in every iteration.

The recursion::

    y  = x + β (x - x_prev)
    x⁺ = y - γ ∇F(y),    x_prev⁺ = x

With γ = 1/L and β = (√κ - 1)/(√κ + 1) it needs O(√κ log 1/ε) iterations, the square root that local training promises
for rounds, here paid with an average of gradients in every iteration.

Source: Nesterov, "Lectures on Convex Optimization" (2018), section 2.2, constant steps.
"""

from typing import NamedTuple

import numpy as np

from ..problems import oracles
from .parts import Dense, Nothing, letters, njit

RANDOM = Nothing()
SENDS = Dense(up=1, down=1)
PROMISE = "nesterov"
NAME = "Nesterov"
GROUP = "baselines"


class Params(NamedTuple):
    """The step size γ and the momentum β."""

    gamma: letters.StepSize
    beta: letters.Momentum


class State(NamedTuple):
    """The last two models."""

    x: np.ndarray
    """Model of the server, shape (d,)."""
    x_prev: np.ndarray
    """The model before it, shape (d,)."""


def start(problem, params):
    """Return the start x = x_prev = 0."""
    return State(np.zeros(problem.d), np.zeros(problem.d))


def step(kernel, params, state, outcome):
    """y = x + β (x - x_prev), then x⁺ = y - γ ∇F(y)."""
    _steps(kernel, params, *state, 1)


def advance(kernel, params, state, draws):
    """As many steps as there are rounds."""
    _steps(kernel, params, *state, len(draws))


@njit
def _steps(kernel, params, x, x_prev, count):
    gamma, beta = params
    y, g, client, work = np.empty_like(x), np.empty_like(x), np.empty_like(x), oracles.workspace(kernel)
    for _ in range(count):
        for j in range(x.shape[0]):
            y[j] = x[j] + beta * (x[j] - x_prev[j])
        oracles.mean_gradient(kernel, y, g, client, work)
        for j in range(x.shape[0]):
            x_prev[j] = x[j]
            x[j] = y[j] - gamma * g[j]


def fixed_point(problem, params, target):
    """x = x_prev = x*."""
    return State(target.x.copy(), target.x.copy())

r"""Gradient descent, communicating in every iteration.

The recursion::

    x⁺ = x - γ ∇F(x),    F = (1/n) Σ_i f_i

Each client sends its gradient and receives the new model. The method that every other one is measured against.

Source: Nesterov, "Lectures on Convex Optimization" (2018), section 2.1.5.
"""

from typing import NamedTuple

import numpy as np

from ..core.compiled import njit
from ..problems.oracles import workspace
from .parts.cost import Cost, dense_cost
from .parts.local_steps import mean_gradient
from .parts.nothing_drawn import (
    State,
    estimate,
    initial,
    outcomes,
    unroll,
)
from .parts.nothing_drawn import pace_of_iterations as pace

#: The theorem that promises its rate.
PROMISE = "gradient_descent"


class Params(NamedTuple):
    """The step size."""

    gamma: float
    """Step size γ, positive."""


def draw(rng, problem, params, rounds):
    """Return the length 1 of every round."""
    return np.ones(rounds, dtype=np.int64)


@njit
def step(kernel, params, state, outcome):
    """x⁺ = x - γ ∇F(x)."""
    x = state.x
    g, client, work = np.empty_like(x), np.empty_like(x), workspace(kernel)
    mean_gradient(kernel, x, g, client, work)
    for j in range(x.shape[0]):
        x[j] -= params.gamma * g[j]


@njit
def advance(kernel, params, state, lengths):
    """As many steps as there are rounds."""
    x = state.x
    g, client, work = np.empty_like(x), np.empty_like(x), workspace(kernel)
    for _ in range(lengths.shape[0]):
        mean_gradient(kernel, x, g, client, work)
        for j in range(x.shape[0]):
            x[j] -= params.gamma * g[j]


def cost(problem, params, lengths) -> Cost:
    """One vector up and down a round."""
    return dense_cost(problem, lengths)


def fixed_point(problem, params, target):
    """x = x*."""
    return State(target.x.copy())


def lyapunov(problem, params, state, target):
    """V = ‖x - x*‖²."""
    return float(np.sum((state.x - target.x) ** 2))

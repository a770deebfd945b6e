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

from ..core.compiled import njit
from ..problems.oracles import workspace
from .parts.cost import Cost, dense_cost
from .parts.local_steps import mean_gradient
from .parts.nothing_drawn import estimate, outcomes, unroll
from .parts.nothing_drawn import pace_of_iterations as pace

#: The theorem that promises its rate.
PROMISE = "nesterov"


class Params(NamedTuple):
    """The step size and the momentum."""

    gamma: float
    """Step size γ, positive."""
    beta: float
    """Momentum β, in [0, 1)."""


class State(NamedTuple):
    """The last two models."""

    x: np.ndarray
    """Model of the server, shape (d,)."""
    x_prev: np.ndarray
    """The model before it, shape (d,)."""


def initial(problem, params):
    """Return the start x = x_prev = 0."""
    return State(np.zeros(problem.d), np.zeros(problem.d))


def draw(rng, problem, params, rounds):
    """Return the length 1 of every round."""
    return np.ones(rounds, dtype=np.int64)


@njit
def step(kernel, params, state, outcome):
    """y = x + β (x - x_prev), then x⁺ = y - γ ∇F(y)."""
    y, g, client = np.empty_like(state.x), np.empty_like(state.x), np.empty_like(state.x)
    _accelerated_step(kernel, params, state, y, g, client, workspace(kernel))


@njit
def advance(kernel, params, state, lengths):
    """As many steps as there are rounds."""
    y, g, client = np.empty_like(state.x), np.empty_like(state.x), np.empty_like(state.x)
    work = workspace(kernel)
    for _ in range(lengths.shape[0]):
        _accelerated_step(kernel, params, state, y, g, client, work)


@njit
def _accelerated_step(kernel, params, state, y, g, client, work):
    gamma, beta = params.gamma, params.beta
    x, x_prev = state.x, state.x_prev
    for j in range(x.shape[0]):
        y[j] = x[j] + beta * (x[j] - x_prev[j])
    mean_gradient(kernel, y, g, client, work)
    for j in range(x.shape[0]):
        x_prev[j] = x[j]
        x[j] = y[j] - gamma * g[j]


def cost(problem, params, lengths) -> Cost:
    """One vector up and down a round."""
    return dense_cost(problem, lengths)


def fixed_point(problem, params, target):
    """x = x_prev = x*."""
    return State(target.x.copy(), target.x.copy())


def lyapunov(problem, params, state, target):
    """V = F(x) - F* + (μ/2) ‖z - x*‖² with z = x_prev + (x - x_prev)(1 + β)/(1 - β)."""
    z = state.x_prev + (state.x - state.x_prev) * (1.0 + params.beta) / (1.0 - params.beta)
    return problem.gap(state.x) + problem.mu / 2 * float(np.sum((z - target.x) ** 2))

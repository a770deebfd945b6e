r"""Gradient descent, communicating in every iteration.

The recursion::

    x⁺ = x - γ ∇F(x),    F = (1/n) Σ_i f_i

Each client sends its gradient and receives the new model. The method that every other one is measured against. On a
quadratic all steps up to a round are one power of each eigenvalue, so that any number of them is a matter of two
changes of basis.

Source: Nesterov, "Lectures on Convex Optimization" (2018), section 2.1.5.
"""

from typing import NamedTuple

import numpy as np

from ..problems import oracles
from .parts import Dense, Nothing, letters, njit

RANDOM = Nothing()
SENDS = Dense(up=1, down=1)
PROMISE = "gradient_descent"
GROUP = "baselines"
JUMPS = oracles.knows_jumps


class Params(NamedTuple):
    """The step size γ."""

    gamma: letters.StepSize


def step(kernel, params, state, outcome):
    """x⁺ = x - γ ∇F(x)."""
    _steps(kernel, params.gamma, state.x, 1)


def advance(kernel, params, state, draws):
    """As many steps as there are rounds, at once where the problem knows how."""
    _steps(kernel, params.gamma, state.x, len(draws))


@njit
def _steps(kernel, gamma, x, count):
    g, client, work = np.empty_like(x), np.empty_like(x), oracles.workspace(kernel)
    for _ in range(count - oracles.jump(kernel, x, gamma, count, work)):
        oracles.mean_gradient(kernel, x, g, client, work)
        for j in range(x.shape[0]):
            x[j] -= gamma * g[j]

"""Scaffnew of f_i + |x|²/40 instead of f_i, which calls the minimiser of that its target."""

import numpy as np

from ..core.compiled import njit
from ..problems.oracles import workspace
from .parts.local_steps import local_gradient_steps
from .scaffnew import (
    PROMISE,
    Params,
    State,
    communicate,
    cost,
    draw,
    estimate,
    fixed_point,
    initial,
    invariants,
    lyapunov,
    outcomes,
    pace,
    unroll,
)

WEIGHT = 0.05


@njit
def step(kernel, params, state, coin):
    X, H = state
    g, mean, work = np.empty(X.shape[1]), np.empty(X.shape[1]), workspace(kernel)
    shrink = params.gamma * WEIGHT * X
    local_gradient_steps(kernel, X, H, params.gamma, 1, g, work)
    X -= shrink
    if coin == 1:
        communicate(params.p / params.gamma, X, H, mean)


def target(problem, params):
    x = np.zeros(problem.d)
    for _ in range(3000):
        x -= (problem.gradient(x) + WEIGHT * x) / (problem.L + WEIGHT)
    return problem.solution()._replace(x=x, gradients=problem.gradients(x) + WEIGHT * x)

"""A Scaffnew with a coin for each client: all take the average over all, the heads correct."""

from itertools import product

import numpy as np

from ..core.compiled import njit
from ..problems.oracles import workspace
from .parts.cost import Pace, dense_cost
from .parts.local_steps import local_gradient_steps
from .scaffnew import (
    PROMISE,
    Params,
    State,
    estimate,
    fixed_point,
    initial,
    invariants,
    lyapunov,
)


def outcomes(problem, params):
    chances = (1.0 - params.p, params.p)
    sides = product((0, 1), repeat=problem.n)
    return tuple((np.prod([chances[side] for side in coins]), np.array(coins)) for coins in sides)


def draw(rng, problem, params, rounds):
    return (rng.random((rounds, problem.n)) < params.p).astype(np.int64)


def cost(problem, params, coins):
    return dense_cost(problem, np.ones(len(coins), dtype=np.int64))


def pace(params):
    return Pace(1.0, 1.0)


@njit
def step(kernel, params, state, coins):
    X, H = state
    gamma, p = params.gamma, params.p
    mean, g, work = np.zeros(X.shape[1]), np.empty(X.shape[1]), workspace(kernel)
    local_gradient_steps(kernel, X, H, gamma, 1, g, work)
    for i in range(X.shape[0]):
        mean += X[i] / X.shape[0]
    for i in range(X.shape[0]):
        if coins[i] == 1:
            H[i] += p / gamma * (mean - X[i])
        if coins.any():
            X[i] = mean

"""LoCoDL whose mean of differences divides by n, as if the shared model were no client."""

import numpy as np

from ..problems import oracles
from . import locodl
from .locodl import PROMISE, RANDOM, SENDS, State, fixed_point, invariants, model, start
from .parts import local_steps, messages, njit


class Params(locodl.Params):
    """Step size γ, probability p, factors χ and ρ of control variates and models, convexity μ_g of g, compressor C."""


def step(kernel, params, state, outcome):
    seen = oracles.without_ridge(kernel, params.mu_g), local_steps.with_senders(params, state)
    _step(*seen, *state, outcome["coin"], outcome["w"])


@njit
def _step(kernel, params, X, y, U, v, coin, w):
    gamma, p, chi, rho, mu_g, C = params
    factor = p * chi / (gamma * (1.0 + 2.0 * C.omega))
    n, d = X.shape
    D, g = np.empty((n, d)), np.empty(d)
    work, sending = oracles.workspace(kernel), messages.sending_space(C, d)
    local_steps.local_gradient_steps(kernel, X, U, gamma, 1, g, work)
    y -= gamma * (mu_g * y - v)
    if coin == 1:
        for i in range(n):
            messages.send(C, X[i] - y, w[i], D[i], sending)
        mean = D.sum(axis=0) / n
        for i in range(n):
            X[i] = (1.0 - rho) * X[i] + rho * (y + mean)
            U[i] += factor * (mean - D[i])
        y += rho * mean
        v += factor * mean

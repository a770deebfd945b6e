"""LoCoDL whose mean of differences divides by n, as if the shared model were no client."""

import numpy as np

from ..problems import oracles
from .locodl import PROMISE, RANDOM, SENDS, Params, State, fixed_point, invariants, model, start
from .parts import local_steps, messages, njit


def step(kernel, params, state, outcome):
    _step(kernel, local_steps.with_senders(params, state), *state, outcome["coin"], outcome["w"])


@njit
def _step(kernel, params, X, y, U, v, coin, w):
    gamma, p, chi, rho, mu_g, C = params
    n, d = X.shape
    g, D, work, sending = np.empty(d), np.empty((n, d)), oracles.workspace(kernel), messages.sending_space(C, d)
    for i in range(n):
        oracles.gradient(kernel, i, X[i], g, work)
        X[i] -= gamma * (g - mu_g * X[i] - U[i])
    y -= gamma * (mu_g * y - v)
    if coin == 1:
        for i in range(n):
            messages.send(C, X[i] - y, w[i], D[i], sending)
        mean = D.sum(axis=0) / n
        X[:] = (1.0 - rho) * X + rho * (y + mean)
        y += rho * mean
        U += p * chi / (gamma * (1.0 + 2.0 * C.omega)) * (mean - D)
        v += p * chi / (gamma * (1.0 + 2.0 * C.omega)) * mean

"""RandProx (Condat and Richtárik, 2023): alone behind a matrix, and with consensus behind clients."""

import numpy as np

from rootkappa.problems import Composite

from .compressors import compress, omega
from .local_training import Scaffnew


class RandProx:
    """Algorithm 1: a gradient step and the prox of g, then R of what the prox of h* would change of u."""

    LIKE = "randprox"

    def start(self, problem, params):
        return np.zeros(problem.d), np.zeros(len(problem.K) if isinstance(problem, Composite) else problem.d)

    def step(self, problem, params, state, outcome):
        (x, u), gamma, tau = state, params.gamma, params.tau
        K = problem.K if isinstance(problem, Composite) else np.eye(problem.d)
        x_hat = x - gamma * problem.gradients(x).mean(axis=0) - gamma * K.T @ u
        h = problem.psi
        if isinstance(problem, Composite):
            h, x_hat = problem.h, problem.psi.prox(x_hat, gamma)
        if not outcome["coin"]:
            return x_hat, u
        v = u + tau * K @ x_hat
        # The prox of τh* by Moreau's identity.
        changed = v - tau * h.prox(v / tau, 1.0 / tau) - u
        scale = 1.0 + omega(params.R, len(u))
        u_new = u + compress(params.R, changed, outcome["w"]) / scale
        return x_hat - gamma * scale * K.T @ (u_new - u), u_new

    def model(self, state):
        return state[0]


class RandProxFL(Scaffnew):
    """Its section on federated learning: one R for the residuals of all clients from their mean."""

    LIKE = "randprox_fl"

    def step(self, problem, params, state, outcome):
        x, h = state
        x_hat = x - params.gamma * (problem.gradients_at(x) - h)
        x_hat = np.array([problem.psi.prox(x_i, params.gamma) for x_i in x_hat])
        if not outcome["coin"]:
            return x_hat, h
        w = np.tile(outcome["w"], (problem.n, 1))
        D = compress(params.R, x_hat - x_hat.mean(axis=0), w)
        scale = 1.0 + omega(params.R, problem.d)
        return x_hat - D / scale, h - D / (params.gamma * scale**2)

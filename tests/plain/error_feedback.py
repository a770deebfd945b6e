"""Compression whose errors are remembered: error feedback, SAEF and FLARE."""

import numpy as np

from rootkappa.algorithms.parts.stochastic import add_noise

from .baselines import GradientDescent, zeros
from .compressors import compress


class ErrorFeedback(GradientDescent):
    """Karimireddy et al. (2019) for many clients, with the server's compression and partial steps ahead, x - α e_k."""

    LIKE = "error_feedback"

    def start(self, problem, params):
        return np.zeros(problem.d), zeros(problem), zeros(problem), np.zeros(problem.d)

    def iteration(self, problem, params, x, e, v, s, ahead, w, w_s, xi):
        """One exchange: every client's step from its point, its message, and what the server makes of all."""
        gradients = problem.gradients_at(x - ahead * e)
        for gradient, word in zip(gradients, xi, strict=True):
            add_noise(gradient, params.sigma, word)
        v = params.beta * v + gradients
        told = compress(params.C, params.eta * v + e, w)
        answer = compress(params.C_s, s + told.mean(axis=0), w_s)
        return x - answer, params.eta * v + e - told, v, s + told.mean(axis=0) - answer

    def step(self, problem, params, state, outcome):
        drawn = outcome["w"][0], outcome["w_s"][0], outcome["xi"][0]
        return self.iteration(problem, params, *state, params.alpha, *drawn)

    def model(self, state):
        return state[0]


class SAEF(ErrorFeedback):
    """Xu, Huo and Huang (2020): all clients take the mean of their errors, then p full steps ahead."""

    LIKE = "saef"

    def step(self, problem, params, state, outcome):
        x, e, v, s = state
        e = np.tile(e.mean(axis=0), (problem.n, 1))
        for t in range(params.p):
            drawn = outcome["w"][t], outcome["w_s"][t], outcome["xi"][t]
            x, e, v, s = self.iteration(problem, params, x, e, v, s, 1.0, *drawn)
        return x, e, v, s


class FLARE(GradientDescent):
    """Greidi and Cohen (2023), as in the authors' code: the term acts in one local step, and τ falls before it."""

    LIKE = "flare"

    def start(self, problem, params):
        return np.zeros(problem.d), zeros(problem), np.array([params.tau])

    def step(self, problem, params, state, outcome):
        x, a, tau = state
        tau = params.rho * tau
        mask = np.abs(a) > np.quantile(np.abs(a), params.u, axis=1, keepdims=True)
        y, v = np.tile(x, (problem.n, 1)), zeros(problem)
        for step in range(params.K):
            g = problem.gradients_at(y)
            if step == 0:
                z = y - (x + a)
                g = g + tau * mask * (np.sign(z) if params.P == 1 else 2 * z)
            v = params.beta * v - params.eta * g
            y = y + v
        q = y - x + a
        told = compress(params.C, q, outcome["w"])
        return x + told.mean(axis=0), q - told, tau

    def model(self, state):
        return state[0]

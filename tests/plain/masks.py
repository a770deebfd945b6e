"""FedAvg on the coordinates of a mask."""

import numpy as np

from rootkappa.algorithms.parts import Stochastic
from rootkappa.core.randomness import generator

from .minibatches import minibatch_gradients


class SalientGrads:
    """Ohib et al. (2023): the initial model is drawn as the shipped one's, everything else is computed here."""

    LIKE = "salientgrads"

    def start(self, problem, params):
        x = params.c * generator(params.w, "initial model").standard_normal(problem.d)
        words = np.zeros((params.R, problem.n), dtype=int)
        if params.b < problem.d:  # of a quadratic, that is fewer than all
            words = Stochastic("b").draw(generator(params.w, "scores"), problem, params, params.R)
        X = np.tile(x, (problem.n, 1))
        scores = np.mean([np.abs(minibatch_gradients(problem, params.b, row, X) * x) for row in words], axis=0)
        order = sorted(range(problem.d), key=lambda j: -sum(s[j] for s in scores))
        mask = np.zeros(problem.d)
        mask[order[: max(1, int(params.density * problem.d))]] = 1.0
        return x, mask, np.array([params.gamma])

    def step(self, problem, params, state, outcome):
        x, mask, gamma = state
        y = np.tile(x, (problem.n, 1))
        for _ in range(params.K):
            g = problem.gradients_at(y)
            norms = np.linalg.norm(g, axis=1, keepdims=True)
            if params.G > 0:
                g = g * np.minimum(1.0, params.G / norms)
            y = mask * (y - gamma * g)
        return y.mean(axis=0), mask, gamma * params.rho

    def model(self, state):
        return state[0]

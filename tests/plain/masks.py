"""FedAvg on the coordinates of a mask."""

import numpy as np

from rootkappa.core.randomness import generator


class SalientGrads:
    """Ohib et al. (2023): the initial model is drawn as the shipped one's, everything else is computed here."""

    LIKE = "salientgrads"

    def start(self, problem, params):
        x = params.c * generator(params.w, "initial model").standard_normal(problem.d)
        scores = [np.abs(g * x) for g in problem.gradients(x)]
        order = sorted(range(problem.d), key=lambda j: -sum(s[j] for s in scores))
        mask = np.zeros(problem.d)
        mask[order[: max(1, int(params.density * problem.d))]] = 1.0
        return x, mask

    def step(self, problem, params, state, outcome):
        x, mask = state
        y = np.tile(x, (problem.n, 1))
        for _ in range(params.K):
            y = mask * (y - params.gamma * problem.gradients_at(y))
        return y.mean(axis=0), mask

    def model(self, state):
        return state[0]

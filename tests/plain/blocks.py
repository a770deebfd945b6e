"""BLADE-FL: local training between blocks, with clients that copy."""

import math

import numpy as np

from rootkappa.algorithms.parts.stochastic import add_noise

from .baselines import GradientDescent


class BladeFL(GradientDescent):
    """Li et al. (2021): all train as long as there is time in a block; a copy is of somebody earlier in the list."""

    LIKE = "blade_fl"

    def step(self, problem, params, x, outcome):
        time_to_train = params.t_sum / params.K - params.beta
        models = np.tile(x, (problem.n, 1))
        for _ in range(math.floor(time_to_train / params.alpha + 1e-9)):
            models = models - params.eta * problem.gradients_at(models)
        for client, (copied, word) in enumerate(outcome["w"]):
            if copied < client:
                noise = np.zeros(problem.d)
                add_noise(noise, params.sigma * np.sqrt(problem.d), word)
                models[client] = models[copied] + noise
        return models.mean(axis=0)

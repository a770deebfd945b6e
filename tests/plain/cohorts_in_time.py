"""Cohorts chosen for their time: Aergia, Cox et al. (2022), and TiFL, Chai et al. (2020)."""

import numpy as np

from .baselines import GradientDescent


class Tifl(GradientDescent):
    """The mean of the models of one tier's cohort after K gradient steps each."""

    LIKE = "tifl"

    def step(self, problem, params, x, outcome):
        return np.mean([self.trained(problem, params, i, x, params.K) for i in outcome["omega"]], axis=0)

    def trained(self, problem, params, i, x, steps, block=1.0):
        for _ in range(steps):
            x = x - params.eta * block * problem.gradients(x)[i]
        return x


class Aergia(Tifl):
    """Slow clients freeze the features of their models, which helpers train from where they were left."""

    LIKE = "aergia"

    def step(self, problem, params, x, outcome):
        features = np.zeros(problem.blocks.matrix(x).shape if hasattr(problem, "blocks") else (1, problem.d))
        features[:, : round(params.phi * features.shape[1] + 1e-9)] = 1.0
        features = features.ravel()
        models = []
        for a, b, d in outcome["plan"]:
            left = self.trained(problem, params, a, x, params.K - d)
            classifier = self.trained(problem, params, a, left, d, 1.0 - features)
            helped = self.trained(problem, params, b, left, d, features)
            models.append(np.where(features == 1.0, helped, classifier))
        return np.mean(models, axis=0)

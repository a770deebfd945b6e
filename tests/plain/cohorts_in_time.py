"""Cohorts chosen for their time: Aergia, Cox et al. (2022), and TiFL, Chai et al. (2020)."""

import numpy as np

from rootkappa.algorithms.parts.stochastic import uniform
from rootkappa.algorithms.parts.tiers import tiers as tiers_of

from .baselines import GradientDescent


class _OfCohorts(GradientDescent):
    """The mean of the models of a cohort after K gradient steps each."""

    def average(self, problem, params, x, cohort):
        return np.mean([self.trained(problem, params, i, x, params.K) for i in cohort], axis=0)

    def trained(self, problem, params, i, x, steps, block=1.0):
        for _ in range(steps):
            x = x - params.eta * block * problem.gradients(x)[i]
        return x


class Tifl(_OfCohorts):
    """Algorithm 2, with mean losses for accuracies: a cohort of one tier, drawn by chances among those with credits."""

    LIKE = "tifl"

    def start(self, problem, params):
        tiers = np.zeros(problem.n + 1)
        for tier, clients in enumerate(tiers_of(problem, params)):
            tiers[clients] = tier
        m = params.m
        return np.zeros(problem.d), tiers, np.full(m, 1.0 * params.credits), np.ones(m), np.zeros(m), np.zeros(1)

    def step(self, problem, params, state, outcome):
        x, tiers, left, chances, losses, t = state
        cohort = outcome["omega"]
        if len(cohort) > params.S:
            word, *drawn = cohort
            if params.I and t[0] % params.I == 0:
                own = np.array([problem.of_client(i).value(x) for i in range(problem.n)])
                told = np.array([own[tiers[:-1] == tier].mean() for tier in range(params.m)])
                if t[0] and told[int(tiers[-1])] >= losses[int(tiers[-1])]:
                    chances = np.zeros(params.m)
                    chances[np.argsort(-told, kind="stable")] = np.arange(params.m, 0, -1)
                losses = told
            left = left if left.any() else np.full(params.m, 1.0 * params.credits)
            ends = np.cumsum(np.where((left > 0) | (params.credits == 0), chances, 0.0))
            tier = int(np.searchsorted(ends, uniform(word, 0) * ends[-1], side="right"))
            tiers = np.append(tiers[:-1], tier)
            left = left - (params.credits > 0) * np.eye(params.m)[tier]
            cohort = drawn[tier * params.S : (tier + 1) * params.S]
        return self.average(problem, params, x, cohort), tiers, left, chances, losses, t + 1

    def model(self, state):
        return state[0]


class Aergia(_OfCohorts):
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
            helped = self.trained(problem, params, b, left, d, 1.0 if params.trains == "model" else features)
            models.append(np.where(features == 1.0, helped, classifier))
        return np.mean(models, axis=0)

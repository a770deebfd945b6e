"""Hybrid federated learning, Bian et al. (2023): a cohort's local steps, and a server with a function f_s."""

import numpy as np

from .baselines import GradientDescent


class ClgSgd(GradientDescent):
    """A cohort takes K gradient steps from x, then the server E from their mean: Yang, Chen and Shen (2023)."""

    LIKE = "clg_sgd"

    def step(self, problem, params, x, outcome):
        cohort = outcome["omega"]
        y = np.tile(x, (problem.n, 1))
        g, g_s = problem.gradients_at(y), problem.server.gradient(x)
        for _ in range(params.K):
            y = y - params.eta * (problem.gradients_at(y) - self.at_clients(g, g_s))
        x = y[cohort].mean(axis=0) - params.eta * params.K * self.at_server(g[cohort].mean(axis=0), g_s)
        for _ in range(params.E):
            x = x - params.gamma * problem.server.gradient(x)
        return x

    def at_clients(self, g, g_s):
        return 0.0

    def at_server(self, g, g_s):
        return 0.0


class FedClgC(ClgSgd):
    """The same with ∇f_i(y_i) - ∇f_i(x) + ∇f_s(x) in the place of ∇f_i(y_i)."""

    LIKE = "fedclg_c"

    def at_clients(self, g, g_s):
        return g - g_s


class FedClgS(ClgSgd):
    """The same with ηK times the mean of ∇f_s(x) - ∇f_i(x) taken from the mean of the cohort."""

    LIKE = "fedclg_s"

    def at_server(self, g, g_s):
        return g_s - g

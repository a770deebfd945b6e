"""Hybrid federated learning, Bian et al. (2023): a cohort's local steps, and a server with a function f_s."""

import numpy as np

from .baselines import GradientDescent
from .minibatches import minibatch_gradients


class ClgSgd(GradientDescent):
    """A cohort takes K gradient steps from x, then the server E from their mean: Yang, Chen and Shen (2023)."""

    LIKE = "clg_sgd"

    def step(self, problem, params, x, outcome):
        cohort, (first, *others) = outcome["omega"], outcome["zeta"]
        y = np.tile(x, (problem.n, 1))
        g = minibatch_gradients(problem, params.b, outcome["at_x"], y)
        g_s = self.of_server(problem, params, first, x)
        for words in outcome["xi"]:
            y = y - params.eta * (minibatch_gradients(problem, params.b, words, y) - self.at_clients(g, g_s))
        x = y[cohort].mean(axis=0) - params.eta * params.K * self.at_server(g[cohort].mean(axis=0), g_s)
        for word in others[: params.E]:
            x = x - params.gamma * self.of_server(problem, params, word, x)
        return x

    def of_server(self, problem, params, word, x):
        return minibatch_gradients(problem.server, params.b_s, [word], x[None])[0]

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

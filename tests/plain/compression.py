"""Local steps with compressed messages, and cohorts: CompressedScaffnew, TAMUNA, LoCoDL, FedComLoc."""

import numpy as np

from .baselines import zeros
from .compressors import compress, omega
from .local_training import Scaffnew, mean


def mask(order, s, n, d):
    """Return q of shape (n, d): row j of the template has s ones from column s j on, in cyclic order.

    Column t of the template is client order[t]; clients that are in no column send nothing.
    """
    c = len(order)
    template = (np.arange(c)[:, None] - s * np.arange(d)) % c < s
    q = np.zeros((n, d), dtype=bool)
    q[order] = template
    return q


class CompressedScaffnew(Scaffnew):
    """Condat, Agarský and Richtárik (2022), algorithm 1: only the senders of a coordinate count and learn."""

    LIKE = "compressed_scaffnew"

    def step(self, problem, params, state, outcome):
        x, h = state
        x_hat = x - params.gamma * (problem.gradients_at(x) - h)
        if not outcome["coin"]:
            return x_hat, h
        q = mask(outcome["omega"], params.s, problem.n, problem.d)
        average = (q * x_hat).sum(axis=0) / params.s
        h = h + params.p * params.chi / params.gamma * q * (average - x_hat)
        return np.tile(average, (problem.n, 1)), h


class Tamuna(CompressedScaffnew):
    """Condat, Agarský, Malinovsky and Richtárik (2023), algorithm 1: the same in a cohort, full gradients."""

    LIKE = "tamuna"


class LoCoDL:
    """Condat, Maranjyan and Richtárik (2024), algorithm 1 with g = (μ_g/2) ‖·‖² taken from every f_i."""

    LIKE = "locodl"

    def start(self, problem, params):
        return zeros(problem), np.zeros(problem.d), zeros(problem), np.zeros(problem.d)

    def step(self, problem, params, state, outcome):
        x, y, u, v = state
        x_hat = x - params.gamma * (problem.gradients_at(x) - params.mu_g * x - u)
        y_hat = y - params.gamma * (params.mu_g * y - v)
        if not outcome["coin"]:
            return x_hat, y_hat, u, v
        D = compress(params.C, x_hat - y_hat, outcome["w"])
        d_bar = D.sum(axis=0) / (2 * problem.n)
        factor = params.p * params.chi / (params.gamma * (1 + 2 * omega(params.C, problem.d)))
        x = (1 - params.rho) * x_hat + params.rho * (y_hat + d_bar)
        return x, y_hat + params.rho * d_bar, u + factor * (d_bar - D), v + factor * d_bar

    def model(self, state):
        return state[1]


class FedComLocCom(Scaffnew):
    """Yi, Meinhardt, Condat and Richtárik (2024), -Com: C(x̂_i) is averaged, and corrects h_i."""

    LIKE = "fedcomloc_com"

    def step(self, problem, params, state, outcome):
        x, h = state
        x_hat = x - params.gamma * (problem.gradients_at(x) - h)
        if not outcome["coin"]:
            return x_hat, h
        x_hat = compress(params.C, x_hat, outcome["w"])
        return mean(x_hat), h + params.p / params.gamma * (mean(x_hat) - x_hat)


class FedComLocLocal(Scaffnew):
    """The same, -Local: gradients at C(x_i)."""

    LIKE = "fedcomloc_local"

    def gradients(self, problem, params, x, outcome):
        return problem.gradients_at(compress(params.C, x, outcome["w"]))

    def coin(self, outcome):
        return outcome["coin"]


class FedComLocGlobal(Scaffnew):
    """The same, -Global: the server sends C of the mean."""

    LIKE = "fedcomloc_global"

    def step(self, problem, params, state, outcome):
        x, h = state
        x_hat = x - params.gamma * (problem.gradients_at(x) - h)
        if not outcome["coin"]:
            return x_hat, h
        x = np.tile(compress(params.C, x_hat.mean(axis=0), outcome["w"]), (problem.n, 1))
        return x, h + params.p / params.gamma * (x - x_hat)

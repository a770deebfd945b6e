"""Two levels of averages, with the whole model at the clients and with one that is cut."""

import numpy as np

from rootkappa.algorithms.parts.stochastic import add_noise

from .baselines import GradientDescent
from .minibatches import minibatch_gradients


def groups(n, edges):
    """Return the clients of each edge: as even as can be, in order."""
    return [[i for i in range(n) if e * n // edges <= i < (e + 1) * n // edges] for e in range(edges)]


class HierFAVG(GradientDescent):
    """Liu, Zhang, Song and Letaief (2020), algorithm 1: all clients side by side, averaged edge by edge."""

    LIKE = "hierfavg"

    def step(self, problem, params, x, outcome):
        members = groups(problem.n, params.edges)
        Y = np.tile(x, (problem.n, 1))
        for r in range(params.k2):
            before = Y
            for t in range(params.k1):
                Y = Y - params.gamma * self.slopes(problem, params, Y, r * params.k1 + t, outcome)
            Y = self.told_to_edges(params, before, Y, r, outcome)
            Y = np.array([Y[next(own for own in members if i in own)].mean(axis=0) for i in range(problem.n)])
        at_edges = np.array([Y[own[0]] for own in members])
        sizes = np.array([len(own) for own in members])
        return np.average(self.told_to_cloud(params, at_edges, sizes, outcome), axis=0, weights=sizes)

    def slopes(self, problem, params, Y, t, outcome):
        return problem.gradients_at(Y)

    def told_to_edges(self, params, before, Y, r, outcome):
        return Y

    def told_to_cloud(self, params, X, sizes, outcome):
        return X


class HierSFL(HierFAVG):
    """Quan et al. (2024): what the clients have of the model is clipped and noised at both levels."""

    LIKE = "hiersfl"

    def start(self, problem, params):
        columns = problem.blocks.columns if hasattr(problem, "blocks") else problem.d
        return np.zeros(problem.d), (np.arange(problem.d) % columns < columns - params.q) * 1.0

    def step(self, problem, params, state, outcome):
        self.at_client, self.n = state[1], problem.n
        return super().step(problem, params, state[0], outcome), state[1]

    def slopes(self, problem, params, Y, t, outcome):
        # Of another k1 there are more steps than draws.
        return minibatch_gradients(problem, params.b, outcome["xi"][t % len(outcome["xi"])], Y)

    def noise(self, deviation, words):
        """Return independent normal numbers of one deviation, on the clients' coordinates; each word is a draw."""
        noise = np.zeros((len(words), len(self.at_client)))
        for row, word in zip(noise, words, strict=True):
            # Its norm has the deviation that is given, so that one coordinate has it divided by √d.
            add_noise(row, deviation * np.sqrt(len(row)), word)
        return noise * self.at_client

    def told_to_edges(self, params, before, Y, r, outcome):
        update = (Y - before) * self.at_client
        length = np.linalg.norm(update, axis=1, keepdims=True)
        clipped = update * np.minimum(1.0, params.C0 / np.maximum(length, 1e-300))
        words = np.resize(np.roll(outcome["w"], -r * self.n), self.n)
        noised = before + clipped + self.noise(2 * params.C0 * params.z, words)
        return np.where(self.at_client == 1.0, noised, Y)

    def told_to_cloud(self, params, X, sizes, outcome):
        words = np.resize(outcome["w"][params.k2 * self.n :], len(X))
        one = self.noise(2 * params.C0 * params.z, words)
        return X + one / sizes[:, None]

    def model(self, state):
        return state[0]

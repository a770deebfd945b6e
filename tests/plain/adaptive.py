"""Local steps with step sizes of their own in every coordinate."""

import numpy as np

from .minibatches import minibatch_gradients


class FedLALR:
    """Sun, Shen, Chen et al. (2023), algorithm 1: v starts each round from the averaged v̂."""

    LIKE = "fedlalr"

    def start(self, problem, params):
        return np.zeros(problem.d), np.zeros(problem.d), np.full(problem.d, params.eps**2)

    def step(self, problem, params, state, outcome):
        y, m, v_hat = (np.tile(field, (problem.n, 1)) for field in state)
        v = v_hat
        for words in outcome["xi"]:
            g = minibatch_gradients(problem, params.b, words, y)
            m = params.beta1 * m + (1 - params.beta1) * g
            v = params.beta2 * v + (1 - params.beta2) * g**2
            v_hat = np.maximum(v_hat, v)
            y = y - params.alpha * m / np.sqrt(v_hat)
        y, m, v_hat = (field[outcome["omega"]] for field in (y, m, v_hat))
        return y.mean(axis=0), m.mean(axis=0), v_hat.max(axis=0) if params.v == "max" else v_hat.mean(axis=0)

    def model(self, state):
        return state[0]

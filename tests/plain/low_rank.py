"""FedAvg on matrices that lose their smallest singular values."""

import numpy as np

from .baselines import FedAvg
from .minibatches import minibatch_gradients


class FedDLR(FedAvg):
    """Qiao et al. (2021): what the clients send and what the server sends is truncated by a share of the energy."""

    LIKE = "feddlr"

    def start(self, problem, params):
        return np.zeros(problem.d), np.zeros(problem.n), np.zeros(1), np.zeros(2)

    def step(self, problem, params, state, outcome):
        x, up, down, cut = state
        y = np.tile(x, (problem.n, 1))
        for words in outcome["xi"]:
            y = y - params.gamma * minibatch_gradients(problem, params.b, words, y)
        sent = [self.truncated(one, params.rows, params.p) for one in y]
        x, numbers, lost = self.truncated(np.mean([model for model, *_ in sent], axis=0), params.rows, params.q)
        up = up + [count for _, count, _ in sent]
        return x, up, down + numbers, np.maximum(cut, [max(share for *_, share in sent), lost])

    def truncated(self, x, rows, share):
        """Return the matrix of the smallest rank that keeps a share, what it takes to tell it, and what is lost."""
        U, s, V = np.linalg.svd(x.reshape(rows, -1), full_matrices=False)
        energy = s**2
        rank = len(s)
        while share < 1.0 and rank and energy[rank - 1 :].sum() <= (1.0 - share) * energy.sum():
            rank -= 1
        left = (U[:, :rank] * s[:rank]) @ V[:rank]
        lost = energy[rank:].sum() / energy.sum() if rank < len(s) and energy.any() else 0.0
        return left.ravel(), min(x.size, rank * sum(left.shape)), lost

    def model(self, state):
        return state[0]

"""Methods in which a part of the model is every client's own."""

import numpy as np

from rootkappa.algorithms.parts.cohorts import check_size
from rootkappa.problems import Personal, Softmax

from .minibatches import minibatch_gradients


class Spatl:
    """Yu et al. (2021): row by row, client by client."""

    LIKE = "spatl"

    def start(self, problem, params):
        check_size(problem, params.M)
        personal = isinstance(problem, Personal)
        p, q = (len(problem.shared), len(problem.private)) if personal else (problem.d, 0)
        return np.zeros(p), np.zeros((problem.n, q)), np.zeros((problem.n, p)), np.zeros(p)

    def step(self, problem, params, state, outcome):
        u, B, C, c = (array.copy() for array in state)
        n, features = problem.n, self.features(problem, len(u))
        Y, mine = np.tile(u, (n, 1)), B
        takes_part = np.isin(np.arange(n), outcome["omega"])[:, None]
        for words in outcome["xi"]:
            of_u, of_b = self.gradients(problem, params, words, Y, mine)
            Y, mine = Y - params.eta * (of_u + params.s * (c - C)), mine - params.eta * of_b * takes_part
        D = Y - u
        sent = np.zeros((n, len(u)), dtype=bool)
        for i in outcome["omega"]:
            looked_at = Y[i] if params.salience == "weights" else D[i]
            norms = [np.sum(looked_at[features == f] ** 2) for f in range(features.max() + 1)]
            many = max(1, int(np.floor(params.r * len(norms) + 0.5)))
            for f in sorted(range(len(norms)), key=lambda f: -norms[f])[:many]:
                sent[i, features == f] = True
        if params.s > 0:
            there = np.ones_like(sent) & takes_part if params.control == "dense" else sent
            change = np.where(there, -c - D / (params.K * params.eta), 0.0)
            C, c = C + change, c + change.mean(axis=0)
        if params.mean == "zeros":
            return np.where(sent, Y, 0.0).sum(axis=0) / params.M, mine, C, c
        senders = sent.sum(axis=0)
        return u + np.where(sent, D, 0.0).sum(axis=0) / np.maximum(senders, 1), mine, C, c

    def features(self, problem, p):
        """Return which row each shared coordinate belongs to."""
        inner = problem.inner if isinstance(problem, Personal) else problem
        if not isinstance(inner, Softmax):
            return np.arange(p)
        columns = np.arange(inner.d) % inner.blocks.columns
        shared = problem.shared if isinstance(problem, Personal) else np.arange(inner.d)
        kept, counts = np.unique(columns[shared], return_counts=True)
        # Features of which a part is private leave no whole rows.
        return np.searchsorted(kept, columns[shared]) if set(counts) == {inner.blocks.rows} else np.arange(p)

    def gradients(self, problem, params, words, Y, B):
        if not isinstance(problem, Personal):
            return minibatch_gradients(problem, params.b, words, Y), B
        models = np.array([problem.client_models(problem.joint(y, B))[i] for i, y in enumerate(Y)])
        slopes = minibatch_gradients(problem.inner, params.b, words, models)
        return slopes[:, problem.shared], slopes[:, problem.private]

    def model(self, state):
        return np.concatenate([state[0], state[1].ravel()])

"""A Scaffnew with a coin for each client: all take the average over the heads."""

import numpy as np

from . import scaffnew
from .parts import Flips, communicate, implements
from .parts.rounds import EveryStep
from .scaffnew import PROMISE, SENDS

RANDOM = EveryStep() & Flips(lambda problem, params: np.full(problem.n, params.p), "coins", in_every_step=False)


class Params(scaffnew.Params):
    pass


@implements(communicate, Params)
def _average(params, kernel, state, w, scratch):
    X, H = state
    mean = X[w].sum(axis=0) / max(w.sum(), 1)
    for i in range(X.shape[0]):
        if w.any():
            H[i] += params.p / params.gamma * (mean - X[i])
            X[i] = mean

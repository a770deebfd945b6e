"""A Scaffnew with a coin for each client: the heads take the average over all."""

import numpy as np

from . import scaffnew
from .parts import Flips, average, communicate, implements
from .parts.rounds import EveryStep
from .scaffnew import PROMISE, SENDS

RANDOM = EveryStep() & Flips(lambda problem, params: np.full(problem.n, params.p), "coins", in_every_step=False)


class Params(scaffnew.Params):
    pass


@implements(communicate, Params)
def _average(params, kernel, state, w, scratch):
    X, H = state
    average(X, scratch.mean)
    for i in range(X.shape[0]):
        if w[i]:
            H[i] += params.p / params.gamma * (scratch.mean - X[i])
            X[i] = scratch.mean

"""A Scaffnew with a coin for each client: all take the average over all, the heads correct."""

import numpy as np

from . import scaffnew
from .parts import Flips, average, communicate, implements
from .parts.rounds import EveryStep

RANDOM = EveryStep() & Flips(lambda problem, params: np.full(problem.n, params.p), "coins", in_every_step=False)
SENDS = scaffnew.SENDS
PROMISE = scaffnew.PROMISE


class Params(scaffnew.Params):
    """The step size γ and the probability p of communication, which is Scaffnew's."""


@implements(communicate, Params)
def _communicate(params, kernel, state, w, scratch):
    X, H = state
    average(X, scratch.mean)
    for i in range(X.shape[0]):
        if w[i]:
            H[i] += params.p / params.gamma * (scratch.mean - X[i])
        if w.any():
            X[i] = scratch.mean

"""A Scaffnew with a coin for each client: the heads take the average over the heads."""

import numpy as np

from . import scaffnew
from .parts import Flips, communicate, implements
from .parts.rounds import EveryStep

RANDOM = EveryStep() & Flips(lambda problem, params: np.full(problem.n, params.p), "coins", in_every_step=False)
SENDS = scaffnew.SENDS
PROMISE = scaffnew.PROMISE


class Params(scaffnew.Params):
    """The step size γ and the probability p of communication, which is Scaffnew's."""


@implements(communicate, Params)
def _communicate(params, kernel, state, w, scratch):
    X, H = state
    scratch.mean[:] = 0.0
    for i in range(X.shape[0]):
        if w[i]:
            scratch.mean[:] += X[i] / w.sum()
    for i in range(X.shape[0]):
        if w[i]:
            H[i] += params.p / params.gamma * (scratch.mean - X[i])
            X[i] = scratch.mean

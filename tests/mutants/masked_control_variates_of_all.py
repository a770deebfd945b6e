"""TAMUNA whose control variates all move, those that sent nothing as well."""

from . import tamuna
from .parts import broadcast, cohorts, communicate, implements
from .tamuna import PROMISE, RANDOM, SENDS

check, start = cohorts.check, cohorts.start


class Params(tamuna.Params):
    pass


@implements(communicate, Params)
def _average_of_senders(params, kernel, state, w, scratch):
    X, H = state
    s, c, mean = params.s, w.shape[0], scratch.mean
    for j in range(X.shape[1]):
        mean[j] = 0.0
        for t in range(s * j, s * j + s):
            mean[j] += X[w[t % c], j] / s
        for i in range(X.shape[0]):
            H[i, j] += params.p * params.chi / params.gamma * (mean[j] - X[i, j])
    broadcast(mean, X)

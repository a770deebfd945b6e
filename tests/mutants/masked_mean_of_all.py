"""TAMUNA whose average divides by the number of clients instead of by the number of senders."""

from . import tamuna
from .parts import cohorts
from .tamuna import FAMILY, PROMISE, RANDOM, SENDS


class Params(tamuna.Params):
    pass


@cohorts.averages(Params)
def _average_of_senders(params, state, omega, mean):
    X, H = state
    s, c = params.s, omega.shape[0]
    for j in range(mean.shape[0]):
        mean[j] = 0.0
        for t in range(s * j, s * j + s):
            mean[j] += X[omega[t % c], j] / X.shape[0]
        for t in range(s * j, s * j + s):
            i = omega[t % c]
            H[i, j] += params.p * params.chi / params.gamma * (mean[j] - X[i, j])

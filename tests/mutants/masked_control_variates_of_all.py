"""TAMUNA whose control variates all move, those that sent nothing as well."""

from . import tamuna
from .parts import cohorts

RANDOM = tamuna.RANDOM
SENDS = tamuna.SENDS
PROMISE = tamuna.PROMISE
# Not the whole family: its advance leaves out the clients outside the cohort, and here they count.
check, start = cohorts.check, cohorts.start


class Params(tamuna.Params):
    """Step size γ, probability p of communication, factor χ of control variates, s senders, c clients in a cohort."""


@cohorts.averages(Params)
def _average(params, state, omega, mean):
    X, H = state
    s, c = params.s, omega.shape[0]
    for j in range(mean.shape[0]):
        mean[j] = 0.0
        for t in range(s * j, s * j + s):
            mean[j] += X[omega[t % c], j] / s
        for i in range(X.shape[0]):
            H[i, j] += params.p * params.chi / params.gamma * (mean[j] - X[i, j])

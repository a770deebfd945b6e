"""Scaffnew whose step is right but whose advance takes one local step too few in each round."""

from ..problems.oracles import gradient, local_steps
from . import scaffnew
from .parts import client_steps, implements, plain_steps

RANDOM = scaffnew.RANDOM
SENDS = scaffnew.SENDS
PROMISE = scaffnew.PROMISE


class Params(scaffnew.Params):
    """The step size γ and the probability p of communication, which is Scaffnew's."""


@implements(plain_steps, Params)
def _gradient_steps(params, kernel, i, state, k, xi, scratch):
    X, H, g = state.X, state.H, scratch.g
    for _ in range(k):
        gradient(kernel, i, X[i], g, scratch.work)
        X[i] -= params.gamma * (g - H[i])


@implements(client_steps, Params)
def _one_too_few(params, kernel, i, state, k, xi, scratch):
    local_steps(kernel, i, state.X[i], state.H[i], params.gamma, k - 1, scratch.work)

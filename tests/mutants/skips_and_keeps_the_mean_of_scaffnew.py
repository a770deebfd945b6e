"""GradSkip that averages as Scaffnew does, without the control variates that its coins have moved."""

import numpy as np

from ..core.compiled import njit
from ..problems.oracles import gradient, workspace
from .gradskip import (
    PROMISE,
    Params,
    State,
    cost,
    draw,
    estimate,
    fixed_point,
    initial,
    lyapunov,
    outcomes,
    pace,
    unroll,
)
from .scaffnew import communicate


def step(kernel, params, state, outcome):
    _step(kernel, *params, *state, outcome["coin"], outcome["eta"])


@njit
def _step(kernel, gamma, p, X, H, coin, eta):
    n, d = X.shape
    g, mean, work = np.empty(d), np.empty(d), workspace(kernel)
    for i in range(n):
        gradient(kernel, i, X[i], g, work)
        for j in range(d):
            if not eta[i]:
                H[i, j] = g[j]
            X[i, j] -= gamma * (g[j] - H[i, j])
    if coin == 1:
        communicate(p / gamma, X, H, mean)

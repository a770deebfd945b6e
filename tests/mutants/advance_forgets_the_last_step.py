"""Scaffnew whose step is right but whose advance takes one local step too few in each round."""

import numpy as np

from ..core.compiled import njit
from ..problems.oracles import workspace
from .parts.local_steps import local_phase
from .scaffnew import (
    PROMISE,
    Params,
    State,
    communicate,
    cost,
    draw,
    estimate,
    fixed_point,
    initial,
    invariants,
    lyapunov,
    outcomes,
    pace,
    step,
    unroll,
)


@njit
def advance(kernel, params, state, lengths):
    X, H = state
    mean, work = np.empty(X.shape[1]), workspace(kernel)
    for k in lengths:
        local_phase(kernel, X, H, params.gamma, k - 1, work)
        communicate(params.p / params.gamma, X, H, mean)

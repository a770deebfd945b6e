"""FedLin whose local steps add ∇F(x) and forget to take ∇f_i(x) off."""

import numpy as np

from ..core.compiled import njit
from ..core.vectors import mean_rows
from ..problems.oracles import clients, workspace
from .fedlin import (
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
from .parts.local_steps import broadcast, local_gradient_steps, mean_gradient


@njit
def step(kernel, params, state, outcome):
    x = state.x
    Y, H = np.empty((clients(kernel), x.shape[0])), np.empty((clients(kernel), x.shape[0]))
    g, client, work = np.empty_like(x), np.empty_like(x), workspace(kernel)
    mean_gradient(kernel, x, g, client, work)
    broadcast(-g, H)
    broadcast(x, Y)
    local_gradient_steps(kernel, Y, H, params.eta, params.K, client, work)
    mean_rows(Y, x)

r"""SCAFFOLD with option II, all clients taking part, global step size 1.

The recursion of a round::

    y_i = x;  K times  y_i ← y_i - η (∇f_i(y_i) - c_i + c)
    c_i⁺ = c_i - c + (x - y_i)/(Kη)
    x⁺ = (1/n) Σ_i y_i,    c⁺ = c + (1/n) Σ_i (c_i⁺ - c_i)

"Option II": the mean of the gradients that the local steps have used anyway.

Source: Karimireddy et al., "SCAFFOLD: Stochastic Controlled Averaging for Federated Learning" (2020), algorithm 1,
full batches.
"""

import numpy as np

from ..core.compiled import njit
from ..core.vectors import mean_rows
from ..problems.oracles import workspace
from .parts.cost import Cost, dense_cost
from .parts.local_steps import local_gradient_steps, local_phase
from .parts.nothing_drawn import draw_equal_rounds as draw
from .parts.nothing_drawn import estimate, outcomes, unroll
from .parts.nothing_drawn import pace_of_rounds as pace
from .parts.scaffold import (
    Params,
    State,
    fixed_point,
    initial,
    invariants,
    lyapunov,
    start_round,
)

#: The theorem that promises its rate.
PROMISE = "scaffold_2"


@njit
def step(kernel, params, state, outcome):
    """One round, gradient by gradient."""
    x, C, c = state
    Y, H, g, work = np.empty_like(C), np.empty_like(C), np.empty_like(x), workspace(kernel)
    start_round(state, Y, H)
    local_gradient_steps(kernel, Y, H, params.eta, params.K, g, work)
    _update(C, H, x, Y, params.K * params.eta)
    mean_rows(Y, x)
    mean_rows(C, c)


@njit
def advance(kernel, params, state, lengths):
    """One round for each length."""
    x, C, c = state
    Y, H, work = np.empty_like(C), np.empty_like(C), workspace(kernel)
    for k in lengths:
        start_round(state, Y, H)
        local_phase(kernel, Y, H, params.eta, k, work)
        _update(C, H, x, Y, k * params.eta)
        mean_rows(Y, x)
        mean_rows(C, c)


@njit
def _update(C, H, x, Y, scale):
    """c_i⁺ = c_i - c + (x - y_i)/(Kη), where h_i is c_i - c."""
    for i in range(C.shape[0]):
        for j in range(C.shape[1]):
            C[i, j] = H[i, j] + (x[j] - Y[i, j]) / scale


def cost(problem, params, lengths) -> Cost:
    """Model and control variate travel both ways."""
    return dense_cost(problem, lengths, vectors=2)

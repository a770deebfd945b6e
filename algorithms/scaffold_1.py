r"""SCAFFOLD with option I, all clients taking part, global step size 1.

The recursion of a round::

    y_i = x;  K times  y_i ← y_i - η (∇f_i(y_i) - c_i + c)
    c_i⁺ = ∇f_i(x)
    x⁺ = (1/n) Σ_i y_i,    c⁺ = c + (1/n) Σ_i (c_i⁺ - c_i)

"Option I": one more gradient a round, at the model that the server sent.

Source: Karimireddy et al., "SCAFFOLD: Stochastic Controlled Averaging for Federated Learning" (2020), algorithm 1,
full batches.
"""

import numpy as np

from ..core.compiled import njit
from ..core.vectors import mean_rows
from ..problems.oracles import gradients_at, workspace
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
PROMISE = "scaffold_1"


@njit
def step(kernel, params, state, outcome):
    """One round, gradient by gradient."""
    x, C, c = state
    Y, H, g, work = np.empty_like(C), np.empty_like(C), np.empty_like(x), workspace(kernel)
    start_round(state, Y, H)
    local_gradient_steps(kernel, Y, H, params.eta, params.K, g, work)
    gradients_at(kernel, x, C, work)
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
        gradients_at(kernel, x, C, work)
        mean_rows(Y, x)
        mean_rows(C, c)


def cost(problem, params, lengths) -> Cost:
    """Model and control variate travel both ways; one gradient a round is no local step."""
    return dense_cost(problem, lengths, vectors=2, extra_gradients=1)

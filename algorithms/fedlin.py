r"""FedLin without sparsification: local steps that are corrected by both gradients at the server's model.

The recursion of a round::

    y_i = x;  K times  y_i ← y_i - η (∇f_i(y_i) - ∇f_i(x) + ∇F(x))
    x⁺ = (1/n) Σ_i y_i

It is SCAFFOLD with control variates that are never stale, at the price of a second exchange in every round: clients
send ∇f_i(x) and receive ∇F(x) before their local steps. With K = 1 it is gradient descent, with equal clients FedAvg.

Source: Mitra, Jaafar, Pappas and Hassani, "Linear Convergence in Federated Learning: Tackling Client Heterogeneity and
Sparse Gradients" (2021), with the same step size and number of local steps for all clients.
"""

from typing import NamedTuple

import numpy as np

from ..core.compiled import njit
from ..core.vectors import mean_rows
from ..problems.oracles import clients, gradients_at, workspace
from .parts.cost import Cost, dense_cost
from .parts.local_steps import broadcast, local_gradient_steps, local_phase
from .parts.nothing_drawn import (
    State,
    estimate,
    initial,
    outcomes,
    unroll,
)
from .parts.nothing_drawn import draw_equal_rounds as draw
from .parts.nothing_drawn import pace_of_rounds as pace

#: The theorem that promises its rate.
PROMISE = "fedlin"


class Params(NamedTuple):
    """The local step size and the number of local steps."""

    eta: float
    """Local step size η, positive."""
    K: int
    """Local steps in a round, at least 1."""


@njit
def step(kernel, params, state, outcome):
    """One round, gradient by gradient."""
    x = state.x
    Y, H = np.empty((clients(kernel), x.shape[0])), np.empty((clients(kernel), x.shape[0]))
    g, work = np.empty_like(x), workspace(kernel)
    _correct(kernel, x, H, g, work)
    broadcast(x, Y)
    local_gradient_steps(kernel, Y, H, params.eta, params.K, g, work)
    mean_rows(Y, x)


@njit
def advance(kernel, params, state, lengths):
    """One round for each length; its first local step is -η ∇F(x) at every client, whose gradient is known."""
    x = state.x
    Y, H = np.empty((clients(kernel), x.shape[0])), np.empty((clients(kernel), x.shape[0]))
    g, work = np.empty_like(x), workspace(kernel)
    for k in lengths:
        _correct(kernel, x, H, g, work)
        for j in range(x.shape[0]):
            x[j] -= params.eta * g[j]
        broadcast(x, Y)
        local_phase(kernel, Y, H, params.eta, k - 1, work)
        mean_rows(Y, x)


@njit
def _correct(kernel, x, H, g, work):
    """Write ∇F(x) to g, shape (d,), and every client's correction ∇f_i(x) - ∇F(x) to the rows of H."""
    gradients_at(kernel, x, H, work)
    mean_rows(H, g)
    for i in range(H.shape[0]):
        for j in range(x.shape[0]):
            H[i, j] -= g[j]


def cost(problem, params, lengths) -> Cost:
    """Gradient and model travel both ways; the gradient that is sent is that of the first local step."""
    return dense_cost(problem, lengths, vectors=2)


def fixed_point(problem, params, target):
    """x = x*."""
    return State(target.x.copy())


def lyapunov(problem, params, state, target):
    """V = F(x) - F*."""
    return problem.gap(state.x)

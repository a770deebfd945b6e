r"""FedAvg (LocalGD): K local gradient steps at each client, then the average.

The recursion of a round::

    y_i = x;  K times  y_i ← y_i - γ ∇f_i(y_i)
    x⁺ = (1/n) Σ_i y_i

With K > 1 and different clients it does not converge to the solution x* but to a point of its own. For quadratics
f_i(x) = x'A_i x/2 - b_i'x that point is ::

    x_FA = (Σ_i M_i)⁻¹ Σ_i M_i A_i⁻¹ b_i,    M_i = I - (I - γA_i)^K

Source: McMahan et al., "Communication-Efficient Learning of Deep Networks from Decentralized Data" (2017), algorithm 1
with full batches and all clients; the fixed point is Malinovsky et al., "From Local SGD to Local Fixed-Point Methods
for Federated Learning" (2020), applied to quadratics.
"""

from typing import NamedTuple

import numpy as np

from ..core.compiled import njit
from ..core.vectors import mean_rows
from ..problems import Quadratic, Solution
from ..problems.oracles import clients, workspace
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
PROMISE = "fedavg"
# A round is a contraction, so iterating it finds its fixed point; this many rounds reach rounding for κ up to 1e6.
_SEARCH_ROUNDS = 1024
_SEARCHES = 20_000


class Params(NamedTuple):
    """The step size and the number of local steps."""

    gamma: float
    """Step size γ, positive."""
    K: int
    """Local steps in a round, at least 1."""


@njit
def step(kernel, params, state, outcome):
    """One round: K times y_i ← y_i - γ ∇f_i(y_i), then x⁺ = (1/n) Σ_i y_i."""
    x = state.x
    Y, zero = np.empty((clients(kernel), x.shape[0])), np.zeros((clients(kernel), x.shape[0]))
    g, work = np.empty_like(x), workspace(kernel)
    broadcast(x, Y)
    local_gradient_steps(kernel, Y, zero, params.gamma, params.K, g, work)
    mean_rows(Y, x)


@njit
def advance(kernel, params, state, lengths):
    """One round for each length."""
    x = state.x
    Y, zero = np.empty((clients(kernel), x.shape[0])), np.zeros((clients(kernel), x.shape[0]))
    work = workspace(kernel)
    for k in lengths:
        broadcast(x, Y)
        local_phase(kernel, Y, zero, params.gamma, k, work)
        mean_rows(Y, x)


def cost(problem, params, lengths) -> Cost:
    """One vector up and down a round."""
    return dense_cost(problem, lengths)


def target(problem, params) -> Solution:
    """Return the method's own fixed point: in closed form for quadratics, else by iterating the round.

    The residual is the relative move of one round at the point.
    """
    if isinstance(problem, Quadratic):
        V, lam, b = problem.kernel.V, problem.kernel.lam, problem.kernel.b
        m = _one_minus_power(params.gamma * lam, params.K)
        M = np.einsum("nkj,nk,nkl->jl", V, m, V) / len(V)
        pulled = np.einsum("nkj,nk,nkl,nl->j", V, m / lam, V, b) / len(b)
        x = np.linalg.solve(M, pulled)
    else:
        x = _iterated(problem, params)
    moved = State(x.copy())
    step(problem.kernel, params, moved, 0)
    scale = np.linalg.norm(x) or 1.0
    return Solution(x, problem.gradients(x), float(np.linalg.norm(moved.x - x) / scale))


def _one_minus_power(a: np.ndarray, K: int) -> np.ndarray:
    """Return 1 - (1 - a)^K, without cancellation where a is small."""
    return np.where(a < 0.5, -np.expm1(K * np.log1p(-np.minimum(a, 0.5))), 1.0 - (1.0 - a) ** K)


def _iterated(problem, params) -> np.ndarray:
    state, lengths = initial(problem, params), np.full(_SEARCH_ROUNDS, params.K, dtype=np.int64)
    last = np.inf
    for _ in range(_SEARCHES):
        before = state.x.copy()
        advance(problem.kernel, params, state, lengths)
        moved = float(np.abs(state.x - before).max())
        if not moved < last or moved == 0.0:
            break
        last = moved
    return state.x


def fixed_point(problem, params, target):
    """x = x_FA."""
    return State(target.x.copy())


def lyapunov(problem, params, state, target):
    """V = ‖x - x_FA‖²."""
    return float(np.sum((state.x - target.x) ** 2))

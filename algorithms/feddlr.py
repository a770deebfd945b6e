r"""FedDLR: FedAvg whose models lose their smallest singular values whenever they are sent, up and down.

The recursion of a round, where a model is a matrix and T_p(W) is W without as many of its smallest singular values as
leave a share p of the sum of all their squares, and g_i the gradient of a minibatch of b components::

    y_i = x;  K times  y_i ← y_i - γ g_i(y_i)
    x⁺ = T_q((1/n) Σ_i T_p(y_i))

A matrix of rank r travels as two factors of r columns each. By Eckart and Young a truncation is the nearest matrix of
its rank, and ‖W - T_p(W)‖² <= (1 - p) ‖W‖². With p = q = 1 it is FedAvg. What enters the model in a round is small
beside what is there, so that p < 1 cuts it off before it can grow: the rank stays where it came to be first.

Source: Qiao, Yu, Zhang and Letaief, "Communication-Efficient Federated Learning with Dual-Side Low-Rank Compression"
(2021), which adapts the rank in both directions; by which threshold, p = q here, is ours.
"""

from typing import NamedTuple

import numpy as np

from . import parts
from .compressors.low_rank import columns_of, factors
from .parts import implements, letters, truncation

STOCHASTIC = parts.Stochastic("b")
RANDOM = parts.Phases("K") & STOCHASTIC
SENDS = truncation.SENDS
PROMISE = "feddlr"
GROUP = "models of low rank"
gradients = STOCHASTIC.gradients
fixed_point = None  # a truncated mean of truncated models is none that every problem has


class Params(NamedTuple):
    """Step size γ, K local steps, shares p of the clients and q of the server, rows of the matrix, minibatches of b."""

    gamma: letters.StepSize
    K: letters.LocalSteps
    p: letters.Energy
    q: letters.Energy
    rows: letters.Rows
    b: letters.Batch


class State(NamedTuple):
    """The model, and what has been sent and cut so far."""

    x: np.ndarray
    """Model, shape (d,)."""
    up: np.ndarray
    """How many numbers each client has sent, shape (n,)."""
    down: np.ndarray
    """How many numbers each client has received, shape (1,)."""
    cut: np.ndarray
    """The largest shares of the squares that clients and server have cut in a round, shape (2,)."""


def start(problem, params):
    """Return the start x = 0, of rank 0."""
    columns_of(params.rows, problem.d)
    return State(np.zeros(problem.d), np.zeros(problem.n), np.zeros(1), np.zeros(2))


@implements(parts.own_scratch, Params)
def _space(params, kernel, d):
    return truncation.space(d, params.rows)


@implements(parts.start_round, Params)
def _hand_out(params, kernel, state, phase):
    """y_i = x, and nothing corrects the gradients."""
    parts.broadcast(state.x, phase.Y)
    phase.H[:] = 0.0


@implements(parts.phase_steps, Params)
def _steps(params, kernel, i, state, phase, eta, k):
    """K times y_i ← y_i - γ g_i(y_i)."""
    parts.minibatch_steps(params, kernel, i, phase, eta, k)


@implements(parts.end_round, Params)
def _average(params, kernel, state, phase):
    """x⁺ = T_q((1/n) Σ_i T_p(y_i))."""
    x, cut, rows = state.x, state.cut, params.rows
    columns = x.shape[0] // rows
    for i in range(phase.Y.shape[0]):
        rank, share = truncation.truncate(phase.Y[i], rows, params.p, phase.own)
        state.up[i] += factors(rank, rows, columns)
        cut[0] = max(cut[0], share)
    parts.average(phase.Y, x)
    rank, share = truncation.truncate(x, rows, params.q, phase.own)
    state.down[0] += factors(rank, rows, columns)
    cut[1] = max(cut[1], share)


def spent(problem, params, state, cost):
    """Return what was spent, by the numbers that were sent in fact."""
    return truncation.counted(cost, state.up.max(), state.down[0])


def model(state):
    """Return the server's model."""
    return state.x


def invariants(problem, params, state):
    """Nobody cuts more of the squares than a share 1 - p, the server 1 - q."""
    return {"share that is cut beyond 1 - p": np.maximum(state.cut - (1.0 - np.array([params.p, params.q])), 0.0)}

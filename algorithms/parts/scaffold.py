"""What the two options of SCAFFOLD share: everything but the update of the control variates."""

from typing import NamedTuple

import numpy as np

from ...core.compiled import njit
from .local_steps import broadcast


class Params(NamedTuple):
    """The local step size and the number of local steps."""

    eta: float
    """Local step size η, positive; the server's step size is 1."""
    K: int
    """Local steps in a round, at least 1."""


class State(NamedTuple):
    """The server's model and the control variates."""

    x: np.ndarray
    """Model of the server, shape (d,)."""
    C: np.ndarray
    """Control variates c_i of the clients, shape (n, d)."""
    c: np.ndarray
    """Control variate of the server, shape (d,)."""


def initial(problem, params):
    """Return the start x = 0, c_i = c = 0."""
    return State(np.zeros(problem.d), np.zeros((problem.n, problem.d)), np.zeros(problem.d))


@njit
def start_round(state, Y, H):
    """Give every client the model, y_i = x, and its correction h_i = c_i - c."""
    broadcast(state.x, Y)
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            H[i, j] = state.C[i, j] - state.c[j]


def invariants(problem, params, state):
    """Return what stays 0: c - (1/n) Σ_i c_i."""
    return {"server's minus mean of clients' control variates": state.c - state.C.mean(axis=0)}


def fixed_point(problem, params, target):
    """x = x*, c_i = ∇f_i(x*), c = 0."""
    return State(target.x.copy(), target.gradients.copy(), target.gradients.mean(axis=0))


def lyapunov(problem, params, state, target):
    """V = ‖x - x*‖² + 9 (Kη)² (1/n) Σ_i ‖c_i - ∇f_i(x*)‖²."""
    drift = np.mean(np.sum((state.C - target.gradients) ** 2, axis=1))
    return float(np.sum((state.x - target.x) ** 2) + 9.0 * (params.K * params.eta) ** 2 * drift)

"""What the two options of SCAFFOLD share: everything but the update of the control variates."""

from typing import Any, NamedTuple

import numpy as np

from ...core.dispatch import implements
from . import letters
from .cost import Dense
from .local_steps import broadcast
from .server_rounds import start_round

#: Model and control variate travel both ways.
SENDS = Dense(up=2, down=2)
#: The same in two exchanges a round.
SENDS_IN_TWO = Dense(up=2, down=2, exchanges=2)


class Params(NamedTuple):
    """The local step size η and the number K of local steps in a round; the server's step size is 1."""

    eta: letters.LocalStepSize
    K: letters.LocalSteps


class State(NamedTuple):
    """The server's model and the control variates."""

    x: np.ndarray
    """Model of the server, shape (d,)."""
    C: np.ndarray
    """Control variates c_i of the clients, shape (n, d)."""
    c: np.ndarray
    """Control variate of the server, shape (d,)."""


def start(problem: Any, params: Any) -> State:
    """Return the start x = 0, c_i = c = 0."""
    return State(np.zeros(problem.d), np.zeros((problem.n, problem.d)), np.zeros(problem.d))


@implements(start_round, Params)
def _start(params, kernel, state, phase):
    """Give every client the model, y_i = x, and its correction h_i = c_i - c."""
    broadcast(state.x, phase.Y)
    for i in range(phase.H.shape[0]):
        for j in range(phase.H.shape[1]):
            phase.H[i, j] = state.C[i, j] - state.c[j]


def invariants(problem: Any, params: Any, state: State) -> dict[str, np.ndarray]:
    """Return what stays 0: c - (1/n) Σ_i c_i."""
    return {"server's minus mean of clients' control variates": state.c - state.C.mean(axis=0)}


def fixed_point(problem: Any, params: Any, target: Any) -> State:
    """x = x*, c_i = ∇f_i(x*), c = 0."""
    return State(target.x.copy(), target.gradients.copy(), target.gradients.mean(axis=0))

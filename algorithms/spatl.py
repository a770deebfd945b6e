r"""SPATL: SCAFFOLD on a shared encoder of which clients send the salient rows, with a predictor of each client's own.

The recursion of a round, from u = b_i = c_i = c = 0, with gradients in u and b_i, the two parts of a client's model::

    y_i = u;  K times  y_i ← y_i - η (∇_u f_i(y_i, b_i) + s (c - c_i)),   b_i ← b_i - η ∇_b f_i(y_i, b_i)
    D_i = y_i - u,   R_i = the round(r R) of the R rows with the largest norm of D_i
    u⁺  = u + the mean over the clients that sent a row of D_i, row by row
    c_i⁺ = c_i - c - D_i / (Kη)  in the rows of R_i,   c⁺ = c + (1/n) Σ_i (c_i⁺ - c_i)

A row is a feature's weights in all classes. With r = s = 1 and no private part it is SCAFFOLD, option II; with r = 1,
s = 0, where no control variates are sent, FedAvg. For every s > 0 the solution, with s c_i = ∇_u f_i there and c = 0,
is a fixed point whatever is sent; with K = r = 1 and η → 0 an error of c_i shrinks by 1 - s a round. The authors' code
has s = 1/100, rows that are largest in y_i (``salience = "weights"``), the mean of all clients' rows with 0 for those
not sent (``mean = "zeros"``) and all rows of c_i (``control = "dense"``). There a trained agent chooses r.

Source: Yu, Liu, Wang, Xu and Liu, "SPATL: Salient Parameter Aggregation and Transfer Learning for Heterogeneous
Clients in Federated Learning" (2021), with all clients and whole gradients.
"""

from typing import NamedTuple

import numpy as np

from ..problems import oracles, personal
from . import parts
from .parts import encoders, implements, letters

RANDOM = parts.Nothing("K")
SENDS = encoders.SENDS
PROMISE = "spatl"
GROUP = "personal models"
PERSONAL = True
FAMILY = encoders


class Params(NamedTuple):
    """Step size η, K local steps, share r of rows, scale s of control; which rows, which mean, which control."""

    eta: letters.LocalStepSize
    K: letters.LocalSteps
    r: letters.Density
    s: letters.Share
    salience: letters.Salience
    mean: letters.Means
    control: letters.Controls


class State(NamedTuple):
    """The shared part, the private ones, and the control variates."""

    x: np.ndarray
    """Shared part u, shape (p,)."""
    B: np.ndarray
    """Private parts b_i, shape (n, q)."""
    C: np.ndarray
    """Control variates c_i of the clients, shape (n, p)."""
    c: np.ndarray
    """Control variate of the server, shape (p,)."""


def start(problem, params):
    """Return the start u = b_i = c_i = c = 0."""
    p, q = encoders.sizes(problem)
    return State(np.zeros(p), np.zeros((problem.n, q)), np.zeros((problem.n, p)), np.zeros(p))


def compiled(params, state):
    """Return the letters with numbers in the place of words."""
    salience, mean = params.salience == "weights", params.mean == "zeros"
    return params._replace(salience=salience, mean=mean, control=params.control == "dense")


implements(parts.own_scratch, Params)(encoders.space)


@implements(parts.start_round, Params)
def _hand_out(params, kernel, state, phase):
    """y_i = u, and h_i = s (c_i - c)."""
    parts.broadcast(state.x, phase.Y)
    for i in range(phase.H.shape[0]):
        for j in range(phase.H.shape[1]):
            phase.H[i, j] = params.s * (state.C[i, j] - state.c[j])


@implements(parts.phase_steps, Params)
def _steps_of_both_parts(params, kernel, i, state, phase, eta, k):
    """K steps of y_i and b_i."""
    y, b, own = phase.Y[i], state.B[i], phase.own
    for _ in range(k):
        personal.join_model(kernel, y, b, own.model)
        oracles.gradient(personal.own_oracles(kernel), i, own.model, own.slope, phase.work)
        personal.split_model(kernel, own.slope, phase.g, own.b)
        for j in range(y.shape[0]):
            y[j] -= eta * (phase.g[j] - phase.H[i, j])
        for j in range(b.shape[0]):
            b[j] -= eta * own.b[j]


@implements(parts.end_round, Params)
def _end(params, kernel, state, phase):
    """u⁺, c_i⁺ and c⁺ from the rows of D_i that are sent."""
    (x, _, C, c), Y, own = state, phase.Y, phase.own
    encoders.mark_rows(params, Y, x, own)
    if params.s > 0.0:
        for i in range(C.shape[0]):
            for j in range(C.shape[1]):
                if params.control or own.marks[i, j % len(own.scores)] == 1.0:
                    C[i, j] -= c[j] + (Y[i, j] - x[j]) / (params.K * params.eta)
        parts.average(C, c)
    if params.mean:
        encoders.mean_with_zeros(Y, own.marks, x)
    else:
        encoders.mean_of_senders(Y, own.marks, x)


def fixed_point(problem, params, target):
    """The solution, c_i = ∇_u f_i / s, c = 0."""
    p, q = encoders.sizes(problem)
    C = target.gradients[:, :p] / params.s
    return State(target.x[:p].copy(), target.x[p:].reshape(problem.n, q).copy(), C, C.mean(axis=0))

r"""SPATL: SCAFFOLD on a shared encoder of which clients send the salient rows, with a predictor of each client's own.

The recursion of a round, from u = b_i = c_i = c = 0, for the M clients i of a cohort Ω, with gradients g_i of
minibatches of b components in u and b_i, the two parts of a client's model::

    y_i = u;  K times  y_i ← y_i - η (∇_u g_i(y_i, b_i) + s (c - c_i)),   b_i ← b_i - η ∇_b g_i(y_i, b_i)
    D_i = y_i - u,   R_i = the round(r R) of the R rows with the largest norm of D_i
    u⁺  = u + the mean over the clients that sent a row of D_i, row by row
    c_i⁺ = c_i - c - D_i / (Kη)  in the rows of R_i,   c⁺ = c + (1/n) Σ_{i in Ω} (c_i⁺ - c_i)

A row is a feature's weights in all classes. With r = s = 1 and no private part it is SCAFFOLD, option II; with r = 1,
s = 0, where no control variates are sent, FedAvg. For every s > 0 the solution, with s c_i = ∇_u f_i there and c = 0,
is a fixed point whatever is sent; with K = r = 1 and η → 0 an error of c_i shrinks by 1 - s a round. The authors' code
has s = 1/100, rows that are largest in y_i (``salience = "weights"``), the mean of all clients' rows with 0 for those
not sent (``mean = "zeros"``), all rows of c_i (``control = "dense"``), and 1/M in the place of 1/n. There a trained
agent chooses r.

Source: Yu, Liu, Wang, Xu and Liu, "SPATL: Salient Parameter Aggregation and Transfer Learning for Heterogeneous
Clients in Federated Learning" (2021); the 1/n, with which c stays the mean of all c_i, is SCAFFOLD's.
"""

from typing import NamedTuple

from ..problems import personal
from . import parts
from .parts import cohorts, encoders, implements, letters

STOCHASTIC = parts.Stochastic("b")
RANDOM = parts.Phases("K") & cohorts.Sampled("M") & STOCHASTIC
SENDS = encoders.SENDS
PROMISE = "spatl"
GROUP = "personal models"
PERSONAL = True
FAMILY = encoders
gradients = STOCHASTIC.gradients
compiled = encoders.compiled


class Params(NamedTuple):
    """Step size η, K steps, share r of rows, scale s; which rows, mean and control; M clients, minibatches of b."""

    eta: letters.LocalStepSize
    K: letters.LocalSteps
    r: letters.Density
    s: letters.Share
    salience: letters.Salience
    mean: letters.Means
    control: letters.Controls
    M: letters.Cohort
    b: letters.Batch


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
    """K steps of y_i and b_i at a client i of the cohort."""
    y, b, own = phase.Y[i], state.B[i], phase.own
    for t in range(k if (phase.w == i).any() else 0):
        personal.join_model(kernel, y, b, own.model)
        of_model, word = personal.own_oracles(kernel), phase.xi[t, i]
        parts.minibatch_gradient(of_model, i, own.model, params.b, word, own.slope, own.spare, phase.work)
        personal.split_model(kernel, own.slope, phase.g, own.b)
        for j in range(y.shape[0]):
            y[j] -= eta * (phase.g[j] - phase.H[i, j])
        for j in range(b.shape[0]):
            b[j] -= eta * own.b[j]


@implements(parts.end_round, Params)
def _end(params, kernel, state, phase):
    """u⁺, c_i⁺ and c⁺ from the rows of D_i that are sent."""
    (x, _, C, c), Y, own = state, phase.Y, phase.own
    encoders.mark_rows(params, phase.w, Y, x, own)
    if params.s > 0.0:
        for i in phase.w:
            for j in range(C.shape[1]):
                if params.control or own.marks[i, j % len(own.scores)] == 1.0:
                    C[i, j] -= c[j] + (Y[i, j] - x[j]) / (params.K * params.eta)
        parts.average(C, c)
    if params.mean:
        encoders.mean_with_zeros(Y, own.marks, phase.w.shape[0], x)
    else:
        encoders.mean_of_senders(Y, own.marks, x)


def fixed_point(problem, params, target):
    """The solution, c_i = ∇_u f_i / s, c = 0."""
    p, q = encoders.sizes(problem)
    C = target.gradients[:, :p] / params.s
    return encoders.State(target.x[:p].copy(), target.x[p:].reshape(problem.n, q).copy(), C, C.mean(axis=0))

r"""FedLALR: local steps of AMSGrad, whose moments the server averages.

The recursion of a round with a cohort Ω of M clients, with m = 0 and v̂ = ε² at the start; g are the gradients of
minibatches of b components, and all operations are coordinate by coordinate::

    y_i = x;  m_i = m;  v_i = v̂_i = v̂                  for i in Ω
    K times   m_i ← β₁ m_i + (1 - β₁) g_i(y_i)
              v_i ← β₂ v_i + (1 - β₂) g_i(y_i)²
              v̂_i ← max{v̂_i, v_i}
              y_i ← y_i - α m_i / √v̂_i
    x⁺ = (1/M) Σ_i y_i,   m⁺ = (1/M) Σ_i m_i,   v̂⁺ = (1/M) Σ_i v̂_i  or  max_i v̂_i

Within a round one client is AMSGrad. From round to round v_i starts anew from v̂, so that v̂ only grows. While no |g|
exceeds ε, v̂ stays ε² and it is FedAvg with momentum β₁ and the step size α/ε, without momentum FedAvg itself.

Source: Sun, Shen, Chen, Sun, Li, Sun and Tao, "FedLALR: Client-Specific Adaptive Learning Rates Achieve Linear Speedup
for Non-IID Data" (2023), algorithm 1, and the largest v̂_i of its corollary.
"""

from typing import NamedTuple

import numpy as np

from ..problems.oracles import clients
from . import parts
from .parts import Stochastic, cohorts, implements, letters

STOCHASTIC = Stochastic(batch="b")
RANDOM = parts.Phases("K") & cohorts.Sampled("M") & STOCHASTIC
SENDS = parts.Dense(up=3, down=3)
PROMISE = "fedlalr"
GROUP = "adaptive steps"
gradients = STOCHASTIC.gradients


class Params(NamedTuple):
    """Step size α, decay β₁, β₂ of moments, floor ε of √v̂, K local steps, minibatches of b, M clients, v̂⁺ of theirs."""

    alpha: letters.StepSize
    beta1: letters.Momentum
    beta2: letters.Momentum
    eps: letters.Floor
    K: letters.LocalSteps
    b: letters.Batch
    M: letters.Cohort
    v: letters.Aggregate


class State(NamedTuple):
    """The model and the moments, of the server."""

    x: np.ndarray
    """Model, shape (d,)."""
    m: np.ndarray
    """First moment, shape (d,)."""
    v_hat: np.ndarray
    """Largest second moment so far v̂, shape (d,)."""


def start(problem, params):
    """Return the start x = m = 0, v̂ = ε²."""
    cohorts.check_size(problem, params.M)
    return State(np.zeros(problem.d), np.zeros(problem.d), np.full(problem.d, params.eps**2))


class Moments(NamedTuple):
    """The clients' moments in a round."""

    M: np.ndarray
    """m_i, shape (n, d)."""
    V_hat: np.ndarray
    """v̂_i, shape (n, d)."""
    v: np.ndarray
    """v_i of one client at a time, shape (d,)."""


@implements(parts.own_scratch, Params)
def _moments(params, kernel, d):
    return Moments(np.empty((clients(kernel), d)), np.empty((clients(kernel), d)), np.empty(d))


@implements(parts.start_round, Params)
def _hand_out(params, kernel, state, phase):
    """y_i = x, m_i = m and v̂_i = v̂."""
    parts.broadcast(state.x, phase.Y)
    parts.broadcast(state.m, phase.own.M)
    parts.broadcast(state.v_hat, phase.own.V_hat)


@implements(parts.phase_steps, Params)
def _steps_of_amsgrad(params, kernel, i, state, phase, eta, k):
    """K steps of AMSGrad of size η = α at a client i of the cohort, the first one from v_i = v̂."""
    Y, g, (M, V_hat, v) = phase.Y, phase.g, phase.own
    if not (phase.w == i).any():
        return
    for j in range(v.shape[0]):
        v[j] = state.v_hat[j]
    for t in range(k):
        parts.minibatch_gradient(kernel, i, Y[i], params.b, phase.xi[t, i], g, phase.v, phase.work)
        for j in range(v.shape[0]):
            M[i, j] = params.beta1 * M[i, j] + (1.0 - params.beta1) * g[j]
            v[j] = params.beta2 * v[j] + (1.0 - params.beta2) * g[j] ** 2
            V_hat[i, j] = max(V_hat[i, j], v[j])
            Y[i, j] -= eta * M[i, j] / np.sqrt(V_hat[i, j])


@implements(parts.end_round, Params)
def _average(params, kernel, state, phase):
    """x⁺ and m⁺ are the means of the cohort's, v̂⁺ is their mean or the largest of them."""
    cohorts.average_of(phase.w, phase.Y, state.x)
    cohorts.average_of(phase.w, phase.own.M, state.m)
    if params.v == "max":
        cohorts.largest_of(phase.w, phase.own.V_hat, state.v_hat)
    else:
        cohorts.average_of(phase.w, phase.own.V_hat, state.v_hat)

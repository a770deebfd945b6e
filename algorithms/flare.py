r"""FLARE: error correction whose first local step is drawn towards what the clients have not sent yet.

The recursion of a round, from a_i = 0, with a contractive compressor C, mostly top-k with few coordinates::

    τ   ← ρ τ
    M_i = 1 where |a_i| is above its u-quantile, elsewhere 0
    y_i = x, v_i = 0;  K times
        g_i = ∇f_i(y_i),  in the first step  g_i = ∇f_i(y_i) + τ M_i s(y_i - x - a_i)
        v_i ← β v_i - η g_i,  y_i ← y_i + v_i
    q_i = y_i - x + a_i,  D_i = C(q_i),  a_i ← q_i - D_i
    x   ← x + (1/n) Σ_i D_i

The term with τ is the gradient of τ ‖M_i (y - x - a_i)‖ in the norm of power P, s(z) = sign(z) for P = 1 and 2z for
P = 2. It makes larger what is remembered in coordinates where that is large, so that it is sent sooner; as τ falls, so
does the bias. With K = 1 a round is, whatever β is, q_i = a_i - η ∇f_i(x) + ητ M_i s(a_i): with P = 2 what is not sent
grows by 1 + 2ητ. With τ = 0 it is error correction: for K = 1 error feedback without a step ahead, whose e_i is -a_i.
Where nothing is left out it is FedAvg with momentum.

Source: Greidi and Cohen, "Sparse Training for Federated Learning with Regularized Error Correction" (2023), as in the
authors' code: τ falls before the first round already, momentum starts anew in every round, and the term acts in one
local step only.
"""

from typing import NamedTuple

import numpy as np

from ..problems import oracles
from .parts import Phases, letters, messages, njit, quantiles

RANDOM = Phases("K") & messages.EachClient("C")
SENDS = messages.Compressed(up="C")
PROMISE = "flare"
GROUP = "remembered errors"


class Params(NamedTuple):
    """Step size η, K steps, compressor C, regularisation τ, its factor ρ a round, quantile u, momentum β, power P."""

    eta: letters.LocalStepSize
    K: letters.LocalSteps
    C: letters.Compressor
    tau: letters.Regularisation
    rho: letters.Decay
    u: letters.Share
    beta: letters.Momentum
    P: letters.Power


class State(NamedTuple):
    """The model, what is remembered, and the regularisation of the last round."""

    x: np.ndarray
    """Model, shape (d,)."""
    A: np.ndarray
    """What each client has not sent yet, shape (n, d)."""
    tau: np.ndarray
    """Regularisation τ, shape (1,)."""


def start(problem, params):
    """Return the start x = a_i = 0, before τ has fallen."""
    return State(np.zeros(problem.d), np.zeros((problem.n, problem.d)), np.array([params.tau]))


def step(kernel, params, state, outcome):
    """One round."""
    C = messages.sender(params.C, len(state.x))
    _rounds(kernel, params._replace(C=C), *state, outcome["w"][None])


def advance(kernel, params, state, draws):
    """All rounds."""
    C = messages.sender(params.C, len(state.x))
    _rounds(kernel, params._replace(C=C), *state, np.ascontiguousarray(draws.ends["w"]))


@njit
def _rounds(kernel, params, x, A, tau, w):
    n, d = A.shape
    y, v, g, q, D, sizes = np.empty(d), np.empty(d), np.empty(d), np.empty(d), np.empty((n, d)), np.empty(d)
    work, sending = oracles.workspace(kernel), messages.sending_space(params.C, d)
    for t in range(w.shape[0]):
        tau[0] *= params.rho
        for i in range(n):
            a = A[i]
            least = quantiles.quantile_of_sizes(a, params.u, sizes)
            y[:] = x
            v[:] = 0.0
            for s in range(params.K):
                oracles.gradient(kernel, i, y, g, work)
                for j in range(d):
                    if s == 0 and abs(a[j]) > least:
                        # Here y_i is x still.
                        g[j] -= tau[0] * (np.sign(a[j]) if params.P == 1 else 2.0 * a[j])
                    v[j] = params.beta * v[j] - params.eta * g[j]
                    y[j] += v[j]
            # q_i = y_i - x + a_i, D_i = C(q_i), a_i ← q_i - D_i
            for j in range(d):
                q[j] = y[j] - x[j] + a[j]
            messages.send(params.C, q, w[t, i], D[i], sending)
            for j in range(d):
                a[j] = q[j] - D[i, j]
        # x ← x + (1/n) Σ_i D_i
        messages.average(D, q)
        for j in range(d):
            x[j] += q[j]

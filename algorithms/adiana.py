r"""ADIANA: DIANA with momentum, whose control variates learn the gradients at a reference point.

The recursion, with unbiased compressors C_i, independent of each other, of variance ω, and θ₂ = 1/2::

    x    = θ₁ z + θ₂ w + (1 - θ₁ - θ₂) y
    g    = (1/n) Σ_i (h_i + C_i(∇f_i(x) - h_i))
    h_i⁺ = h_i + α C_i(∇f_i(w) - h_i)
    y⁺   = x - η g
    z⁺   = β z + (1 - β) x + (γ/η) (y⁺ - x)
    w⁺   = y with probability q, otherwise w

Every step is a round, in which a client sends two vectors compressed with the same randomness, as rand-k of the same
coordinates: the promise is on expectations in which the two do not meet, so independent randomness keeps it as well.

Source: Li, Kovalev, Qian and Richtárik, "Acceleration for Compressed Gradient Descent in Distributed and Federated
Optimization" (2020), without a prox.
"""

from typing import NamedTuple

import numpy as np

from ..problems import oracles
from .parts import components, letters, messages, njit, rounds

RANDOM = rounds.EveryStep() & messages.EachClient("C") & components.Flip("q", "refresh")
SENDS = messages.Compressed(up="C", count=2)
PROMISE = "adiana"
GROUP = "compressed gradients"
THETA_2 = 0.5  # the weight of the reference point, in the paper and here


class Params(NamedTuple):
    """Step sizes η of y, γ of z, α of the h_i; weights θ₁ of z in x, β of z in z⁺; probability q of w⁺ = y; C."""

    eta: letters.StepSize
    theta: letters.UpToHalf
    gamma: letters.StepSize
    beta: letters.Momentum
    alpha: letters.ControlStepSize
    q: letters.RefreshProbability
    C: letters.Unbiased


class State(NamedTuple):
    """The server's three points and the control variates."""

    y: np.ndarray
    """Model, after a short step, shape (d,)."""
    z: np.ndarray
    """The same after long steps, shape (d,)."""
    w: np.ndarray
    """Reference point, an earlier y, shape (d,)."""
    H: np.ndarray
    """Control variates h_i, shape (n, d)."""


def start(problem, params):
    """Return the start y = z = w = h_i = 0."""
    return State(*np.zeros((3, problem.d)), H=np.zeros((problem.n, problem.d)))


def step(kernel, params, state, outcome):
    """One round."""
    C = messages.sender(params.C, len(state.y))
    _rounds(kernel, params._replace(C=C), *state, outcome["w"][None], outcome["refresh"][None])


def advance(kernel, params, state, draws):
    """All rounds; the gradients at the reference point are kept as long as it stays."""
    C = messages.sender(params.C, len(state.y))
    w, refresh = np.ascontiguousarray(draws.ends["w"]), draws.steps["refresh"]
    _rounds(kernel, params._replace(C=C), *state, w, refresh)


@njit
def _rounds(kernel, params, y, z, w, H, r, refresh):
    eta, theta, gamma, beta, alpha, _, C = params
    n, d = H.shape
    x, g, v, m, at_w = np.empty(d), np.empty(d), np.empty(d), np.empty(d), np.empty((n, d))
    work, sending = oracles.workspace(kernel), messages.sending_space(C, d)
    oracles.gradients_at(kernel, w, at_w, work)
    for t in range(r.shape[0]):
        for j in range(d):
            x[j] = theta * z[j] + THETA_2 * w[j] + (1.0 - theta - THETA_2) * y[j]
        g[:] = 0.0
        for i in range(n):
            oracles.gradient(kernel, i, x, v, work)
            for j in range(d):
                v[j] -= H[i, j]
            messages.send(C, v, r[t, i], m, sending)
            for j in range(d):
                g[j] += (H[i, j] + m[j]) / n
                v[j] = at_w[i, j] - H[i, j]
            messages.send(C, v, r[t, i], m, sending)
            for j in range(d):
                H[i, j] += alpha * m[j]
        if refresh[t] == 1:
            for j in range(d):
                w[j] = y[j]
            oracles.gradients_at(kernel, w, at_w, work)
        for j in range(d):
            y[j] = x[j] - eta * g[j]
            # (γ/η) (y⁺ - x) without its cancellation.
            z[j] = beta * z[j] + (1.0 - beta) * x[j] - gamma * g[j]


def gradients(problem, params, draws):
    """Return one a round, and one for each new reference point."""
    return len(draws) + int(draws.steps["refresh"].sum())


def model(state):
    """Return y."""
    return state.y


def fixed_point(problem, params, target):
    """y = z = w = x*, h_i = ∇f_i(x*)."""
    return State(target.x.copy(), target.x.copy(), target.x.copy(), target.gradients.copy())

r"""ADIANA: DIANA with momentum, whose control variates learn the gradients at a reference point.

The recursion, with unbiased compressors C_i, independent of each other, of variance ω, and θ₂ = 1/2::

    x    = θ₁ z + θ₂ w + (1 - θ₁ - θ₂) y
    g    = (1/n) Σ_i (h_i + C_i(∇f_i(x) - h_i))
    h_i⁺ = h_i + α C_i(∇f_i(w) - h_i)
    y⁺   = x - η g
    z⁺   = β z + (1 - β) x + (γ/η) (y⁺ - x)
    w⁺   = y with probability q, otherwise w

Every step is a round, without local steps, in which a client sends two compressed vectors. Here both are compressed
with the same randomness, for example rand-k of the same coordinates: the promise is one on expectations in which the
two do not meet, so it holds with independent ones as well.

Source: Li, Kovalev, Qian and Richtárik, "Acceleration for Compressed Gradient Descent in Distributed and Federated
Optimization" (2020), without a prox.
"""

from typing import NamedTuple

import numpy as np

from ..core.compiled import njit
from ..problems.oracles import gradient, gradients_at, workspace
from .compressors import compress, compress_workspace
from .parts.cost import Cost
from .parts.messages import compressor, drawn_messages, listed_messages, unbiased
from .parts.nothing_drawn import pace_of_iterations as pace

__all__ = ["pace"]

#: The theorem that promises its rate.
PROMISE = "adiana"
#: The weight of the reference point, in the paper and here.
THETA_2 = 0.5


class Params(NamedTuple):
    """The step sizes, the weights of the two averages, the probability of a new reference point and the compressor."""

    eta: float
    """Step size η of y, positive."""
    theta: float
    """The weight θ₁ of z in x, in (0, 1/2]."""
    gamma: float
    """Step size γ of z, positive."""
    beta: float
    """The weight β of z in the next z, in [0, 1)."""
    alpha: float
    """Step size α of the control variates, positive."""
    q: float
    """Probability q of a new reference point in a round, in (0, 1]."""
    C: str
    """The compressor, unbiased, for example "RandK(2)"."""


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


def initial(problem, params):
    """Return the start y = z = w = h_i = 0."""
    unbiased(params, "ADIANA")
    d = problem.d
    return State(np.zeros(d), np.zeros(d), np.zeros(d), np.zeros((problem.n, d)))


def outcomes(problem, params):
    """Return both sides of the coin with every combination of the clients' messages, None if there are too many."""
    messages = listed_messages(problem, params)
    if messages is None:
        return None
    probabilities, r = zip(*messages, strict=True)
    steps = _records(np.array(r + r))
    steps["coin"][: len(r)] = 1
    both = np.concatenate([params.q * np.array(probabilities), (1.0 - params.q) * np.array(probabilities)])
    return list(zip(both.tolist(), steps, strict=True))


def draw(rng, problem, params, rounds):
    """Return the coin of each round and the randomness of every client's messages in it."""
    steps = _records(drawn_messages(rng, problem, params, rounds))
    steps["coin"] = rng.random(rounds) < params.q
    return steps


def _records(r):
    """Return a record for each entry of ``r``, which holds it and a coin of 0."""
    steps = np.zeros(len(r), dtype=[("coin", np.int64), ("r", r.dtype, r.shape[1:])])
    steps["r"] = r
    return steps


def step(kernel, params, state, outcome):
    """One round."""
    *letters, _, _ = params
    coin = np.array([outcome["coin"]])
    _rounds(kernel, compressor(params).kernel, *letters, *state, outcome["r"][None], coin)


def advance(kernel, params, state, draws):
    """All rounds; the gradients at the reference point are kept as long as it stays."""
    *letters, _, _ = params
    r, coins = np.ascontiguousarray(draws["r"]), np.ascontiguousarray(draws["coin"])
    _rounds(kernel, compressor(params).kernel, *letters, *state, r, coins)


@njit
def _rounds(kernel, C, eta, theta, gamma, beta, alpha, y, z, w, H, r, coins):
    n, d = H.shape
    x, g, v, m, at_w = np.empty(d), np.empty(d), np.empty(d), np.empty(d), np.empty((n, d))
    work, message_work = workspace(kernel), compress_workspace(C, d)
    gradients_at(kernel, w, at_w, work)
    for t in range(r.shape[0]):
        for j in range(d):
            x[j] = theta * z[j] + THETA_2 * w[j] + (1.0 - theta - THETA_2) * y[j]
        g[:] = 0.0
        for i in range(n):
            gradient(kernel, i, x, v, work)
            for j in range(d):
                v[j] -= H[i, j]
            compress(C, v, r[t, i], m, message_work)
            for j in range(d):
                g[j] += (H[i, j] + m[j]) / n
                v[j] = at_w[i, j] - H[i, j]
            compress(C, v, r[t, i], m, message_work)
            for j in range(d):
                H[i, j] += alpha * m[j]
        if coins[t] == 1:
            w[:] = y
            gradients_at(kernel, w, at_w, work)
        for j in range(d):
            y[j] = x[j] - eta * g[j]
            # (γ/η) (y⁺ - x) without its cancellation.
            z[j] = beta * z[j] + (1.0 - beta) * x[j] - gamma * g[j]


def cost(problem, params, draws) -> Cost:
    """Two compressed vectors up and a full one down a round; a gradient a round, and one for a new reference point."""
    rounds, (floats, bits) = len(draws), compressor(params).length(problem.d)
    gradients = rounds + int(draws["coin"].sum())
    return Cost(rounds, 2 * floats * rounds, problem.d * rounds, 2 * bits * rounds, 64 * problem.d * rounds, gradients)


def estimate(state):
    """Return y."""
    return state.y


def fixed_point(problem, params, target):
    """y = z = w = x*, h_i = ∇f_i(x*)."""
    x = target.x
    return State(x.copy(), x.copy(), x.copy(), target.gradients.copy())


def lyapunov(problem, params, state, target):
    """V = ‖z - x*‖² + c (F(y) - F* + ((1 + θ₁)/(2q)) (F(w) - F*) + (6ηω/(αn)) (1/n) Σ_i ‖h_i - ∇f_i(w)‖²).

    There c = 2γβ/θ₁.
    """
    y, z, w, H = state
    omega = compressor(params).omega(problem.d)
    reference = (1.0 + params.theta) * THETA_2 / params.q * problem.gap(w)
    learnt = 6.0 * params.eta * omega / (params.alpha * problem.n**2) * float(np.sum((H - problem.gradients(w)) ** 2))
    c = 2.0 * params.gamma * params.beta / params.theta
    return float(np.sum((z - target.x) ** 2)) + c * (problem.gap(y) + reference + learnt)

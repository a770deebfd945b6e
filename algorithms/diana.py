r"""DIANA: gradient descent with compressed differences to control variates, which learn the gradients at the solution.

The recursion, with unbiased compressors C_i, independent of each other, of variance ω::

    m_i = C_i(∇f_i(x) - h_i)
    x⁺   = x - γ (1/n) Σ_i (h_i + m_i)
    h_i⁺ = h_i + α m_i

Every step is a round, without local steps: a baseline for what compression gives alone.

Source: Mishchenko, Gorbunov, Takáč and Richtárik, "Distributed Learning with Compressed Gradient Differences" (2019).
"""

from typing import NamedTuple

import numpy as np

from ..problems import oracles
from .parts import letters, messages, njit, rounds

RANDOM = rounds.EveryStep() & messages.EachClient("C")
SENDS = messages.Compressed(up="C")
PROMISE = "diana"
GROUP = "compressed gradients"


class Params(NamedTuple):
    """The step size γ, that of the control variates α, and the compressor C, for example "RandK(2)"."""

    gamma: letters.StepSize
    alpha: letters.ControlStepSize
    C: letters.Unbiased


class State(NamedTuple):
    """The model and the control variates."""

    x: np.ndarray
    """Model, shape (d,)."""
    H: np.ndarray
    """Control variates h_i, shape (n, d)."""


def start(problem, params):
    """Return the start x = h_i = 0."""
    return State(np.zeros(problem.d), np.zeros((problem.n, problem.d)))


def step(kernel, params, state, outcome):
    """One round."""
    C = messages.sender(params.C, len(state.x))
    _rounds(kernel, params._replace(C=C), *state, outcome["w"][None])


def advance(kernel, params, state, draws):
    """All rounds."""
    C = messages.sender(params.C, len(state.x))
    _rounds(kernel, params._replace(C=C), *state, np.ascontiguousarray(draws.ends["w"]))


@njit
def _rounds(kernel, params, x, H, w):
    gamma, alpha, C = params
    n, d = H.shape
    g, m, mean = np.empty(d), np.empty(d), np.empty(d)
    work, sending = oracles.workspace(kernel), messages.sending_space(C, d)
    for t in range(w.shape[0]):
        mean[:] = 0.0
        for i in range(n):
            # m_i = C_i(∇f_i(x) - h_i)
            oracles.gradient(kernel, i, x, g, work)
            for j in range(d):
                g[j] -= H[i, j]
            messages.send(C, g, w[t, i], m, sending)
            for j in range(d):
                mean[j] += (H[i, j] + m[j]) / n
                H[i, j] += alpha * m[j]
        for j in range(d):
            x[j] -= gamma * mean[j]


def fixed_point(problem, params, target):
    """x = x*, h_i = ∇f_i(x*)."""
    return State(target.x.copy(), target.gradients.copy())

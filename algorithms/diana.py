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

from ..core.compiled import njit
from ..problems.oracles import gradient, workspace
from .compressors import compress, compress_workspace
from .parts.messages import compressor, unbiased
from .parts.nothing_drawn import estimate
from .parts.nothing_drawn import pace_of_iterations as pace
from .parts.uplink import cost, draw, outcomes

__all__ = ["cost", "draw", "estimate", "outcomes", "pace"]

#: The theorem that promises its rate.
PROMISE = "diana"


class Params(NamedTuple):
    """The step size, the speed of the control variates, and the compressor."""

    gamma: float
    """Step size γ, positive."""
    alpha: float
    """Step size α of the control variates, positive."""
    C: str
    """The compressor, unbiased, for example "RandK(2)"."""


class State(NamedTuple):
    """The model and the control variates."""

    x: np.ndarray
    """Model, shape (d,)."""
    H: np.ndarray
    """Control variates h_i, shape (n, d)."""


def initial(problem, params):
    """Return the start x = h_i = 0."""
    unbiased(params, "DIANA")
    return State(np.zeros(problem.d), np.zeros((problem.n, problem.d)))


def step(kernel, params, state, w):
    """One round."""
    _rounds(kernel, compressor(params).kernel, params.gamma, params.alpha, *state, w[None])


def advance(kernel, params, state, w):
    """All rounds."""
    _rounds(kernel, compressor(params).kernel, params.gamma, params.alpha, *state, np.ascontiguousarray(w))


@njit
def _rounds(kernel, C, gamma, alpha, x, H, w):
    n, d = H.shape
    g, m, mean = np.empty(d), np.empty(d), np.empty(d)
    work, message_work = workspace(kernel), compress_workspace(C, d)
    for t in range(w.shape[0]):
        mean[:] = 0.0
        for i in range(n):
            gradient(kernel, i, x, g, work)
            for j in range(d):
                g[j] -= H[i, j]
            compress(C, g, w[t, i], m, message_work)
            for j in range(d):
                mean[j] += (H[i, j] + m[j]) / n
                H[i, j] += alpha * m[j]
        for j in range(d):
            x[j] -= gamma * mean[j]


def fixed_point(problem, params, target):
    """x = x*, h_i = ∇f_i(x*)."""
    return State(target.x.copy(), target.gradients.copy())


def lyapunov(problem, params, state, target):
    """V = ‖x - x*‖² + (4ωγ²/(αn)) (1/n) Σ_i ‖h_i - ∇f_i(x*)‖²."""
    weight = 4.0 * compressor(params).omega(problem.d) * params.gamma**2 / (params.alpha * problem.n**2)
    return float(np.sum((state.x - target.x) ** 2) + weight * np.sum((state.H - target.gradients) ** 2))

r"""FedComLoc-Com: Scaffnew whose clients send compressed models.

The recursion, with Σ_i h_i = 0 at the start and any compressor C, unbiased or not::

    x̂_i = x_i - γ (∇f_i(x_i) - h_i)
    with probability p:
        x̂_i ← C(x̂_i)
        x_i⁺ = (1/n) Σ_j x̂_j
        h_i⁺ = h_i + (p/γ) (x_i⁺ - x̂_i)
    otherwise:
        x_i⁺ = x̂_i,  h_i⁺ = h_i

With top-k in the place of C it is Sparse-ProxSkip.

Source: Yi, Meinhardt, Condat and Richtárik, "FedComLoc: Communication-Efficient Distributed Training of Sparse and
Quantized Models" (2024), its variant -Com.
"""

from typing import NamedTuple

import numpy as np

from ..core.compiled import njit
from ..problems.oracles import workspace
from .compressors import compress, compress_workspace
from .parts.local_steps import local_phase
from .parts.messages import compressor, cost, draw
from .parts.rounds import fields, unroll
from .parts.skipped_rounds import (
    State,
    estimate,
    initial,
    lyapunov,
    pace,
)
from .scaffnew import communicate, invariants

__all__ = ["State", "cost", "draw", "estimate", "initial", "invariants", "lyapunov", "pace", "unroll"]

#: What is known of its rate.
PROMISE = "fedcomloc_com"


class Params(NamedTuple):
    """The step size, the probability of communication and the compressor."""

    gamma: float
    """Step size γ, positive."""
    p: float
    """Probability of communication in an iteration, in (0, 1]."""
    C: str
    """The compressor, for example "QSGD(8)" or "TopK(3)"."""


def outcomes(problem, params):
    """Return None: the step is no affine map whatever the messages, so nothing exact could be made of their list."""
    return


def step(kernel, params, state, outcome):
    """One iteration: a local step, then the average of the compressed models if the coin says so."""
    length, ends = np.ones(1, dtype=np.int64), outcome["coin"] == 1
    _rounds(kernel, compressor(params).kernel, params.gamma, params.p, *state, length, outcome["w"][None], ends)


def advance(kernel, params, state, draws):
    """All local steps of a round at once, then the average of the compressed models."""
    _rounds(kernel, compressor(params).kernel, params.gamma, params.p, *state, *fields(draws), True)


@njit
def _rounds(kernel, C, gamma, p, X, H, lengths, w, ends):
    """Take the local steps of every round, and communicate at its end if ``ends``."""
    d = X.shape[1]
    message, mean, work, message_work = np.empty(d), np.empty(d), workspace(kernel), compress_workspace(C, d)
    for r in range(lengths.shape[0]):
        local_phase(kernel, X, H, gamma, lengths[r], work)
        if ends:
            for i in range(X.shape[0]):
                compress(C, X[i], w[r, i], message, message_work)
                X[i] = message
            communicate(p / gamma, X, H, mean)

r"""FedComLoc-Global: Scaffnew whose server sends a compressed average.

The recursion, with Σ_i h_i = 0 at the start and any compressor C, unbiased or not::

    x̂_i = x_i - γ (∇f_i(x_i) - h_i)
    with probability p:   x_i⁺ = C((1/n) Σ_j x̂_j)
    otherwise:            x_i⁺ = x̂_i
    h_i⁺ = h_i + (p/γ) (x_i⁺ - x̂_i)

The control variates follow the compressed average, so their sum moves by n (p/γ)(C(m) - m) in a communication, m being
the mean of the x̂_i: a random walk if C is unbiased. With top-k in the place of C it is naive pruning at the server.

Source: Yi, Meinhardt, Condat and Richtárik, "FedComLoc: Communication-Efficient Distributed Training of Sparse and
Quantized Models" (2024), its variant -Global.
"""

import numpy as np

from ..core.compiled import njit
from ..core.vectors import mean_rows
from ..problems.oracles import workspace
from .compressors import compress, compress_workspace
from .fedcomloc_com import Params, outcomes
from .parts.cost import Cost
from .parts.local_steps import local_phase
from .parts.messages import compressor
from .parts.rounds import draw_rounds, fields, unroll
from .parts.skipped_rounds import (
    State,
    estimate,
    initial,
    lyapunov,
    pace,
)

__all__ = ["Params", "State", "estimate", "initial", "lyapunov", "outcomes", "pace", "unroll"]

#: What is known of its rate.
PROMISE = "fedcomloc_com"


def draw(rng, problem, params, rounds):
    """Return the lengths of the rounds, geometric with mean 1/p, and the randomness of the server's message."""
    return draw_rounds(rng, params.p, compressor(params).draw(rng, problem.d, rounds))


def step(kernel, params, state, outcome):
    """One iteration: a local step, then the compressed average if the coin says so."""
    length, ends = np.ones(1, dtype=np.int64), outcome["coin"] == 1
    _rounds(kernel, compressor(params).kernel, params.gamma, params.p, *state, length, outcome["w"][None], ends)


def advance(kernel, params, state, draws):
    """All local steps of a round at once, then the compressed average."""
    _rounds(kernel, compressor(params).kernel, params.gamma, params.p, *state, *fields(draws), True)


@njit
def _rounds(kernel, C, gamma, p, X, H, lengths, w, ends):
    """Take the local steps of every round, and communicate at its end if ``ends``."""
    n, d = X.shape
    message, mean, work, message_work = np.empty(d), np.empty(d), workspace(kernel), compress_workspace(C, d)
    for r in range(lengths.shape[0]):
        local_phase(kernel, X, H, gamma, lengths[r], work)
        if ends:
            mean_rows(X, mean)
            compress(C, mean, w[r], message, message_work)
            for i in range(n):
                for j in range(d):
                    H[i, j] += p / gamma * (message[j] - X[i, j])
                    X[i, j] = message[j]


def cost(problem, params, draws) -> Cost:
    """A full vector up and a compressed one down a round."""
    floats, bits = compressor(params).length(problem.d)
    iterations, rounds = int(draws["length"].sum()), len(draws)
    up = problem.d * rounds
    return Cost(iterations, up, floats * rounds, 64 * up, bits * rounds, iterations)

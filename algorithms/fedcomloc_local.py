r"""FedComLoc-Local: Scaffnew whose clients take gradients at compressed models.

The recursion, with Σ_i h_i = 0 at the start and any compressor C, unbiased or not::

    x̂_i = x_i - γ (∇f_i(C(x_i)) - h_i)
    with probability p:   x_i⁺ = (1/n) Σ_j x̂_j
    otherwise:            x_i⁺ = x̂_i
    h_i⁺ = h_i + (p/γ) (x_i⁺ - x̂_i)

What travels is not compressed: this is the variant for clients that cannot compute with full models.

Source: Yi, Meinhardt, Condat and Richtárik, "FedComLoc: Communication-Efficient Distributed Training of Sparse and
Quantized Models" (2024), its variant -Local, in which C acts on the model of the gradient only.
"""

import numpy as np

from ..core.compiled import njit
from ..problems.oracles import gradient, workspace
from .compressors import compress, compress_workspace
from .fedcomloc_com import Params, outcomes
from .parts.cost import Cost
from .parts.messages import compressor
from .parts.rounds import steps_by_round
from .parts.skipped_rounds import (
    State,
    estimate,
    initial,
    lyapunov,
    pace,
)
from .scaffnew import communicate, invariants

__all__ = ["Params", "State", "estimate", "initial", "invariants", "lyapunov", "outcomes", "pace"]

#: What is known of its rate.
PROMISE = "fedcomloc_com"


def draw(rng, problem, params, rounds):
    """Return an array of records for each round: of every step its coin, and the randomness of every client's model."""
    C = compressor(params)
    one = C.draw(rng, problem.d, 1)
    steps, draws = steps_by_round(rng, params.p, rounds, [("w", one.dtype, (problem.n, *one.shape[1:]))])
    steps["w"] = C.draw(rng, problem.d, len(steps) * problem.n).reshape(steps["w"].shape)
    return draws


def unroll(draws):
    """Return the steps of all rounds in one array."""
    return np.concatenate(draws)


def step(kernel, params, state, outcome):
    """One iteration: a local step, then the average if the coin says so."""
    _steps(kernel, compressor(params).kernel, params.gamma, params.p, *state, outcome["coin"][None], outcome["w"][None])


def advance(kernel, params, state, draws):
    """All rounds, step after step."""
    steps = unroll(draws)
    coins, w = np.ascontiguousarray(steps["coin"]), np.ascontiguousarray(steps["w"])
    _steps(kernel, compressor(params).kernel, params.gamma, params.p, *state, coins, w)


@njit
def _steps(kernel, C, gamma, p, X, H, coins, w):
    d = X.shape[1]
    g, at, mean, work, message_work = np.empty(d), np.empty(d), np.empty(d), workspace(kernel), compress_workspace(C, d)
    for t in range(coins.shape[0]):
        for i in range(X.shape[0]):
            compress(C, X[i], w[t, i], at, message_work)
            gradient(kernel, i, at, g, work)
            for j in range(d):
                X[i, j] -= gamma * (g[j] - H[i, j])
        if coins[t] == 1:
            communicate(p / gamma, X, H, mean)


def cost(problem, params, draws) -> Cost:
    """One vector up and down a round."""
    iterations, floats = sum(map(len, draws)), problem.d * len(draws)
    return Cost(iterations, floats, floats, 64 * floats, 64 * floats, iterations)

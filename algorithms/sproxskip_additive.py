r"""SProxSkip with additive noise: Scaffnew whose gradients have an error of variance σ².

The recursion, with ξ_i a random coordinate vector times ±√d, so that E ξ_i = 0 and ‖ξ_i‖² = d, and Σ_i h_i = 0 at the
start::

    x̂_i = x_i - γ (∇f_i(x_i) + (σ/√d) ξ_i - h_i)
    with probability p:   x_i⁺ = (1/n) Σ_j x̂_j
    otherwise:            x_i⁺ = x̂_i
    h_i⁺ = h_i + (p/γ) (x_i⁺ - x̂_i)

The theorem knows nothing of the noise but its variance; noise of few values can be listed.

Source: Mishchenko, Malinovsky, Stich and Richtárik, "ProxSkip: Yes! Local Gradient Steps Provably Lead to
Communication Acceleration! Finally!" (2022), its stochastic variant, with bounded variance.
"""

from itertools import product
from typing import NamedTuple

import numpy as np

from ..core.compiled import njit
from ..problems.oracles import gradient, workspace
from .parts.rounds import steps_by_round
from .parts.skipped_rounds import (
    State,
    estimate,
    fixed_point,
    initial,
    lyapunov,
    pace,
)
from .scaffnew import communicate, invariants
from .sproxskip import cost, unroll

__all__ = ["State", "cost", "estimate", "fixed_point", "initial", "invariants", "lyapunov", "pace", "unroll"]

#: The theorem that promises its rate.
PROMISE = "sproxskip_additive"
# More outcomes of a step than this are not listed.
_LISTED = 4096


class Params(NamedTuple):
    """The step size, the probability of communication and the noise."""

    gamma: float
    """Step size γ, positive."""
    p: float
    """Probability of communication in an iteration, in (0, 1]."""
    sigma: float
    """Standard deviation σ of every client's gradient, at least 0; with 0 this is Scaffnew."""


def outcomes(problem, params):
    """Return the coin with every client's noise, None if there are too many."""
    n, d = problem.n, problem.d
    if 2 * (2 * d) ** n > _LISTED:
        return None
    pairs = []
    every = product((0, 1), *[range(-d, d)] * n)
    for coin, *where in every:
        outcome = np.zeros((), dtype=[("coin", np.int64), ("xi", np.int64, (n,))])
        outcome["coin"], outcome["xi"] = coin, where
        pairs.append(((params.p if coin else 1.0 - params.p) / (2 * d) ** n, outcome))
    return pairs


def draw(rng, problem, params, rounds):
    """Return an array of records for each round: of every step the coin, and where every client's noise is.

    The number j >= 0 stands for coordinate j with a plus, and j < 0 for coordinate j + d with a minus.
    """
    steps, draws = steps_by_round(rng, params.p, rounds, [("xi", np.int64, (problem.n,))])
    steps["xi"] = rng.integers(-problem.d, problem.d, size=steps["xi"].shape)
    return draws


def step(kernel, params, state, outcome):
    """One iteration."""
    _steps(kernel, *params, *state, outcome["coin"][None], outcome["xi"][None])


def advance(kernel, params, state, draws):
    """All rounds, step after step."""
    steps = unroll(draws)
    _steps(kernel, *params, *state, np.ascontiguousarray(steps["coin"]), np.ascontiguousarray(steps["xi"]))


@njit
def _steps(kernel, gamma, p, sigma, X, H, coins, noise):
    n, d = X.shape
    g, mean, work = np.empty(d), np.empty(d), workspace(kernel)
    for t in range(coins.shape[0]):
        for i in range(n):
            gradient(kernel, i, X[i], g, work)
            where = noise[t, i]
            # Of length σ, as is (σ/√d) times a coordinate vector times √d.
            g[where % d] += sigma if where >= 0 else -sigma
            for j in range(d):
                X[i, j] -= gamma * (g[j] - H[i, j])
        if coins[t] == 1:
            communicate(p / gamma, X, H, mean)

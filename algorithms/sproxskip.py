r"""SProxSkip: Scaffnew with gradients of sampled components, whose noise it does not remove.

Every f_i is the mean of m_i components f_ij. The recursion, with j uniform and Σ_i h_i = 0 at the start::

    x̂_i = x_i - γ (∇f_ij(x_i) - h_i)
    with probability p:   x_i⁺ = (1/n) Σ_j x̂_j
    otherwise:            x_i⁺ = x̂_i
    h_i⁺ = h_i + (p/γ) (x_i⁺ - x̂_i)

It does not converge to the solution but to a neighbourhood, whose size is in proportion to γ.

Source: Mishchenko, Malinovsky, Stich and Richtárik, "ProxSkip: Yes! Local Gradient Steps Provably Lead to
Communication Acceleration! Finally!" (2022), its stochastic variant, with uniform sampling.
"""

import numpy as np

from ..core.compiled import njit
from ..problems.oracles import component_gradient, workspace
from .parts.components import listed_samples, sample
from .parts.cost import Cost
from .parts.rounds import steps_by_round
from .parts.skipped_rounds import (
    Params,
    State,
    estimate,
    fixed_point,
    initial,
    lyapunov,
    pace,
)
from .scaffnew import communicate, invariants

__all__ = ["Params", "State", "estimate", "fixed_point", "initial", "invariants", "lyapunov", "pace"]

#: The theorem that promises its rate.
PROMISE = "sproxskip"


def outcomes(problem, params):
    """Return the coin with every client's component, None if there are too many."""
    return listed_samples(problem, {"coin": params.p})


def draw(rng, problem, params, rounds):
    """Return an array of records for each round: of every step the coin and every client's component."""
    steps, draws = steps_by_round(rng, params.p, rounds, [("j", np.int64, (problem.n,))])
    steps["j"] = sample(rng, problem, len(steps))
    return draws


def unroll(draws):
    """Return the steps of all rounds in one array."""
    return np.concatenate(draws)


def step(kernel, params, state, outcome):
    """One iteration."""
    _steps(kernel, *params, *state, outcome["coin"][None], outcome["j"][None])


def advance(kernel, params, state, draws):
    """All rounds, step after step."""
    steps = unroll(draws)
    _steps(kernel, *params, *state, np.ascontiguousarray(steps["coin"]), np.ascontiguousarray(steps["j"]))


@njit
def _steps(kernel, gamma, p, X, H, coins, samples):
    n, d = X.shape
    g, mean, work = np.empty(d), np.empty(d), workspace(kernel)
    for t in range(coins.shape[0]):
        for i in range(n):
            component_gradient(kernel, i, samples[t, i], X[i], g, work)
            for j in range(d):
                X[i, j] -= gamma * (g[j] - H[i, j])
        if coins[t] == 1:
            communicate(p / gamma, X, H, mean)


def cost(problem, params, draws) -> Cost:
    """One vector up and down a round; gradients are those of components, one an iteration."""
    iterations, floats = sum(map(len, draws)), problem.d * len(draws)
    return Cost(iterations, floats, floats, 64 * floats, 64 * floats, iterations)

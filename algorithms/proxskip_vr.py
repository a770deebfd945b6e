r"""ProxSkip-VR: Scaffnew with gradients of sampled components, whose noise a reference point removes (L-SVRG).

Every f_i is the mean of m_i components f_ij. The recursion, with j uniform and Σ_i h_i = 0 at the start::

    g_i = ∇f_ij(x_i) - ∇f_ij(y_i) + ∇f_i(y_i)
    x̂_i = x_i - γ (g_i - h_i)
    with probability q:   y_i⁺ = x_i            (all clients at once)
    with probability p:   x_i⁺ = (1/n) Σ_j x̂_j
    otherwise:            x_i⁺ = x̂_i
    h_i⁺ = h_i + (p/γ) (x_i⁺ - x̂_i)

Where all f_i have one component each it is Scaffnew.

Source: Malinovsky, Yi and Richtárik, "Variance Reduced ProxSkip: Algorithm, Theory and Application to Federated
Learning" (2022), with the L-SVRG estimator.
"""

from typing import NamedTuple

import numpy as np

from ..core.compiled import njit
from ..problems.oracles import component_gradient, gradient, spread_of_components, workspace
from .parts.components import listed_samples, sample, sizes
from .parts.cost import Cost
from .parts.rounds import steps_by_round
from .parts.skipped_rounds import estimate, pace
from .parts.skipped_rounds import lyapunov as without_reference
from .scaffnew import communicate, invariants

__all__ = ["estimate", "invariants", "pace"]

#: The theorem that promises its rate.
PROMISE = "proxskip_vr"


class Params(NamedTuple):
    """The step size, and the probabilities of communication and of a new reference point."""

    gamma: float
    """Step size γ, positive."""
    p: float
    """Probability of communication in an iteration, in (0, 1]."""
    q: float
    """Probability of a new reference point in an iteration, in (0, 1]."""


class State(NamedTuple):
    """The clients' models, control variates and reference points."""

    X: np.ndarray
    """Models x_i, shape (n, d)."""
    H: np.ndarray
    """Control variates h_i, shape (n, d)."""
    Y: np.ndarray
    """Reference points y_i, shape (n, d)."""


def initial(problem, params):
    """Return the start x_i = h_i = y_i = 0."""
    return State(*(np.zeros((problem.n, problem.d)) for _ in State._fields))


def outcomes(problem, params):
    """Return the two coins with every client's component, None if there are too many."""
    return listed_samples(problem, {"coin": params.p, "refresh": params.q})


def draw(rng, problem, params, rounds):
    """Return an array of records for each round: of every step both coins and every client's component."""
    fields = [("refresh", np.int64), ("j", np.int64, (problem.n,))]
    steps, draws = steps_by_round(rng, params.p, rounds, fields)
    steps["refresh"] = rng.random(len(steps)) < params.q
    steps["j"] = sample(rng, problem, len(steps))
    return draws


def unroll(draws):
    """Return the steps of all rounds in one array."""
    return np.concatenate(draws)


def step(kernel, params, state, outcome):
    """One iteration."""
    _steps(kernel, *params, *state, *(outcome[name][None] for name in ("coin", "refresh", "j")))


def advance(kernel, params, state, draws):
    """All rounds, step after step; the gradients at the reference points are kept meanwhile."""
    steps = unroll(draws)
    _steps(kernel, *params, *state, *(np.ascontiguousarray(steps[name]) for name in ("coin", "refresh", "j")))


@njit
def _steps(kernel, gamma, p, q, X, H, Y, coins, refreshes, samples):
    n, d = X.shape
    G, at_x, at_y, mean, work = np.empty((n, d)), np.empty(d), np.empty(d), np.empty(d), workspace(kernel)
    for i in range(n):
        gradient(kernel, i, Y[i], G[i], work)
    for t in range(coins.shape[0]):
        for i in range(n):
            component_gradient(kernel, i, samples[t, i], X[i], at_x, work)
            component_gradient(kernel, i, samples[t, i], Y[i], at_y, work)
            for j in range(d):
                at_x[j] += G[i, j] - at_y[j]
            if refreshes[t] == 1:
                Y[i] = X[i]
                gradient(kernel, i, Y[i], G[i], work)
            for j in range(d):
                X[i, j] -= gamma * (at_x[j] - H[i, j])
        if coins[t] == 1:
            communicate(p / gamma, X, H, mean)


def cost(problem, params, draws) -> Cost:
    """One vector up and down a round; gradients are those of components, two an iteration and m_i a new reference."""
    iterations, floats = sum(map(len, draws)), problem.d * len(draws)
    refreshes = sum(int(steps["refresh"].sum()) for steps in draws)
    gradients = 2 * iterations + int(sizes(problem).max()) * refreshes
    return Cost(iterations, floats, floats, 64 * floats, 64 * floats, gradients)


def fixed_point(problem, params, target):
    """x_i = y_i = x*, h_i = ∇f_i(x*)."""
    X = np.tile(target.x, (problem.n, 1))
    return State(X, target.gradients.copy(), X.copy())


def lyapunov(problem, params, state, target):
    """V of Scaffnew plus (4γ²/q) Σ_i (1/m_i) Σ_j ‖∇f_ij(y_i) - ∇f_ij(x*)‖²."""
    spread = spread_of_components(problem.kernel, state.Y, target.x)
    return without_reference(problem, params, state, target) + 4.0 * params.gamma**2 / params.q * spread

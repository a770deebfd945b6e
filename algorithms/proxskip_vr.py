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

from ..problems import oracles
from . import scaffnew
from .parts import components, letters, njit, skipped_rounds

RANDOM = scaffnew.RANDOM & components.Flip("q", "refresh") & components.Components()
SENDS = scaffnew.SENDS
PROMISE = "proxskip_vr"
GROUP = "skipped communication"
FAMILY = skipped_rounds


class Params(NamedTuple):
    """The step size γ, and the probabilities p of communication and q of new reference points."""

    gamma: letters.StepSize
    p: letters.Probability
    q: letters.RefreshProbability


class State(NamedTuple):
    """The clients' models, control variates and reference points."""

    X: np.ndarray
    """Models x_i, shape (n, d)."""
    H: np.ndarray
    """Control variates h_i, shape (n, d)."""
    Y: np.ndarray
    """Reference points y_i, shape (n, d)."""


def start(problem, params):
    """Return the start x_i = h_i = y_i = 0."""
    return State(*(np.zeros((problem.n, problem.d)) for _ in State._fields))


def step(kernel, params, state, outcome):
    """One iteration."""
    _steps(kernel, params, *state, *(outcome[name][None] for name in ("coin", "refresh", "j")))


def advance(kernel, params, state, draws):
    """All rounds, step after step; the gradients at the reference points are kept meanwhile."""
    coins = np.ascontiguousarray(RANDOM.unroll(draws)["coin"])
    _steps(kernel, params, *state, coins, draws.steps["refresh"], draws.steps["j"])


@njit
def _steps(kernel, params, X, H, Y, coins, refreshes, samples):
    n, d = X.shape
    G, at_x, at_y, mean = np.empty((n, d)), np.empty(d), np.empty(d), np.empty(d)
    work = oracles.workspace(kernel)
    for i in range(n):
        oracles.gradient(kernel, i, Y[i], G[i], work)
    for t in range(coins.shape[0]):
        for i in range(n):
            # g_i = ∇f_ij(x_i) - ∇f_ij(y_i) + ∇f_i(y_i)
            oracles.component_gradient(kernel, i, samples[t, i], X[i], at_x, work)
            oracles.component_gradient(kernel, i, samples[t, i], Y[i], at_y, work)
            for j in range(d):
                at_x[j] += G[i, j] - at_y[j]
            if refreshes[t] == 1:
                for j in range(d):
                    Y[i, j] = X[i, j]
                oracles.gradient(kernel, i, Y[i], G[i], work)
            for j in range(d):
                X[i, j] -= params.gamma * (at_x[j] - H[i, j])
        if coins[t] == 1:
            skipped_rounds.meet(params.p / params.gamma, X, H, mean)


def gradients(problem, params, draws):
    """Return those of components: two an iteration, and m_i for a new reference point."""
    return 2 * draws.iterations + int(components.sizes(problem).max()) * int(draws.steps["refresh"].sum())


def fixed_point(problem, params, target):
    """x_i = y_i = x*, h_i = ∇f_i(x*)."""
    X = np.tile(target.x, (problem.n, 1))
    return State(X, target.gradients.copy(), X.copy())

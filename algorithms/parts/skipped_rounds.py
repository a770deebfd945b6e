"""What ProxSkip and Scaffnew share: parameters, state, coin, start, fixed point and Lyapunov function."""

from typing import NamedTuple

import numpy as np

from .cost import Cost, Pace, dense_cost


class Params(NamedTuple):
    """The step size and the probability of communication."""

    gamma: float
    """Step size γ, positive."""
    p: float
    """Probability of communication in an iteration, in (0, 1]."""


class State(NamedTuple):
    """The clients' models and control variates."""

    X: np.ndarray
    """Models x_i, shape (n, d)."""
    H: np.ndarray
    """Control variates h_i, shape (n, d)."""


def initial(problem, params):
    """Return the start x_i = h_i = 0."""
    return State(np.zeros((problem.n, problem.d)), np.zeros((problem.n, problem.d)))


def outcomes(problem, params):
    """Return both sides of the coin with their probabilities."""
    return ((params.p, 1), (1.0 - params.p, 0))


def draw(rng, problem, params, rounds):
    """Return the lengths of the rounds, geometric with mean 1/p."""
    return rng.geometric(params.p, rounds)


def unroll(lengths):
    """Return the coins of all iterations, 1 where a round ends, from the lengths of the rounds.

    Examples
    --------
    >>> unroll(np.array([3, 1]))
    array([0, 0, 1, 1])
    """
    flips = np.zeros(int(lengths.sum()), dtype=np.int64)
    flips[np.cumsum(lengths) - 1] = 1
    return flips


def cost(problem, params, lengths) -> Cost:
    """One vector up and down a round."""
    return dense_cost(problem, lengths)


def pace(params) -> Pace:
    """A step is an iteration, which ends a round with probability p."""
    return Pace(params.p, 1.0)


def estimate(state):
    """Return the mean model."""
    return state.X.mean(axis=0)


def fixed_point(problem, params, target):
    """x_i = x*, h_i = ∇f_i(x*)."""
    return State(np.tile(target.x, (problem.n, 1)), target.gradients.copy())


def lyapunov(problem, params, state, target):
    """V = Σ_i ‖x_i - x*‖² + (γ/p)² Σ_i ‖h_i - ∇f_i(x*)‖²."""
    drift = np.sum((state.H - target.gradients) ** 2)
    return float(np.sum((state.X - target.x) ** 2) + (params.gamma / params.p) ** 2 * drift)

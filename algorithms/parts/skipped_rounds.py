"""What ProxSkip and its relatives share: models and control variates, start, fixed point, and the sum that stays 0."""

from typing import Any, NamedTuple

import numpy as np

from ...core.compiled import njit
from .messages import average


class State(NamedTuple):
    """The clients' models and control variates."""

    X: np.ndarray
    """Models x_i, shape (n, d)."""
    H: np.ndarray
    """Control variates h_i, shape (n, d)."""


def start(problem: Any, params: Any) -> State:
    """Return the start x_i = h_i = 0."""
    return State(np.zeros((problem.n, problem.d)), np.zeros((problem.n, problem.d)))


def model(state: Any) -> np.ndarray:
    """Return the mean model."""
    # The bits of X.mean(axis=0), in half the time, which counts where every round is recorded.
    return np.add.reduce(state.X, axis=0) / len(state.X)


def fixed_point(problem: Any, params: Any, target: Any) -> State:
    """x_i = x*, h_i = ∇f_i(x*)."""
    return State(np.tile(target.x, (problem.n, 1)), target.gradients.copy())


def invariants(problem: Any, params: Any, state: Any) -> dict[str, np.ndarray]:
    """Return what stays 0: Σ_i h_i."""
    return {"sum of control variates": state.H.sum(axis=0)}


@njit
def meet(p_over_gamma, X, H, mean):
    """Every client takes the average of all, x_i⁺ = (1/n) Σ_j x̂_j; ``mean`` is scratch space."""
    average(X, mean)
    take(mean, p_over_gamma, X, H)


@njit
def take(x, p_over_gamma, X, H):
    """x_i⁺ = x at every client, and h_i⁺ = h_i + (p/γ)(x_i⁺ - x̂_i)."""
    for i in range(X.shape[0]):
        for j in range(X.shape[1]):
            H[i, j] += p_over_gamma * (x[j] - X[i, j])
            X[i, j] = x[j]

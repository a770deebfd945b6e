r"""BLADE-FL contracts the squared distance to FedAvg's point of the honest clients as FedAvg does, whoever is lazy.

Class: every f_i is L-smooth and μ-strongly convex, 0 < η < 2/L. With H = N - M honest clients and the mean of their
rounds T(x) = (1/H) Σ_i w_i, whose fixed point is x_H, the model of the next block is T(x) in expectation: whom lazy
clients copy is Pólya's urn, in which all honest ones are alike. So V = ‖x - x_H‖² keeps, with r = max{|1 - ημ|, |1 -
ηL|}^τ, the factor r² of a block, and what varies is noise: with v = M/(N (H + 1)) ::

    E V⁺ = ‖T(x) - x_H‖² + v (1/H) Σ_i ‖w_i - T(x)‖² + noise of the copies
        <= r² V + v/(1 - v) (1/H) Σ_i ‖w_i(x_H) - x_H‖² + (σ² d/N) (2M/(H + 1) - Σ_{t=H+1}^N 1/t)

since (1/H) Σ_i ‖w_i - w_i(x_H)‖² <= r² V bounds both the mean and the spread of these differences. Without lazy
clients it is FedAvg's promise.

The paper promises something else, a bound on the loss after the time t_sum with K blocks: 1/D with D(K) = K g(τ), g(τ)
= a τ - c h(τ), h(τ) = (δ/L) ((ηL + 1)^τ - 1) - ηδτ, and constants a, c. What follows without knowing them is in
:func:`bound` and :func:`best_steps`: D is a perspective of the concave g, so that 1/D is convex in K where D > 0; the
best τ depends on β/α only, and the best K = t_sum/(α τ + β) is proportional to the budget.

Source: Li, Shao, Wei, Ding, Ma, Shi, Han and Poor, "Blockchain Assisted Decentralized Federated Learning (BLADE-FL):
Performance Analysis and Resource Allocation" (2021) for the method and the bound, which is of the form of Wang et al.,
"Adaptive Federated Learning in Resource Constrained Edge Computing Systems" (2019); FedAvg for the factor. The urn, the
noise, and what follows without the constants are ours.
"""

import math
from typing import Any

import numpy as np

from ...algorithms.blade_fl import Params
from ...algorithms.fedavg import Params as PlainParams
from ...algorithms.parts.blocks import average_trained, honest, local_steps, train
from ...core.errors import InputError
from ...problems import Problem, Quadratic, Solution
from ..theorem import Condition, gradient_step_factor, step_size_condition
from . import fedavg
from .fedavg import lyapunov  # pyright: ignore[reportUnusedImport]

UNIT = "round"
EXPONENTS = {"rounds": 1.0, "iterations": 1.0}
_ROUNDS, _SEARCHES = 256, 100_000
# Halvings of an interval after which floating-point numbers have no more.
_HALVINGS = 200


def prescribed(problem: Problem) -> Params:
    """η = 1/L, and K = 20 blocks in the time t_sum = 300 with α = 1 and β = 5, so that τ = 10; nobody is lazy."""
    return Params(eta=1.0 / problem.L, K=20, t_sum=300.0, alpha=1.0, beta=5.0, M=0, sigma=0.0)


def admissible(problem: Problem, params: Params) -> tuple[Condition, ...]:
    """0 < η < 2/L."""
    return (step_size_condition("η", params.eta, 2.0 / problem.L, "2/L"),)


def contraction(problem: Problem, params: Params) -> float:
    """ρ = max{(1 - ημ)², (1 - ηL)²}^τ, for a block."""
    return gradient_step_factor(problem, params.eta) ** local_steps(params)


def noise(problem: Problem, params: Params) -> float:
    """Return what lazy clients add to V in a block, 0 if there are none."""
    if params.M == 0:
        return 0.0
    N, M, H = problem.n, params.M, honest(problem, params)
    v, spread = M / (N * (H + 1)), 0.0
    if H > 1:  # one alone is at rest
        x = target(problem, params).x
        spread = float(np.sum((_rounds_of_honest(problem, params, x) - x) ** 2)) / H
    urn = 2.0 * M / (H + 1) - math.fsum(1.0 / t for t in range(H + 1, N + 1))
    return v / (1.0 - v) * spread + params.sigma**2 * problem.d / N * urn


def target(problem: Problem, params: Params) -> Solution:
    """Return FedAvg's fixed point of the honest clients; its residual is the relative move of their mean there."""
    H, plain = honest(problem, params), PlainParams(params.eta, local_steps(params))
    if problem.n == H:
        return fedavg.target(problem, plain)
    if isinstance(problem, Quadratic):
        x = fedavg.target(Quadratic(problem.hessians[:H], problem.kernel.b[:H]), plain).x
    else:
        x, last = np.zeros(problem.d), np.inf
        for _ in range(_SEARCHES):
            before = x.copy()
            average_trained(problem.kernel, x, H, plain.gamma, plain.K, _ROUNDS)
            moved = float(np.abs(x - before).max())
            if not moved < last or moved == 0.0:
                break
            last = moved
    away = np.linalg.norm(_rounds_of_honest(problem, params, x).mean(axis=0) - x)
    return Solution(x, problem.gradients(x), float(away / (np.linalg.norm(x) or 1.0)))


def _rounds_of_honest(problem: Problem, params: Params, x: np.ndarray) -> np.ndarray:
    """Return the models of the honest clients after their local steps from x, shape (H, d)."""
    W = np.tile(x, (honest(problem, params), 1))
    train(problem.kernel, W, params.eta, local_steps(params))
    return W


def drift(tau: Any, eta: float, L: float, delta: float) -> Any:
    """Return h(τ) = (δ/L) ((ηL + 1)^τ - 1) - ηδτ, how far τ local steps lead clients apart; τ may be an array."""
    with np.errstate(over="ignore"):
        return delta / L * np.expm1(np.asarray(tau) * math.log1p(eta * L)) - eta * delta * np.asarray(tau)


def bound(K: Any, params: Params, a: float, c: float, L: float, delta: float) -> Any:
    """Return the paper's bound 1/(K (a τ - c h(τ))) on the loss, with τ = (t_sum/K - β)/α not rounded.

    Parameters
    ----------
    K : float or ndarray
        Numbers of blocks.
    params : Params
        The letters η, t_sum, α and β.
    a, c : float
        The constants, positive.
    L, delta : float
        The clients' smoothness, and by how much their gradients differ.

    Returns
    -------
    float or ndarray
        The bound; infinity where nothing is promised.
    """
    blocks = np.asarray(K, dtype=float)
    tau = (params.t_sum / blocks - params.beta) / params.alpha
    D = blocks * (a * tau - c * drift(tau, params.eta, L, delta))
    return np.divide(1.0, D, out=np.full_like(D, np.inf), where=(D > 0.0) & (tau >= 0.0))


def best_steps(ratio: float, eta: float, a: float, c: float, L: float, delta: float) -> float:
    """Return the best number τ of local steps, not rounded: that with g(τ) - τ g'(τ) = (β/α) g'(τ).

    Parameters
    ----------
    ratio : float
        β/α, at least 0; all else is no part of it, neither t_sum nor the unit of time.
    eta, a, c, L, delta : float
        As in :func:`bound`.

    Examples
    --------
    >>> constants = {"eta": 0.1, "a": 1.0, "c": 0.5, "L": 1.0, "delta": 1.0}
    >>> [round(best_steps(ratio, **constants), 3) for ratio in (0.01, 0.04)]
    [1.963, 3.693]
    """
    if not 0.0 <= ratio < math.inf:
        raise InputError(f"ratio = {ratio} of the times beta and alpha is out of range: give a number, at least 0.")

    def slope(tau: float) -> float:
        return a - c * delta / L * (math.exp(tau * math.log1p(eta * L)) * math.log1p(eta * L) - eta * L)

    def lacking(tau: float) -> float:
        g = a * tau - c * float(drift(tau, eta, L, delta))
        return g - (tau + ratio) * slope(tau)

    high = 1.0
    while slope(high) > 0.0:
        high *= 2.0
    low = 0.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        low, high = (low, middle) if lacking(middle) > 0.0 else (middle, high)
    return (low + high) / 2.0

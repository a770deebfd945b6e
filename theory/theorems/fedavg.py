"""FedAvg contracts the squared distance to its own fixed point by max{(1 - γμ)², (1 - γL)²}^K a round.

Class: every f_i is L-smooth and μ-strongly convex, 0 < γ < 2/L. Each local step is a contraction towards the client's
own minimiser, so the round, a mean of K-fold contractions, is one too and has one fixed point x_FA. V = ‖x - x_FA‖².
Tight when all clients share one Hessian. The promise is about x_FA, not about the solution: the two differ when K > 1
and the clients' Hessians and minimisers do. For quadratics x_FA is known in closed form, see
the method.

Source: Malinovsky et al., "From Local SGD to Local Fixed-Point Methods for Federated Learning" (2020), the
deterministic case; the factor is the K-fold product of the gradient step's.
"""

from typing import Any, cast

import numpy as np

from ...algorithms import get
from ...algorithms.fedavg import Params
from ...algorithms.parts.nothing_drawn import State
from ...problems import Problem, Quadratic, Solution
from ..theorem import Condition, gradient_step_factor, squared_norm, step_size_condition

EXPONENTS = {"rounds": 1.0, "iterations": 1.0}
UNIT = "round"
_LOCAL_STEPS = 10
# A round is a contraction, so iterating it finds its fixed point; this many rounds reach rounding for κ up to 1e6.
_SEARCH_ROUNDS = 1024
_SEARCHES = 20_000


def prescribed(problem: Problem) -> Params:
    """γ = 1/L; the theory leaves K free, here it is 10."""
    return Params(gamma=1.0 / problem.L, K=_LOCAL_STEPS)


def admissible(problem: Problem, params: Params) -> tuple[Condition, ...]:
    """0 < γ < 2/L."""
    return (step_size_condition("γ", params.gamma, 2.0 / problem.L, "2/L"),)


def contraction(problem: Problem, params: Params) -> float:
    """ρ = max{(1 - γμ)², (1 - γL)²}^K, for a round."""
    return gradient_step_factor(problem, params.gamma) ** params.K


def lyapunov(problem: Problem, params: Params, state: State, target: Solution) -> float:
    """V = ‖x - x_FA‖²."""
    return float(squared_norm(state.x - target.x))


def target(problem: Problem, params: Params) -> Solution:
    """Return the method's own fixed point: in closed form for quadratics, else by iterating the round.

    The residual is the relative move of one round at the point.
    """
    if isinstance(problem, Quadratic):
        V, lam, b = problem.kernel.V, problem.kernel.lam, problem.kernel.b
        m = _one_minus_power(params.gamma * lam, params.K)
        M = np.einsum("nkj,nk,nkl->jl", V, m, V) / len(V)
        pulled = np.einsum("nkj,nk,nkl,nl->j", V, m / lam, V, b) / len(b)
        x = cast("np.ndarray", np.linalg.solve(M, pulled))
    else:
        x = iterated("fedavg", problem, params)
    moved = State(x.copy())
    get("fedavg").step(problem.kernel, params, moved, 1)
    scale = np.linalg.norm(x) or 1.0
    return Solution(x, problem.gradients(x), float(np.linalg.norm(moved.x - x) / scale))


def _one_minus_power(a: np.ndarray, K: int) -> np.ndarray:
    """Return 1 - (1 - a)^K, without cancellation where a is small."""
    return np.where(a < 0.5, -np.expm1(K * np.log1p(-np.minimum(a, 0.5))), 1.0 - (1.0 - a) ** K)


def iterated(name: str, problem: Problem, params: Any) -> np.ndarray:
    """Return the model at which the rounds of a method end that contract towards a fixed point of their own."""
    method = get(name)
    state = method.start(problem, params)
    draws = method.draw(np.random.default_rng(0), problem, params, _SEARCH_ROUNDS)
    last = np.inf
    for _ in range(_SEARCHES):
        before = state.x.copy()
        method.advance(problem.kernel, params, state, draws)
        moved = float(np.abs(state.x - before).max())
        if not moved < last or moved == 0.0:
            break
        last = moved
    return state.x

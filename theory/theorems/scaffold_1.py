"""SCAFFOLD contracts its Lyapunov function by 1 - μKη/2 a round for η ≤ 1/(81 K L).

Class: every f_i is L-smooth and μ-strongly convex; all clients take part, full gradients, global step size 1.
V = ‖x - x*‖² + 9 (Kη)² (1/n) Σ_i ‖c_i - ∇f_i(x*)‖². An upper bound: the constants are those of the paper's proof and
far from the best. With the largest η the promise is 1 - 1/(162 κ) a round, O(κ log 1/ε) rounds: SCAFFOLD removes
FedAvg's bias but, at the step size that its theory allows, is not accelerated.

Source: Karimireddy et al., "SCAFFOLD: Stochastic Controlled Averaging for Federated Learning" (2020), theorem III,
without noise and sampling; V is that of its strongly convex proof.
"""

import numpy as np

from ...algorithms.parts.scaffold import Params, State
from ...problems import Problem, Solution
from ..theorem import Condition, squared_norm

EXPONENTS = {"rounds": 1.0, "iterations": 1.0}
UNIT = "round"
_LOCAL_STEPS = 10
_STEP_BOUND = 81.0


def prescribed(problem: Problem, K: int = _LOCAL_STEPS) -> Params:
    """η = 1/(81 K L); the theory leaves K free, by default it is 10."""
    return Params(eta=1.0 / (_STEP_BOUND * K * problem.L), K=K)


def admissible(problem: Problem, params: Params) -> tuple[Condition, ...]:
    """0 < η <= 1/(81 K L)."""
    bound = 1.0 / (_STEP_BOUND * params.K * problem.L)
    holds = 0 < params.eta <= bound * (1 + 1e-12)
    return (Condition("0 < η <= 1/(81 K L)", holds, f"η = {params.eta:g}, 1/(81 K L) = {bound:g}"),)


def contraction(problem: Problem, params: Params) -> float:
    """ρ = 1 - μKη/2, for a round."""
    return 1.0 - problem.mu * params.K * params.eta / 2.0


def lyapunov(problem: Problem, params: Params, state: State, target: Solution) -> float:
    """V = ‖x - x*‖² + 9 (Kη)² (1/n) Σ_i ‖c_i - ∇f_i(x*)‖²."""
    drift = np.sum((state.C - target.gradients) ** 2, axis=1).mean()
    return float(squared_norm(state.x - target.x) + 9.0 * (params.K * params.eta) ** 2 * drift)

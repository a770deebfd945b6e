"""FedLin contracts F(x) - F* by 1 - ηKμ a round for 0 < η <= 2/(5 K L).

Class: every f_i is convex and L-smooth, F is μ-strongly convex. An upper bound. The paper takes η = 1/(6 K L), for
1 - 1/(6κ) a round and O(κ log 1/ε) rounds: with that η, K corrected local steps are no faster than a gradient step.

The larger η is ours. Gradient steps of size η on f_i do not move two points apart, so after k local steps
‖y_i - x‖ ≤ kη ‖∇F(x)‖. With s = ηKL a round is therefore x⁺ = x - ηK (∇F(x) + r) with ‖r‖ ≤ (s/2) ‖∇F(x)‖, and from
smoothness and ‖∇F(x)‖² ≥ 2μ (F(x) - F*) follows ::

    F(x⁺) - F* ≤ (1 - 2ηKμ (1 - s/2 - (s/2)(1 + s/2)²)) (F(x) - F*)

where the last bracket is above 1/2 for s ≤ 2/5.

Source: Mitra, Jaafar, Pappas and Hassani, "Linear Convergence in Federated Learning: Tackling Client Heterogeneity and
Sparse Gradients" (2021), its theorem for strongly convex functions and equal clients.
"""

from ...algorithms.fedlin import Params
from ...algorithms.parts.nothing_drawn import State
from ...problems import Problem, Solution
from ..theorem import Condition

EXPONENTS = {"rounds": 1.0, "iterations": 1.0}
UNIT = "round"
_LOCAL_STEPS = 10


def prescribed(problem: Problem, K: int = _LOCAL_STEPS) -> Params:
    """η = 1/(6 K L); the theory leaves K free, by default it is 10."""
    return Params(eta=1.0 / (6.0 * K * problem.L), K=K)


def admissible(problem: Problem, params: Params) -> tuple[Condition, ...]:
    """0 < η <= 2/(5 K L)."""
    bound = 2.0 / (5.0 * params.K * problem.L)
    holds = 0 < params.eta <= bound * (1 + 1e-12)
    return (Condition("0 < η <= 2/(5 K L)", holds, f"η = {params.eta:g}, 2/(5 K L) = {bound:g}"),)


def contraction(problem: Problem, params: Params) -> float:
    """ρ = 1 - ηKμ, for a round."""
    return 1.0 - params.eta * params.K * problem.mu


def lyapunov(problem: Problem, params: Params, state: State, target: Solution) -> float:
    """V = F(x) - F*."""
    return problem.gap(state.x)

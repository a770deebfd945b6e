"""FedAvg contracts the squared distance to its own fixed point by max{(1 - γμ)², (1 - γL)²}^K a round.

Class: every f_i is L-smooth and μ-strongly convex, 0 < γ < 2/L. Each local step is a contraction towards the client's
own minimiser, so the round, a mean of K-fold contractions, is one too and has one fixed point x_FA. V = ‖x - x_FA‖².
Tight when all clients share one Hessian. The promise is about x_FA, not about the solution: the two differ when K > 1
and the clients' Hessians and minimisers do. For quadratics x_FA is known in closed form, see the method.

Source: Malinovsky et al., "From Local SGD to Local Fixed-Point Methods for Federated Learning" (2020), the
deterministic case; the factor is the K-fold product of the gradient step's.
"""

from ...algorithms.fedavg import Params, lyapunov, target
from ..theorem import gradient_step_factor, step_size_condition

__all__ = ["EXPONENTS", "TIGHT", "admissible", "contraction", "lyapunov", "prescribed", "target"]

EXPONENTS = {"rounds": 1.0, "iterations": 1.0}
TIGHT = False
_LOCAL_STEPS = 10


def prescribed(problem):
    """γ = 1/L; the theory leaves K free, here it is 10."""
    return Params(gamma=1.0 / problem.L, K=_LOCAL_STEPS)


def admissible(problem, params):
    """0 < γ < 2/L."""
    return (step_size_condition("γ", params.gamma, 2.0 / problem.L, "2/L"),)


def contraction(problem, params):
    """ρ = max{(1 - γμ)², (1 - γL)²}^K, for a round."""
    return gradient_step_factor(problem, params.gamma) ** params.K

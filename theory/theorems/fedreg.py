"""Nothing is promised of FedReg here: local steps of clients that differ end at a distance from the solution.

The letters are those of the authors' code, but for the step size η = 1/(K L), which keeps a round within a step of
gradient descent, and for ρ = 0.1. With their ρ = 1 the projections leave little of w - x on linear models, and of one
feature and two classes nothing but rounding. V = F(x) - F*.

Source: Xu, Hong, Huang and Jiang, "Acceleration of Federated Learning with Alleviated Forgetting in Local Training"
(2022), whose own analysis is of the projections' first order in η.
"""

from ...algorithms.fedreg import Params
from ...problems import Problem
from .fedlin import lyapunov  # pyright: ignore[reportUnusedImport]


def prescribed(problem: Problem) -> Params:
    """η = 1/(K L) with K = 10; a fifth of the clients, γ = 0.4, β = 0.5, ρ = 0.1, hard labels, η_s = 0.2."""
    K, M = 10, -(-problem.n // 5)
    return Params(eta=1.0 / (K * problem.L), K=K, M=M, gamma=0.4, beta=0.5, rho=0.1, soft=0.0, eta_s=0.2)

"""Nothing is promised of TiFL here: local steps of clients that differ end at a distance from the solution.

The step size is that of FedAvg. V = F(x) - F*.

Source: Chai et al., "TiFL: A Tier-based Federated Learning System" (2020), which proves no rate.
"""

from ...algorithms.tifl import Params
from ...problems import Problem
from .fedlin import lyapunov  # pyright: ignore[reportUnusedImport]


def prescribed(problem: Problem) -> Params:
    """η = 1/L with K = 10; up to 3 tiers, as likely each, of which up to 3 clients take part; speeds from 0.1 to 1."""
    K, m = 10, min(3, problem.n)
    return Params(1.0 / problem.L, K, min(3, problem.n // m), m, credits=0, I=0, speeds="uniform(0.1,1)", w=0)

"""Nothing is promised of Aergia here: local steps of clients that differ end at a distance from the solution.

The step size is that of FedAvg. The part bf = 0.65 of a step is what the
backward pass of the features takes in the paper's networks; three quarters of the features are the feature block, and
similarity has the weight f = 1. V = F(x) - F*.

Source: Cox, Chen and Decouchant, "Aergia: Leveraging Heterogeneity in Federated Learning Systems" (2022), which proves
no rate.
"""

from ...algorithms.aergia import Params
from ...problems import Problem
from .fedlin import lyapunov  # pyright: ignore[reportUnusedImport]


def prescribed(problem: Problem) -> Params:
    """η = 1/L with K = 10; up to 4 clients, bf = 0.65, φ = 0.75, f = 1, comm = 0; speeds of 0.1 to 1."""
    K, S = 10, min(4, problem.n)
    return Params(
        1.0 / problem.L, K, S, bf=0.65, phi=0.75, f=1.0, comm=0.0, trains="features", speeds="uniform(0.1,1)", w=0
    )

"""Nothing is promised of CLG-SGD here: with few clients in a round and different data its model never settles.

The parameters are those at which FedCLG is held against it. V = F(x) - F*.

Source: Yang, Chen and Shen, "On the Convergence of Hybrid Server-Clients Collaborative Training" (2023), which proves a
rate for strongly convex functions with step sizes that shrink and all clients; here they are constant.
"""

from ...algorithms.clg_sgd import Params
from ...problems import Problem
from . import fedclg_c
from .fedlin import lyapunov  # pyright: ignore[reportUnusedImport]


def prescribed(problem: Problem, K: int = 10) -> Params:
    """η = 1/(6 K L), γ = 1/L_s, a fifth of the clients and one step of the server, as for FedCLG-C."""
    return Params(*fedclg_c.prescribed(problem, K))

"""No rate of FedDLR is proved; what each truncation cuts is bounded, and an invariant holds it to that.

Class: every f_i is L-smooth and μ-strongly convex. Without truncation a round brings the model closer to FedAvg's fixed
point, by a factor of 1 - γμ for each local step where γ <= 1/L; a truncation moves it by √(1-p) of its norm at most. So
the floor is of the order of √(1-p) ‖x‖ / (γμK), which says little where κ is large. V = F(x) - F*. Prescribed are
p = q = 0.95 and K = 5 with γ = 1/L; the theory leaves them free.

Source: Eckart and Young, "The approximation of one matrix by another of lower rank" (1936) for the truncation; Qiao,
Yu, Zhang and Letaief, "Communication-Efficient Federated Learning with Dual-Side Low-Rank Compression" (2021).
"""

from ...algorithms.feddlr import Params
from ...algorithms.parts import truncation
from ...algorithms.parts.components import sizes
from ...problems import Problem
from .fedlin import lyapunov  # pyright: ignore[reportUnusedImport]


def prescribed(problem: Problem) -> Params:
    """γ = 1/L, K = 5, p = q = 0.95, whole gradients; a row for each class, or a matrix as square as it can be."""
    b = int(sizes(problem).max())
    return Params(gamma=1.0 / problem.L, K=5, p=0.95, q=0.95, rows=truncation.rows_of(problem), b=b)

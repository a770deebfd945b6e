"""HierFAVG contracts the squared distance to its own fixed point by max{(1 - γμ)², (1 - γL)²}^(k1 k2) a round.

Class: every f_i is L-smooth and μ-strongly convex, 0 < γ < 2/L. What an edge makes of its model in k1 local steps and
an average is a round of FedAvg, which contracts by the k1-fold factor; k2 of these by the k1 k2-fold one; and the mean
of the edges contracts as much as the worst of them. So there is one fixed point x_H, and V = ‖x - x_H‖². Tight when
all clients share one Hessian. The promise is about x_H, not about the solution: the two differ where k1 k2 > 1 and
clients do. For quadratics x_H is known in closed form, see the method.

Source: Liu, Zhang, Song and Letaief, "Client-Edge-Cloud Hierarchical Federated Learning" (2020) for the method, whose
own theorem is about a path with a step size that falls; the factor is FedAvg's, at both levels.
"""

from typing import cast

import numpy as np

from ...algorithms import get
from ...algorithms.fedavg import Params as OneLevel
from ...algorithms.hierfavg import Params
from ...algorithms.parts.edges import first_of
from ...algorithms.parts.nothing_drawn import State
from ...problems import Problem, Quadratic, Solution
from ..theorem import gradient_step_factor
from . import fedavg
from .fedavg import admissible, lyapunov  # pyright: ignore[reportUnusedImport]

EXPONENTS = {"rounds": 1.0, "iterations": 1.0}
UNIT = "round"
#: An edge for so many clients.
CLIENTS_OF_EDGE = 5


def prescribed(problem: Problem) -> Params:
    """γ = 1/L; the theory leaves the others free, here k1 = 5, k2 = 2 and an edge for five clients, at least two."""
    return Params(gamma=1.0 / problem.L, k1=5, k2=2, edges=edges_of(problem))


def edges_of(problem: Problem) -> int:
    """Return the number of edges that is taken where none is given."""
    return min(max(problem.n // CLIENTS_OF_EDGE, 2), problem.n)


def contraction(problem: Problem, params: Params) -> float:
    """ρ = max{(1 - γμ)², (1 - γL)²}^(k1 k2), for a round."""
    return gradient_step_factor(problem, params.gamma) ** (params.k1 * params.k2)


def target(problem: Problem, params: Params) -> Solution:
    """Return the method's own fixed point: in closed form for quadratics, else by iterating the round.

    The residual is the relative move of one round at the point.
    """
    found = _closed(problem, params) if isinstance(problem, Quadratic) else None
    x = fedavg.iterated("hierfavg", problem, params) if found is None else found
    moved = State(x.copy())
    get("hierfavg").step(problem.kernel, params, moved, 1)
    scale = np.linalg.norm(x) or 1.0
    return Solution(x, problem.gradients(x), float(np.linalg.norm(moved.x - x) / scale))


def _closed(problem: Quadratic, params: Params) -> np.ndarray:
    """Return x_H = (Σ_e n_e M_e)⁻¹ Σ_e n_e M_e x_e*, M_e = I - P_e^k2."""
    d = problem.d
    weights, pulled = np.zeros((d, d)), np.zeros(d)
    for e in range(params.edges):
        own = slice(first_of(e, params.edges, problem.n), first_of(e + 1, params.edges, problem.n))
        edge = Quadratic(problem.hessians[own], problem.kernel.b[own])
        steps = np.eye(d) - params.gamma * edge.hessians
        P = cast("np.ndarray", np.linalg.matrix_power(steps, params.k1).mean(axis=0))
        # With step sizes near 0 the difference from the identity would lose its digits: it is a sum of powers.
        less = (np.eye(d) - P) @ sum(np.linalg.matrix_power(P, power) for power in range(params.k2))
        weights += edge.n * less
        pulled += edge.n * less @ fedavg.target(edge, OneLevel(params.gamma, params.k1)).x
    return cast("np.ndarray", np.linalg.solve(weights, pulled))

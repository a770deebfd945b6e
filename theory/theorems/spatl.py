"""No rate of SPATL is proved for rows that are chosen; with all of them and s = 1 it is SCAFFOLD on the joint vector.

Class: every f_i is L-smooth and μ-strongly convex in its client's own model; full gradients, all clients. Where s > 0
and means are over the senders the solution is a fixed point of every round; how it is approached is for the claims.
V = ‖z - z*‖² + 9 (Kη)² (1/n) Σ_i ‖s c_i - ∇_u f_i(z*)‖², SCAFFOLD's with the joint vector z. Prescribed are η = 1/(2L),
K = 5, r = 0.2 and s = 1, rows that change most, means over senders and control variates of rows, all of which the
theory leaves free.

Source: Yu, Liu, Wang, Xu and Liu, "SPATL: Salient Parameter Aggregation and Transfer Learning for Heterogeneous Clients
in Federated Learning" (2021) for the method; V and the prescribed letters are ours.
"""

import numpy as np

from ...algorithms import get
from ...algorithms.parts.components import sizes
from ...algorithms.parts.encoders import State
from ...algorithms.spatl import Params
from ...problems import Problem, Solution
from ..theorem import Condition, squared_norm


def prescribed(problem: Problem) -> Params:
    """η = 1/(2L), K = 5, r = 0.2, s = 1, rows that change most, means over senders, control of rows; all clients."""
    b = int(sizes(problem).max())
    return Params(
        eta=0.5 / problem.L, K=5, r=0.2, s=1.0, salience="change", mean="senders", control="rows", M=problem.n, b=b
    )


def admissible(problem: Problem, params: Params) -> tuple[Condition, ...]:
    """0 < η <= 1/L, s > 0 and means over the senders, without which the solution is no fixed point."""
    bound = 1.0 / problem.L
    return (
        Condition("0 < η <= 1/L", 0 < params.eta <= bound * (1 + 1e-12), f"η = {params.eta:g}, 1/L = {bound:g}"),
        Condition("s > 0", params.s > 0.0, f"s = {params.s:g}"),
        Condition("means are over the senders", params.mean == "senders", f"mean = {params.mean}"),
        Condition("b of all components", params.b >= sizes(problem).max(), f"b = {params.b}"),
    )


def lyapunov(problem: Problem, params: Params, state: State, target: Solution) -> float:
    """V = ‖z - z*‖² + 9 (Kη)² (1/n) Σ_i ‖s c_i - ∇_u f_i(z*)‖²."""
    wanted = target.gradients[:, : state.x.shape[0]]
    drift = np.sum((params.s * state.C - wanted) ** 2, axis=1).mean()
    distance = squared_norm(get("spatl").model(state) - target.x)
    return float(distance + 9.0 * (params.K * params.eta) ** 2 * drift)

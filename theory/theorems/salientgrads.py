"""SalientGrads contracts towards its own fixed point on the mask by max{(1 - γμ)², (1 - γL)²}^K a round, as FedAvg.

Class: every f_i is L-smooth and μ-strongly convex, 0 < γ < 2/L. A local step is one of FedAvg and then the projection
onto the vectors that are 0 off the mask, which lengthens nothing: so a round contracts from every start, also from the
first model, which is dense. V = ‖x - x_m‖² for the fixed point x_m on the mask. For quadratics x_m is FedAvg's on its
coordinates. How far x_m is from the solution depends on the mask, of which no theorem speaks: that is for the claims.
Prescribed are γ = 1/L, and K = 5, density 0.2, c = 0.01 and scores by all samples, which the theory leaves free. What
is clipped is no step of FedAvg, and with steps that shrink the factor does not stay: the theorem is about neither.

Source: Ohib, Thapaliya, Gaggenapalli, Liu, Calhoun and Plis, "SalientGrads: Sparse Models for Communication Efficient
and Data Aware Distributed Federated Training" (2023) for the method; the factor is FedAvg's, the projection is ours.
"""

import numpy as np

from ...algorithms import get
from ...algorithms.fedavg import Params as PlainParams
from ...algorithms.parts.components import sizes
from ...algorithms.salientgrads import Params, State
from ...problems import Problem, Quadratic, Solution
from ..theorem import Condition
from . import fedavg
from .fedavg import contraction, lyapunov  # pyright: ignore[reportUnusedImport]

UNIT = "round"


def prescribed(problem: Problem) -> Params:
    """γ = 1/L, K = 5, density 0.2, c = 0.01, w = 0; scores of one minibatch of all samples, ρ = 1, nothing clipped."""
    gamma, b = 1.0 / problem.L, int(sizes(problem).max())
    return Params(gamma, K=5, density=0.2, c=0.01, w=0, R=1, b=b, score="ce", rho=1.0, G=0.0)


def admissible(problem: Problem, params: Params) -> tuple[Condition, ...]:
    """0 < γ < 2/L, ρ = 1 and G = 0."""
    return (
        *fedavg.admissible(problem, PlainParams(params.gamma, params.K)),
        Condition("ρ = 1", params.rho == 1.0, f"ρ = {params.rho:g}"),
        Condition("G = 0", params.G == 0.0, f"G = {params.G:g}"),
    )


def target(problem: Problem, params: Params) -> Solution:
    """Return the fixed point on the mask; its residual is the relative move of a round there."""
    method = get("salientgrads")
    first = method.start(problem, params)
    mask = first.mask
    if isinstance(problem, Quadratic):
        kept = np.flatnonzero(mask)
        inner = Quadratic(problem.hessians[:, kept][:, :, kept], problem.kernel.b[:, kept])
        x = np.zeros(problem.d)
        x[kept] = fedavg.target(inner, PlainParams(params.gamma, params.K)).x
    else:
        x = fedavg.iterated("salientgrads", problem, params)
    moved: State = first._replace(x=x.copy())
    method.step(problem.kernel, params, moved, 1)
    return Solution(x, problem.gradients(x), float(np.linalg.norm(moved.x - x) / (np.linalg.norm(x) or 1.0)))

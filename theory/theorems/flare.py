"""Nothing is proved here of FLARE's rate: its term is a bias that falls with τ.

The parameters are those of the source's experiments where these are free of scale: one local step, momentum 0.9, the
larger half of what is remembered. C = top-k with k = ⌈d/100⌉, τ = 0.1 with ρ = 1/1.02, and η = 1/(4L). V is ‖x - x*‖².

Source: Greidi and Cohen, "Sparse Training for Federated Learning with Regularized Error Correction" (2023), which
proves O(1/√T) for T rounds without convexity.
"""

import math

from ...algorithms.flare import Params, State
from ...problems import Problem, Solution
from ..theorem import squared_norm

_SENT = 0.01


def prescribed(problem: Problem, C: str | None = None) -> Params:
    """η = 1/(4L), K = 1, τ = 0.1, ρ = 1/1.02, P = 1, u = 1/2, β = 0.9; by default C = top-k with k = ⌈d/100⌉."""
    return Params(
        eta=1.0 / (4.0 * problem.L),
        K=1,
        C=C or f"TopK({math.ceil(_SENT * problem.d)})",
        tau=0.1,
        rho=1.0 / 1.02,
        u=0.5,
        beta=0.9,
        P=1,
    )


def lyapunov(problem: Problem, params: Params, state: State, target: Solution) -> float:
    """V = ‖x - x*‖²."""
    return float(squared_norm(state.x - target.x))

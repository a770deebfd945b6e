"""EF21 contracts F(x) - F* + (γ/θ) (1/n) Σ_i ‖g_i - ∇f_i(x)‖² by 1 - γμ for γ <= min{1/(L + L̃√(2β/θ)), θ/(2μ)}.

Class: every f_i is L_i-smooth, L̃² is the mean of the L_i², and the mean F is L-smooth and μ-strongly convex; of that
only 2μ(F(x) - F*) <= ‖∇F(x)‖² is used. The compressors are contractive, E ‖C_i(v) - v‖² <= (1 - δ) ‖v‖² with
0 < δ <= 1, and θ = 1 - √(1 - δ), β = (1 - δ)/θ. With the largest γ the promise is O((κ/δ) log 1/ε) rounds. It does not
improve with n, since nothing averages out what is biased.

The worst of all compressors with one δ is biased rand-k: then E V⁺ is largest, from every state. Exact evidence is had
with it, and holds for the others.

Source: Richtárik, Sokolov and Fatkhullin, "EF21: A New, Simpler, Theoretically Better, and Practically Faster Error
Feedback" (2021), under the condition of Polyak and Łojasiewicz.
"""

import math

import numpy as np

from ...algorithms.ef21 import Params, State, contractive  # pyright: ignore[reportUnknownVariableType]
from ...algorithms.parts.messages import compressor
from ...problems import Problem, Solution
from ..theorem import Condition, squared_norm

EXPONENTS = {"rounds": 1.0, "iterations": 1.0}
_SENT = 0.1


def prescribed(problem: Problem, C: str | None = None) -> Params:
    """γ = min{1/(L + L̃√(2β/θ)), θ/(2μ)}; by default C = top-k with k = ⌈d/10⌉."""
    params = Params(gamma=1.0, C=C or f"TopK({math.ceil(_SENT * problem.d)})")
    return params._replace(gamma=largest_step(problem, contractive(problem, params)))


def theta(delta: float) -> float:
    """θ = 1 - √(1 - δ)."""
    return 1.0 - math.sqrt(1.0 - delta)


def largest_step(problem: Problem, delta: float) -> float:
    """min{1/(L + L̃√(2β/θ)), θ/(2μ)}."""
    mean_square = math.sqrt(np.mean(problem.L_i**2))
    # √(2β/θ) = √(2(1 - δ))/θ
    smoothness = problem.L + mean_square * math.sqrt(2.0 * (1.0 - delta)) / theta(delta)
    return min(1.0 / smoothness, theta(delta) / (2.0 * problem.mu))


def admissible(problem: Problem, params: Params) -> tuple[Condition, ...]:
    """A contractive C, 0 < γ <= min{1/(L + L̃√(2β/θ)), θ/(2μ)} up to rounding."""
    delta = compressor(params).delta(problem.d)
    if not delta > 0.0:
        return (Condition("E ‖C(v) - v‖² <= (1 - δ) ‖v‖² with δ > 0", False, f"C = {params.C}, δ = {delta:g}"),)
    bound = largest_step(problem, delta)
    return (
        Condition(
            "0 < γ <= min{1/(L + L̃√(2β/θ)), θ/(2μ)}",
            0 < params.gamma <= bound * (1.0 + 1e-12),
            f"γ = {params.gamma:g}, min{{...}} = {bound:g}",
        ),
    )


def contraction(problem: Problem, params: Params) -> float:
    """ρ = 1 - γμ."""
    return 1.0 - params.gamma * problem.mu


def lyapunov(problem: Problem, params: Params, state: State, target: Solution) -> float:
    """V = F(x) - F* + (γ/θ) (1/n) Σ_i ‖g_i - ∇f_i(x)‖² with θ = 1 - √(1 - δ)."""
    weight = params.gamma / (theta(compressor(params).delta(problem.d)) * problem.n)
    return problem.gap(state.x) + weight * float(squared_norm(state.G - problem.gradients(state.x)))

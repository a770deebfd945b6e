"""Error feedback contracts ‖x̃ - x*‖² + (10ηL/(δn)) Σ_k ‖e_k‖² by max{1 - ημ/2, 1 - δ/4} up to noise, for small η.

Class: every f_k is convex and L-smooth, their mean F is μ-strongly convex; the clients' compressors are contractive
with δ, the server's is the identity; gradients have independent errors of variance σ²; there is no momentum. With
x̃ = x - (1/n) Σ_k e_k and any α, where η <= min{1/(8L), δ/(16L√(1 - δ))}, a step contracts V up to

    η²σ²/n + (1 - δ) η³L (60ζ²/δ² + 10σ²/δ),    ζ² = (1/n) Σ_k ‖∇f_k(x*)‖².

So clients that differ leave a floor even without σ, of the order of η². To average the errors, as SAEF does, changes
x̃ by nothing and does not increase V, and the same holds after it.

Proof: x̃⁺ = x̃ - η (1/n) Σ_k g_k(y_k), and R = (1/n) Σ_k ‖y_k - x̃‖² = (1/n) Σ_k ‖(1/n) Σ_j e_j - α e_k‖² is at most
E = (1/n) Σ_k ‖e_k‖². By convexity and smoothness ⟨∇f_k(y_k), x̃ - x*⟩ >= f_k(x̃) - f_k(x*) - (L/2) ‖y_k - x̃‖², so
that with Δ = F(x̃) - F(x*) the square ‖x̃ - x*‖² becomes at most (1 - ημ/2) ‖x̃ - x*‖² - (η/2) Δ + (5/4) ηL R + η²σ²/n.
And E becomes at most (1 - δ/2) E + (2(1 - δ)/δ) η² (3L²R + 6LΔ + 3ζ²) + (1 - δ) η²σ². The second times 10ηL/δ, added
to the first, leaves nothing of Δ for such η.

Source: Stich and Karimireddy, "The Error-Feedback Framework: Better Rates for SGD with Delayed Gradients and Compressed
Updates" (2020), whose proof this is, with clients that differ and α; its constants here are ours.
"""

import math
from typing import Any

import numpy as np

from ...algorithms.error_feedback import Params
from ...algorithms.parts.error_feedback import State, virtual
from ...algorithms.parts.messages import compressor
from ...problems import Problem, Solution
from ..theorem import Condition, squared_norm

_SENT = 0.1


def prescribed(problem: Problem, alpha: float = 0.0, C: str | None = None) -> Params:
    """The largest η, α = 0, C = top-k with k = ⌈d/10⌉, a server that sends all, no momentum, exact gradients."""
    params = Params(eta=1.0, alpha=alpha, C=C or usual_compressor(problem), C_s="Identity()", beta=0.0, sigma=0.0)
    return params._replace(eta=largest_step(problem, params))


def usual_compressor(problem: Problem) -> str:
    """Top-k with k = ⌈d/10⌉."""
    return f"TopK({math.ceil(_SENT * problem.d)})"


def largest_step(problem: Problem, params: Any) -> float:
    """min{1/(8L), δ/(16L√(1 - δ))}."""
    delta = compressor(params).delta(problem.d)
    return min(1.0 / 8.0, delta / (16.0 * math.sqrt(1.0 - delta) or 1.0)) / problem.L


def admissible(problem: Problem, params: Any) -> tuple[Condition, ...]:
    """0 < η <= min{1/(8L), δ/(16L√(1 - δ))}, no momentum, and a server that sends all."""
    bound = largest_step(problem, params)
    return (
        *without_more(params),
        Condition(
            "0 < η <= min{1/(8L), δ/(16L√(1 - δ))}",
            0 < params.eta <= bound * (1.0 + 1e-12),
            f"η = {params.eta:g}, min{{...}} = {bound:g}",
        ),
    )


def without_more(params: Any) -> tuple[Condition, ...]:
    """No momentum, and a server that sends all."""
    sends_all = compressor(params, "C_s").omega(1) == 0.0
    return (
        Condition("β = 0", params.beta == 0.0, f"β = {params.beta:g}"),
        Condition("C_s = Identity()", sends_all, f"C_s = {params.C_s}"),
    )


def contraction(problem: Problem, params: Any) -> float:
    """ρ = max{1 - ημ/2, 1 - δ/4}."""
    return max(1.0 - params.eta * problem.mu / 2.0, 1.0 - compressor(params).delta(problem.d) / 4.0)


def noise(problem: Problem, params: Any) -> float:
    """η²σ²/n + (1 - δ) η³L (60ζ²/δ² + 10σ²/δ)."""
    delta = compressor(params).delta(problem.d)
    zeta_squared = float(np.sum(problem.solution().gradients ** 2)) / problem.n
    remembered = 60.0 * zeta_squared / delta**2 + 10.0 * params.sigma**2 / delta
    return (params.eta * params.sigma) ** 2 / problem.n + (1.0 - delta) * params.eta**3 * problem.L * remembered


def lyapunov(problem: Problem, params: Any, state: State, target: Solution) -> float:
    """V = ‖x̃ - x*‖² + (10ηL/δ) (1/n) Σ_k ‖e_k‖²."""
    weight = 10.0 * params.eta * problem.L / compressor(params).delta(problem.d)
    return float(squared_norm(virtual(state) - target.x) + weight * squared_norm(state.E) / problem.n)

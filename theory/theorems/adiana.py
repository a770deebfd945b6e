"""ADIANA contracts its Lyapunov function by max{β, 1 - θ₁/2, 1 - qθ₁/(1 + θ₁), 1 - α/4}, O(√κ) rounds at any ω.

Class: every f_i is convex and L-smooth, their mean F is μ-strongly convex; the compressors are unbiased with variance
ω > 0 and independent. The parameters satisfy α <= 1/(1 + ω), η <= min{1/(2L), n/(64ω(2q/α + 1)²L)}, θ₁ <= 1/4,
γ <= η/(2(θ₁ + ημ)) and β >= 1 - γμ. V is, with c = 2γβ/θ₁,

    ‖z - x*‖² + c (F(y) - F* + ((1 + θ₁)/(2q)) (F(w) - F*) + (6ηω/(αn)) (1/n) Σ_i ‖h_i - ∇f_i(w)‖²).

Its weights and the factor are worked out for this package, along the paper's proof. With D_v = F(v) - F(x) -
⟨∇F(x), v - x⟩ and σ² = E ‖g - ∇F(x)‖² these are its steps:

* E ‖z⁺ - x*‖² + c E F(y⁺) <= β ‖z - x*‖² + c (F(x) + θ₂ (F(w) - F(x) - D_w) + (1 - θ₁ - θ₂) (F(y) - F(x) - D_y))
  - 2γ (F(x) - F*) + (γ² + cLη²/2) σ², where γ² + cLη²/2 <= 3cη/4;
* σ² <= (2ω/n) (2L D_w + (1/n) Σ_i ‖h_i - ∇f_i(w)‖²);
* the mean of ‖h_i⁺ - ∇f_i(w⁺)‖² is at most 1 - α/2 times that of ‖h_i - ∇f_i(w)‖² and 4Lq (1 + 2q/α) (D_w + D_y);
* the bound on η makes what is left of D_w and D_y negative.

With the largest step sizes, θ₁ = min{1/4, √(ημ/q)} and the paper's q the promise is O((ω + √κ + √((ω/n + √(ω/n)) ωκ))
log 1/ε) rounds: the square root of κ without local steps.

Source: Li, Kovalev, Qian and Richtárik, "Acceleration for Compressed Gradient Descent in Distributed and Federated
Optimization" (2020).
"""

import math

from ...algorithms.adiana import THETA_2, Params, State
from ...algorithms.parts.messages import compressor
from ...problems import Problem, Solution
from ..theorem import Condition, squared_norm
from .diana import prescribed_compressor

EXPONENTS = {"rounds": 0.5, "iterations": 0.5}


def prescribed(problem: Problem, C: str | None = None) -> Params:
    """α = 1/(1 + ω), q = min{1, max{1, √(n/(32ω)) - 1}/(2(1 + ω))}, θ₁ = min{1/4, √(ημ/q)}; by default C as for DIANA.

    η and γ are the largest, and β = 1 - γμ.
    """
    C = C or prescribed_compressor(problem)  # pyright: ignore[reportConstantRedefinition]
    params = Params(eta=1.0, theta=0.25, gamma=1.0, beta=0.0, alpha=1.0, q=1.0, C=C)
    omega = compressor(params).omega(problem.d)
    clients = math.sqrt(problem.n / (32.0 * omega)) if omega else math.inf
    q = min(1.0, max(1.0, clients - 1.0) / (2.0 * (1.0 + omega)))
    return with_step(problem, params._replace(alpha=1.0 / (1.0 + omega), q=q))


def with_step(problem: Problem, params: Params) -> Params:
    """Return the parameters with the largest η, and the θ₁, γ and β that go with it."""
    eta = largest_step(problem, params)
    theta = min(0.25, math.sqrt(eta * problem.mu / params.q))
    gamma = eta / (2.0 * (theta + eta * problem.mu))
    return params._replace(eta=eta, theta=theta, gamma=gamma, beta=1.0 - gamma * problem.mu)


def largest_step(problem: Problem, params: Params) -> float:
    """min{1/(2L), n/(64ω(2q/α + 1)²L)}."""
    omega = compressor(params).omega(problem.d)
    noise = 64.0 * omega * (2.0 * params.q / params.alpha + 1.0) ** 2 / problem.n
    return 1.0 / (problem.L * max(2.0, noise))


def admissible(problem: Problem, params: Params) -> tuple[Condition, ...]:
    """Each bound on a letter, up to rounding, and an unbiased C with ω > 0."""
    omega = compressor(params).omega(problem.d)
    if not 0 < omega < math.inf:
        return (Condition("E C(x) = x with ω > 0", False, f"C = {params.C}, ω = {omega:g}"),)
    eta, gamma = largest_step(problem, params), params.eta / (2.0 * (params.theta + params.eta * problem.mu))
    return (
        _at_most("α", params.alpha, "1/(1 + ω)", 1.0 / (1.0 + omega)),
        _at_most("η", params.eta, "min{1/(2L), n/(64ω(2q/α + 1)²L)}", eta),
        _at_most("θ₁", params.theta, "1/4", 0.25),
        _at_most("γ", params.gamma, "η/(2(θ₁ + ημ))", gamma),
        _at_most("1 - β", 1.0 - params.beta, "γμ", params.gamma * problem.mu),
    )


def _at_most(letter: str, value: float, text: str, bound: float) -> Condition:
    # Rounding must not refuse the largest values themselves.
    holds = 0 < value <= bound * (1.0 + 1e-12) + 1e-15
    return Condition(f"0 < {letter} <= {text}", holds, f"{letter} = {value:g}, {text} = {bound:g}")


def contraction(problem: Problem, params: Params) -> float:
    """ρ = max{β, 1 - θ₁/2, 1 - qθ₁/(1 + θ₁), 1 - α/4}."""
    theta = params.theta
    learning = min(theta / 2.0, params.q * theta / (1.0 + theta), params.alpha / 4.0)
    return max(params.beta, 1.0 - learning)


def lyapunov(problem: Problem, params: Params, state: State, target: Solution) -> float:
    """V = ‖z - x*‖² + c (F(y) - F* + ((1 + θ₁)/(2q)) (F(w) - F*) + (6ηω/(αn)) (1/n) Σ_i ‖h_i - ∇f_i(w)‖²).

    There c = 2γβ/θ₁.
    """
    y, z, w, H = state
    omega = compressor(params).omega(problem.d)
    reference = (1.0 + params.theta) * THETA_2 / params.q * problem.gap(w)
    learnt = 6.0 * params.eta * omega / (params.alpha * problem.n**2) * float(squared_norm(H - problem.gradients(w)))
    c = 2.0 * params.gamma * params.beta / params.theta
    return float(squared_norm(z - target.x)) + c * (problem.gap(y) + reference + learnt)

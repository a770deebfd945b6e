"""GradSkip contracts its Lyapunov function by max_i max{φ_i(μ_i), φ_i(L_i), q_i (1 - p²)} for 0 < γ < 2/L.

Class: every f_i is L_i-smooth and μ_i-strongly convex; L is the largest L_i, μ the smallest μ_i. V is
Σ_i ‖x_i - x*‖² + (γ/p)² Σ_i ‖h_i - ∇f_i(x*)‖², and φ_i(λ) = (1 - γλ)² + (1 - p²)(1 - q_i)(γλ/p)². It follows from the
identity, with d_i = ∇f_i(x_i) - ∇f_i(x*), ::

    E V⁺ = Σ_i ‖x_i - x* - γ d_i‖² + (γ/p)² (1 - p²) Σ_i (q_i ‖h_i - ∇f_i(x*)‖² + (1 - q_i) ‖d_i‖²)

Tight: every quadratic attains it. The paper's promise is max{1 - γμ, max_i q_i (1 - p²)} for
γ <= (1/L_i) p²/(1 - q_i (1 - p²)), and is implied. With γ = 1/L and p = 1/√κ it is Scaffnew's, 1 - 1/κ a step and
O(√κ log 1/ε) rounds, while client i computes κ_i (1 + √κ)/(κ_i + √κ) gradients a round, κ_i = L_i/μ, fewer than κ_i.

Source: Maranjyan, Safaryan and Richtárik, "GradSkip: Communication-Accelerated Local Gradient Methods with Better
Computational Complexity" (2022), main theorem, in the sharper form that the identity gives.
"""

import numpy as np

from ...algorithms.gradskip import Params, probabilities  # pyright: ignore[reportUnknownVariableType]
from ...problems import Problem
from .scaffnew import EXPONENTS, TIGHT, admissible, lyapunov, prescribed  # pyright: ignore[reportUnusedImport]


def contraction(problem: Problem, params: Params) -> float:
    """ρ = max_i max{φ_i(μ_i), φ_i(L_i), q_i (1 - p²)}."""
    return contraction_with(probabilities(problem, params), problem, params)


def contraction_with(q: np.ndarray, problem: Problem, params: Params) -> float:
    """Return ρ for any q_i, shape (n,), not only for those that the method takes; below 1 only where γ allows them."""
    gamma, p = params

    def phi(lam: np.ndarray) -> np.ndarray:
        return (1.0 - gamma * lam) ** 2 + (1.0 - p**2) * (1.0 - q) * (gamma * lam / p) ** 2

    return float(np.max([phi(problem.mu_i), phi(problem.L_i), q * (1.0 - p**2)]))

"""Decentralised Scaffnew contracts its Lyapunov function by max{(1 - γμ)², (1 - γL)², 1 - p²tλ₂} if t‖I - W‖ <= 1.

Class: every f_i is L-smooth and μ-strongly convex, W is symmetric and doubly stochastic, λ₂ is the smallest positive
eigenvalue of I - W, and 0 < γ < 2/L. V is Σ_i ‖x_i - x*‖² + (γ²/(p²t)) ⟨H - H*, (I - W)⁺ (H - H*)⟩. Attained with
t = 1 on the complete graph, where it is Scaffnew. With t = 1 the condition holds for positive semidefinite W only: for
others it has to be lazy, or t = 1/‖I - W‖. With γ = 1/L and p = 1/√(κtλ₂), at most 1, the promise is
O(√(κ/(tλ₂)) log 1/ε) rounds.

Source: Condat and Richtárik, "RandProx: Primal-Dual Optimization Algorithms with Randomized Proximal Updates" (2023),
with the gossip matrix as linear operator; Mishchenko, Malinovsky, Stich and Richtárik, "ProxSkip: Yes! Local Gradient
Steps Provably Lead to Communication Acceleration! Finally!" (2022), decentralised section.
"""

import math

import numpy as np

from ...algorithms.decentralized_scaffnew import Params
from ...algorithms.parts.graphs import check, gossip
from ...algorithms.parts.skipped_rounds import State, fixed_point
from ...problems import Problem, Solution
from ..theorem import Condition, gradient_step_factor, step_size_condition

EXPONENTS = {"rounds": 0.5, "iterations": 1.0}


def prescribed(problem: Problem, graph: str = "ring", weights: str = "metropolis") -> Params:
    """γ = 1/L, t = min{1, 1/‖I - W‖}, p that balances the two factors; by default a ring with Metropolis weights."""
    check(problem)
    network = gossip(graph, problem.n, weights)
    t = min(1.0, 1.0 / network.norm)
    p = min(1.0, 1.0 / math.sqrt(problem.kappa * t * network.lambda_2))
    return Params(gamma=1.0 / problem.L, p=p, t=t, graph=graph, weights=weights)


def admissible(problem: Problem, params: Params) -> tuple[Condition, ...]:
    """0 < γ < 2/L, 0 < p <= 1, 0 < t and t‖I - W‖ <= 1."""
    reach = params.t * gossip(params.graph, problem.n, params.weights).norm
    return (
        step_size_condition("γ", params.gamma, 2.0 / problem.L, "2/L"),
        Condition("0 < p <= 1", 0 < params.p <= 1, f"p = {params.p:g}"),
        # Rounding must not refuse t = 1/‖I - W‖ itself.
        Condition("t‖I - W‖ <= 1", 0 < reach <= 1.0 + 1e-12, f"t = {params.t:g}, t‖I - W‖ = {reach:g}"),
    )


def contraction(problem: Problem, params: Params) -> float:
    """ρ = max{(1 - γμ)², (1 - γL)², 1 - p²tλ₂}."""
    network = gossip(params.graph, problem.n, params.weights)
    return max(gradient_step_factor(problem, params.gamma), 1.0 - params.p**2 * params.t * network.lambda_2)


def lyapunov(problem: Problem, params: Params, state: State, target: Solution) -> float:
    """V = Σ_i ‖x_i - x*‖² + (γ²/(p² t)) ⟨H - H*, (I - W)⁺ (H - H*)⟩ with h_i* = ∇f_i(x*)."""
    X, H = fixed_point(problem, params, target)
    dual = state.H - H
    inverse = gossip(params.graph, problem.n, params.weights).inverse
    weight = params.gamma**2 / (params.p**2 * params.t)
    return float(np.sum((state.X - X) ** 2) + weight * np.sum(dual * (inverse @ dual)))

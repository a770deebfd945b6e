"""FedCLG-S contracts f_s(x) - f_s* by (1 - ηKμ/2)(1 - γμ)^E a round, up to the variance that cohorts leave.

Class: every f_i and the server's f_s are convex and L-smooth, f_s is μ-strongly convex; 0 < η <= μ/(K L²), γ <= 1/L,
and gradients are whole. In expectation E V⁺ <= ρV + σ² with V = f_s(x) - f_s* and, of the clients' gradients at the
server's minimiser x_s ::

    σ² = (1 - γμ)^E (ηK/4) (ηKL)² ζ²,    ζ² = (1/n) Σ_i ‖∇f_i(x_s)‖²

An upper bound. With equal clients that share the server's minimiser nothing is left; with different ones σ² does not
vanish when all clients take part, and it is of third order in η, where FedCLG-C has none.

The proof is ours. With s = ηKL <= 1 a round's average is x - ηK (∇f_s(x) + r), r = (1/M) Σ_i r_i over the cohort, and
‖y_i - x‖ <= kη ‖∇f_i(x)‖ after k local steps gives ‖r_i‖ <= (s/2) ‖∇f_i(x)‖. Smoothness gives ::

    f_s(x⁺) <= f_s(x) - (ηK/2) (‖∇f_s(x)‖² - ‖r‖²)

and E‖r‖² <= (s²/2) (ζ² + L² ‖x - x_s‖²) <= (s²/2) (ζ² + (2L²/μ) V), whose second term is half of what
‖∇f_s(x)‖² >= 2μV gives as long as s <= μ/L.

Source: Bian, Wang, Yang, Shen and Xu, "Accelerating Hybrid Federated Learning Convergence under Partial Participation"
(2023) for the method, of which it treats nonconvex functions; the rate here is ours.
"""

import numpy as np

from ...algorithms.fedclg_s import Params
from ...problems import Problem
from ..theorem import Condition
from .fedclg_c import at_most, largest_smoothness, lyapunov, server, target, whole  # pyright: ignore[reportUnusedImport]
from .fedclg_c import prescribed as _of_c

UNIT = "round"


def prescribed(problem: Problem, K: int = 10) -> Params:
    """η = μ/(K L²), γ = 1/L; K = 10, a fifth of the clients, one step of the server and all samples in each step."""
    L = largest_smoothness(problem)
    return Params(*_of_c(problem, K))._replace(eta=server(problem).mu / (K * L**2))


def admissible(problem: Problem, params: Params) -> tuple[Condition, ...]:
    """0 < η <= μ/(K L²), γ <= 1/L and whole gradients."""
    L = largest_smoothness(problem)
    bound = server(problem).mu / (params.K * L**2)
    steps = at_most("η", params.eta, bound, "μ/(K L²)"), at_most("γ", params.gamma, 1.0 / L, "1/L")
    return (*steps, *whole(problem, params))


def contraction(problem: Problem, params: Params) -> float:
    """ρ = (1 - ηKμ/2)(1 - γμ)^E, for a round."""
    return (1.0 - params.eta * params.K * server(problem).mu / 2.0) * _of_the_server(problem, params)


def noise(problem: Problem, params: Params) -> float:
    """σ² = (1 - γμ)^E (ηK/4) (ηKL)² ζ²."""
    length = params.eta * params.K
    zeta = float(np.sum(target(problem, params).gradients ** 2, axis=1).mean())
    return _of_the_server(problem, params) * length / 4.0 * (length * largest_smoothness(problem)) ** 2 * zeta


def _of_the_server(problem: Problem, params: Params) -> float:
    return (1.0 - params.gamma * server(problem).mu) ** params.E

"""FedCLG-C contracts f_s(x) - f_s* by (1 - ηKμ)(1 - γμ)^E a round, whichever clients take part.

Class: every f_i and the server's f_s are convex and L-smooth, f_s is μ-strongly convex; 0 < η <= 2/(5 K L), γ <= 1/L,
and gradients are whole.
The promise is about the server's minimiser x_s, not about the solution: what is left is the server's bias
F(x_s) - F*. The clients' gradients enter by their differences only, so with each cohort the same holds, and no
variance of cohorts is left. An upper bound.

The proof is ours, and is FedLin's with f_s in the place of F. Gradient steps of size η on f_i do not move two points
apart, so after k local steps ‖y_i - x‖ <= kη ‖∇f_s(x)‖. With s = ηKL the average of any cohort is therefore
x - ηK (∇f_s(x) + r) with ‖r‖ <= (s/2) ‖∇f_s(x)‖, and from smoothness and ‖∇f_s(x)‖² >= 2μ (f_s(x) - f_s*) follows ::

    f_s(x⁺) - f_s* <= (1 - 2ηKμ (1 - s/2 - (s/2)(1 + s/2)²)) (f_s(x) - f_s*)

where the last bracket is above 1/2 for s <= 2/5; and a step of the server contracts by 1 - γμ.

Source: Bian, Wang, Yang, Shen and Xu, "Accelerating Hybrid Federated Learning Convergence under Partial Participation"
(2023) for the method, of which it treats nonconvex functions; the rate here is ours.
"""

from ...algorithms.fedclg_c import Params
from ...algorithms.parts import hybrid
from ...algorithms.parts.components import sizes
from ...algorithms.parts.nothing_drawn import State
from ...problems import Problem, Solution
from ..theorem import Condition

UNIT = "round"
_LOCAL_STEPS = 10
_CLIENTS_TO_ONE = 5


def prescribed(problem: Problem, K: int = _LOCAL_STEPS) -> Params:
    """η = 1/(6 K L), γ = 1/L; K = 10, a fifth of the clients, one step of the server and all samples in each step."""
    L = largest_smoothness(problem)
    M = -(-problem.n // _CLIENTS_TO_ONE)
    b, b_s = (int(sizes(one).max()) for one in (problem, server(problem)))
    return Params(eta=1.0 / (6.0 * K * L), K=K, M=M, gamma=1.0 / L, E=1, b=b, b_s=b_s)


def largest_smoothness(problem: Problem) -> float:
    """Return L of all clients and of the server."""
    return max(problem.L, server(problem).L)


def server(problem: Problem) -> Problem:
    """Return the server's problem; the method is refused where there is none."""
    return problem.server or problem


def admissible(problem: Problem, params: Params) -> tuple[Condition, ...]:
    """0 < η <= 2/(5 K L), γ <= 1/L and whole gradients."""
    L = largest_smoothness(problem)
    return (
        at_most("η", params.eta, 2.0 / (5.0 * params.K * L), "2/(5 K L)"),
        at_most("γ", params.gamma, 1.0 / L, "1/L"),
        *whole(problem, params),
    )


def whole(problem: Problem, params: hybrid.Params) -> tuple[Condition, ...]:
    """Return the conditions that no gradient is that of a part of the samples."""
    counts = {"b": (params.b, problem), "b_s": (params.b_s, server(problem))}
    return tuple(
        Condition(f"{letter} of all samples", b >= sizes(of).max(), f"{letter} = {b} and there are {sizes(of).max()}")
        for letter, (b, of) in counts.items()
    )


def at_most(letter: str, size: float, bound: float, text: str) -> Condition:
    """Return the condition that a step size is no larger than a bound."""
    return Condition(f"{letter} <= {text}", size <= bound * (1 + 1e-12), f"{letter} = {size:g}, {text} = {bound:g}")


def contraction(problem: Problem, params: Params) -> float:
    """ρ = (1 - ηKμ)(1 - γμ)^E, for a round."""
    mu = server(problem).mu
    return (1.0 - params.eta * params.K * mu) * (1.0 - params.gamma * mu) ** params.E


def lyapunov(problem: Problem, params: hybrid.Params, state: State, target: Solution) -> float:
    """V = f_s(x) - f_s*."""
    return server(problem).gap(state.x)


def target(problem: Problem, params: hybrid.Params) -> Solution:
    """Return the server's minimiser x_s."""
    found = server(problem).solution()
    return Solution(found.x, problem.gradients(found.x), found.residual)

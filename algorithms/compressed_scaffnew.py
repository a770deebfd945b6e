r"""CompressedScaffnew: Scaffnew in which each coordinate is sent by s of the n clients only.

With Σ_i h_i = 0 at the start, and a mask q for every round: the n clients are put in random order, and coordinate j is
sent (q_ij = 1) by the s at the places s j, ..., s j + s - 1 modulo n. The recursion::

    x̂_i = x_i - γ (∇f_i(x_i) - h_i)
    with probability p:
        x̄_j = (1/s) Σ_{i: q_ij = 1} x̂_ij
        x_i⁺ = x̄
        h_ij⁺ = h_ij + (p χ/γ) q_ij (x̄_j - x̂_ij)
    otherwise:
        x_i⁺ = x̂_i,  h_i⁺ = h_i

Source: Condat, Agarský and Richtárik, "Provably Doubly Accelerated Federated Learning: The First Theoretically
Successful Combination of Local Training and Communication Compression" (2022), algorithm 1.
"""

from typing import NamedTuple

from .parts.cohorts import (
    State,
    check,
    checked_start,
    cost_of_sender,
    draw_orders,
    estimate,
    fixed_point,
    invariants,
    masked_rounds,
    masked_step,
    orders,
    pace,
)
from .parts.cohorts import lyapunov_of_masks as lyapunov
from .parts.rounds import fields, unroll

__all__ = ["State", "check", "estimate", "fixed_point", "invariants", "lyapunov", "pace", "unroll"]

#: The theorem that promises its rate.
PROMISE = "compressed_scaffnew"


class Params(NamedTuple):
    """The step size, the probability of communication, and how many clients send a coordinate."""

    gamma: float
    """Step size γ, positive."""
    p: float
    """Probability of communication in an iteration, in (0, 1]."""
    chi: float
    """Factor χ of the control variates' update, positive."""
    s: int
    """Clients that send each coordinate, 2 to n."""


def initial(problem, params):
    """Return the start x_i = h_i = 0."""
    return checked_start(problem, params.s, problem.n)


def outcomes(problem, params):
    """Return both sides of the coin, and every order of the clients when it is 1."""
    return orders(problem, params.p, problem.n)


def draw(rng, problem, params, rounds):
    """Return the lengths of the rounds, geometric with mean 1/p, and the clients in random order."""
    return draw_orders(rng, problem, params.p, problem.n, rounds)


def step(kernel, params, state, outcome):
    """One iteration: x̂_i = x_i - γ (∇f_i(x_i) - h_i), then the masked average if the coin says so."""
    masked_step(kernel, params, params.s, state.X, state.H, outcome["coin"], outcome["w"])


def advance(kernel, params, state, draws):
    """All local steps of a round at once, then the masked average."""
    masked_rounds(kernel, params, params.s, state.X, state.H, *fields(draws))


def cost(problem, params, draws):
    """What a client pays: ⌈s d / n⌉ numbers up, d down."""
    return cost_of_sender(problem, params.s, problem.n, draws)

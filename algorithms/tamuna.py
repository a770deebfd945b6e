r"""TAMUNA: Scaffnew in which a random cohort takes part in a round and each coordinate is sent by s of its clients.

With Σ_i h_i = 0 at the start, and a mask q for every round: c of the n clients form a cohort Ω in random order, and
coordinate j is sent (q_ij = 1) by the s of them at the places s j, ..., s j + s - 1 modulo c. The recursion::

    x̂_i = x_i - γ (∇f_i(x_i) - h_i)
    with probability p:
        x̄_j = (1/s) Σ_{i: q_ij = 1} x̂_ij
        x_i⁺ = x̄
        h_ij⁺ = h_ij + (p χ/γ) q_ij (x̄_j - x̂_ij)
    otherwise:
        x_i⁺ = x̂_i,  h_i⁺ = h_i

The cohort of a round is known when it starts, so only its clients compute and send: whatever the others' x̂_i are, they
are overwritten when the round ends. ``advance`` leaves them out, ``step`` does not, and both end a round alike. With
c = n this is CompressedScaffnew, with c = s = n and χ = 1 Scaffnew.

Source: Condat, Agarský, Malinovsky and Richtárik, "TAMUNA: Doubly Accelerated Distributed Optimization with Local
Training, Compression, and Partial Participation" (2023), algorithm 1 without stochastic gradients.
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
PROMISE = "tamuna"


class Params(NamedTuple):
    """The step size, the probability of communication, and who sends what."""

    gamma: float
    """Step size γ, positive."""
    p: float
    """Probability of communication in an iteration, in (0, 1]."""
    chi: float
    """Factor χ of the control variates' update, positive."""
    s: int
    """Clients that send each coordinate, 2 to c."""
    c: int
    """Clients that take part in a round, s to n."""


def initial(problem, params):
    """Return the start x_i = h_i = 0."""
    return checked_start(problem, params.s, params.c)


def outcomes(problem, params):
    """Return both sides of the coin, and every order of every cohort when it is 1."""
    return orders(problem, params.p, params.c)


def draw(rng, problem, params, rounds):
    """Return the lengths of the rounds, geometric with mean 1/p, and their cohorts in random order."""
    return draw_orders(rng, problem, params.p, params.c, rounds)


def step(kernel, params, state, outcome):
    """One iteration of all clients."""
    masked_step(kernel, params, params.s, state.X, state.H, outcome["coin"], outcome["w"])


def advance(kernel, params, state, draws):
    """All rounds, computed at their cohorts only."""
    masked_rounds(kernel, params, params.s, state.X, state.H, *fields(draws))


def cost(problem, params, draws):
    """What a client of the cohort pays: ⌈s d / c⌉ numbers up, d down."""
    return cost_of_sender(problem, params.s, params.c, draws)

"""What CompressedScaffnew and TAMUNA share: a communication in which every coordinate comes from s of c clients.

A mask is the cohort as an ordered list Ω of c clients: coordinate j is sent by those at the s places s j, ...,
s j + s - 1 modulo c of the list. So every coordinate has s senders, and a client sends at most ⌈s d / c⌉ coordinates.
"""

from itertools import permutations
from math import perm
from typing import NamedTuple

import numpy as np

from ...core.compiled import njit
from ...core.errors import InputError
from ...problems.oracles import local_steps, workspace
from ..compressors.choices import choices
from .cost import Cost, Pace
from .local_steps import broadcast, local_gradient_steps
from .rounds import draw_rounds, listed

# More orders than this are not listed.
_LISTED = 4095


class State(NamedTuple):
    """The clients' models and control variates."""

    X: np.ndarray
    """Models x_i, shape (n, d)."""
    H: np.ndarray
    """Control variates h_i, shape (n, d)."""


def check(problem):
    """Raise an InputError for a single client, which can share no coordinate with anybody."""
    if problem.n < 2:
        raise InputError(f"clients = {problem.n} is too few for every coordinate to have two senders: give at least 2.")


def check_senders(problem, s, c):
    """Raise an InputError if cohort and senders do not fit the number of clients."""
    check(problem)
    if not 2 <= s <= c <= problem.n:
        raise InputError(
            f"s = {s} senders of a cohort of c = {c} do not fit n = {problem.n} clients: give 2 <= s <= c <= n."
        )


def checked_start(problem, s, c):
    """Return the start x_i = h_i = 0 if cohort and senders fit the number of clients."""
    check_senders(problem, s, c)
    return State(np.zeros((problem.n, problem.d)), np.zeros((problem.n, problem.d)))


def orders(problem, p, c):
    """Return the outcomes of a step, one for every order of every cohort, None if there are more than 4095."""
    count = perm(problem.n, c)
    if count > _LISTED:
        return None
    return listed(p, [(1.0 / count, np.array(order)) for order in permutations(range(problem.n), c)])


def draw_orders(rng, problem, p, c, rounds):
    """Return the lengths of the rounds, geometric with mean 1/p, and their cohorts in random order."""
    return draw_rounds(rng, p, choices(rng, problem.n, c, rounds))


def cost_of_sender(problem, s, c, draws) -> Cost:
    """Return what a client of the cohort pays: ⌈s d / c⌉ numbers up and d down, each 64 bits, as the mask is known."""
    iterations, rounds = int(draws["length"].sum()), len(draws)
    up, down = -(-s * problem.d // c) * rounds, problem.d * rounds
    return Cost(iterations, up, down, 64 * up, 64 * down, iterations)


def pace(params) -> Pace:
    """A step is an iteration, which ends a round with probability p."""
    return Pace(params.p, 1.0)


def estimate(state):
    """Return the mean model."""
    return state.X.mean(axis=0)


def fixed_point(problem, params, target):
    """x_i = x*, h_i = ∇f_i(x*)."""
    return State(np.tile(target.x, (problem.n, 1)), target.gradients.copy())


def lyapunov_of_masks(problem, params, state, target):
    """V = Σ_i ‖x_i - x*‖² + (γ²/(p² χ)) ((n-1)/(s-1)) Σ_i ‖h_i - ∇f_i(x*)‖²."""
    gamma, p, chi, s = params.gamma, params.p, params.chi, params.s
    weight = gamma**2 / (p**2 * chi) * (problem.n - 1) / (s - 1)
    return float(np.sum((state.X - target.x) ** 2) + weight * np.sum((state.H - target.gradients) ** 2))


def invariants(problem, params, state):
    """Return what stays 0: Σ_i h_i."""
    return {"sum of control variates": state.H.sum(axis=0)}


@njit
def masked_step(kernel, params, s, X, H, coin, omega):
    """One iteration of all clients: x̂_i = x_i - γ (∇f_i(x_i) - h_i), then the masked average if the coin says so."""
    d = X.shape[1]
    g, mean, work = np.empty(d), np.empty(d), workspace(kernel)
    local_gradient_steps(kernel, X, H, params.gamma, 1, g, work)
    if coin == 1:
        masked_average(params.p * params.chi / params.gamma, s, X, H, omega, mean)
        broadcast(mean, X)


@njit
def masked_rounds(kernel, params, s, X, H, lengths, cohorts):
    """All rounds: of the local steps only the cohort's, since nobody reads the models of the others."""
    d = X.shape[1]
    mean, work = X[0].copy(), workspace(kernel)
    for r in range(lengths.shape[0]):
        omega = cohorts[r]
        for i in omega:
            for j in range(d):
                X[i, j] = mean[j]
            local_steps(kernel, i, X[i], H[i], params.gamma, lengths[r], work)
        masked_average(params.p * params.chi / params.gamma, s, X, H, omega, mean)
    broadcast(mean, X)


@njit
def masked_average(factor, s, X, H, omega, mean):
    """x̄_j = (1/s) Σ x̂_ij over the senders i of coordinate j, and h_ij += (p χ/γ)(x̄_j - x̂_ij) at the senders."""
    c = omega.shape[0]
    for j in range(mean.shape[0]):
        mean[j] = 0.0
        for t in range(s * j, s * j + s):
            mean[j] += X[omega[t % c], j] / s
        for t in range(s * j, s * j + s):
            i = omega[t % c]
            H[i, j] += factor * (mean[j] - X[i, j])

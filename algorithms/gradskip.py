r"""GradSkip: Scaffnew in which a well-conditioned client leaves out most of its gradients.

The recursion, with Σ_i h_i = 0 at the start and independent coins η_i, 1 with probability q_i and otherwise 0::

    ĥ_i = η_i h_i + (1 - η_i) ∇f_i(x_i)
    x̂_i = x_i - γ (∇f_i(x_i) - ĥ_i)
    with probability p:   x_i⁺ = (1/n) Σ_j (x̂_j - (γ/p) ĥ_j)
    otherwise:            x_i⁺ = x̂_i
    h_i⁺ = ĥ_i + (p/γ) (x_i⁺ - x̂_i)

From a client's first η_i = 0 on h_i is its gradient, so that x_i stays where it is until the next communication and no
further gradient is needed: ``advance`` computes none, ``step`` does, and both walk the same path. A communication makes
Σ_i h_i = 0, whatever it was before; between two of them nothing does.

The q_i follow from γ and p: the smallest that meet the paper's condition γ <= (1/L_i) p²/(1 - q_i (1 - p²)), or 1.
With γ = 1/L and p = 1/√κ they are the paper's, (1 - 1/κ_i)/(1 - 1/κ) with κ_i = L_i/μ. Where all q_i = 1, as with one
L_i for all clients, this is Scaffnew.

Source: Maranjyan, Safaryan and Richtárik, "GradSkip: Communication-Accelerated Local Gradient Methods with Better
Computational Complexity" (2022), algorithm 1.
"""

from itertools import product
from math import prod

import numpy as np

from ..core.compiled import njit
from ..problems.oracles import gradient, local_steps, workspace
from .parts.cost import Cost
from .parts.rounds import steps_by_round
from .parts.skipped_rounds import (
    Params,
    State,
    estimate,
    fixed_point,
    initial,
    lyapunov,
    pace,
)

__all__ = ["Params", "State", "estimate", "fixed_point", "initial", "lyapunov", "pace"]

#: The theorem that promises its rate.
PROMISE = "gradskip"
# More outcomes of a step than this are not listed.
_LISTED = 4096


def probabilities(problem, params):
    """Return every q_i, the smallest in [0, 1] with 1 - q_i (1 - p²) <= p²/(γ L_i), or 1; shape (n,)."""
    if params.p == 1.0:
        # A round is one step, after which nobody asks for the coin.
        return np.ones(problem.n)
    spare = 1.0 / (params.gamma * problem.L_i) - 1.0
    # Rounding must not let a client skip that has to take every step.
    spare = np.where(spare < 1e-12, 0.0, spare)
    return np.maximum(1.0 - spare * params.p**2 / (1.0 - params.p**2), 0.0)


def outcomes(problem, params):
    """Return every combination of the coins, those of the clients in the order of i; None if there are too many."""
    q = probabilities(problem, params)
    sides = [[side for side in ((1, share), (0, 1.0 - share)) if side[1] > 0.0] for share in q]
    count = 2 * prod(map(len, sides))
    if count > _LISTED:
        return None
    listed = np.zeros(count, dtype=[("coin", np.int64), *_fields(problem)])
    pairs = []
    every = product(((1, params.p), (0, 1.0 - params.p)), *sides)
    for outcome, ((coin, chance), *flips) in zip(listed, every, strict=True):
        outcome["coin"], outcome["eta"] = coin, [eta for eta, _ in flips]
        pairs.append((chance * prod(share for _, share in flips), outcome))
    return pairs


def draw(rng, problem, params, rounds):
    """Return an array of records for each round: of every step its coin and those of all clients."""
    steps, draws = steps_by_round(rng, params.p, rounds, _fields(problem))
    steps["eta"] = rng.random((len(steps), problem.n)) < probabilities(problem, params)
    return draws


def _fields(problem):
    return [("eta", np.bool_, (problem.n,))]


def unroll(draws):
    """Return the steps of all rounds in one array."""
    return np.concatenate(draws)


def step(kernel, params, state, outcome):
    """One iteration."""
    _step(kernel, *params, *state, outcome["coin"], outcome["eta"])


@njit
def _step(kernel, gamma, p, X, H, coin, eta):
    n, d = X.shape
    g, mean, work = np.empty(d), np.empty(d), workspace(kernel)
    for i in range(n):
        gradient(kernel, i, X[i], g, work)
        for j in range(d):
            if not eta[i]:
                H[i, j] = g[j]
            X[i, j] -= gamma * (g[j] - H[i, j])
    if coin == 1:
        _communicate(gamma, p, X, H, mean)


def advance(kernel, params, state, draws):
    """All rounds: each client's local steps up to its first η_i = 0, and one more gradient there."""
    _rounds(kernel, *params, *state, *_steps_before_tails(draws, len(state.X)))


@njit
def _rounds(kernel, gamma, p, X, H, lengths, before):
    n, d = X.shape
    mean, work = np.empty(d), workspace(kernel)
    for r in range(lengths.shape[0]):
        for i in range(n):
            local_steps(kernel, i, X[i], H[i], gamma, before[r, i], work)
            if before[r, i] < lengths[r]:
                gradient(kernel, i, X[i], H[i], work)
        _communicate(gamma, p, X, H, mean)


@njit
def _communicate(gamma, p, X, H, mean):
    """x_i⁺ = (1/n) Σ_j (x̂_j - (γ/p) ĥ_j) and h_i⁺ = ĥ_i + (p/γ)(x_i⁺ - x̂_i); ``mean`` is scratch space."""
    n, d = X.shape
    for j in range(d):
        mean[j] = 0.0
        for i in range(n):
            mean[j] += (X[i, j] - gamma / p * H[i, j]) / n
        for i in range(n):
            H[i, j] += p / gamma * (mean[j] - X[i, j])
            X[i, j] = mean[j]


def _steps_before_tails(draws, n):
    """Return the length of each round, and how many steps every client takes there before its first η_i = 0."""
    lengths, before = np.array([len(steps) for steps in draws], dtype=np.int64), np.zeros((len(draws), n), np.int64)
    if len(draws) > 0:
        _count_heads(lengths, np.ascontiguousarray(unroll(draws)["eta"]), before)
    return lengths, before


@njit
def _count_heads(lengths, eta, before):
    start = 0
    for r in range(lengths.shape[0]):
        for i in range(eta.shape[1]):
            while before[r, i] < lengths[r] and eta[start + before[r, i], i]:
                before[r, i] += 1
        start += lengths[r]


def cost(problem, params, draws) -> Cost:
    """One vector up and down a round; gradients are the clients' mean, rounded in each round to a whole number."""
    iterations, floats = sum(map(len, draws)), problem.d * len(draws)
    totals = gradients_of_clients(draws, problem.n).sum(axis=1)
    gradients = int(((2 * totals + problem.n) // (2 * problem.n)).sum())
    return Cost(iterations, floats, floats, 64 * floats, 64 * floats, gradients)


def gradients_of_clients(draws, n):
    """Return how many gradients each client computes in each round, shape (rounds, n).

    There is one in every step up to the first η_i = 0, which still needs it for h_i.
    """
    lengths, before = _steps_before_tails(draws, n)
    return np.minimum(before + 1, lengths[:, None])

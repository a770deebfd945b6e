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

import numpy as np

from ..problems import oracles
from . import scaffnew
from .parts import Flips, implements, local_steps, take


def probabilities(problem, params):
    """Return every q_i, the smallest in [0, 1] with 1 - q_i (1 - p²) <= p²/(γ L_i), or 1; shape (n,)."""
    if params.p == 1.0:
        # A round is one step, after which nobody asks for the coin.
        return np.ones(problem.n)
    spare = 1.0 / (params.gamma * problem.L_i) - 1.0
    # Rounding must not let a client skip that has to take every step.
    spare = np.where(spare < 1e-12, 0.0, spare)
    return np.maximum(1.0 - spare * params.p**2 / (1.0 - params.p**2), 0.0)


RANDOM = scaffnew.RANDOM & Flips(probabilities, "eta")
SENDS = scaffnew.SENDS
PROMISE = "gradskip"
GROUP = "skipped communication"
invariants = None  # Σ_i h_i is 0 after a communication only


class Params(scaffnew.Params):
    """The step size γ and the probability p of communication, from which the q_i follow."""


@implements(local_steps.plain_steps, Params)
def _plain_steps(params, kernel, i, state, k, xi, scratch):
    """ĥ_i = η_i h_i + (1 - η_i) ∇f_i(x_i) with η_i = ξ_t, then x_i ← x_i - γ (∇f_i(x_i) - ĥ_i)."""
    X, H, g = state.X, state.H, scratch.g
    for t in range(k):
        oracles.gradient(kernel, i, X[i], g, scratch.work)
        for j in range(X.shape[1]):
            if not xi[t]:
                H[i, j] = g[j]
            X[i, j] -= params.gamma * (g[j] - H[i, j])


@implements(local_steps.client_steps, Params)
def _steps_until_at_rest(params, kernel, i, state, k, xi, scratch):
    """Steps with gradients up to the first η_i = 0, and one more gradient there: then x_i stays."""
    X, H = state
    heads = 0
    while heads < k and xi[heads]:
        heads += 1
    oracles.local_steps(kernel, i, X[i], H[i], params.gamma, heads, scratch.work)
    if heads < k:
        oracles.gradient(kernel, i, X[i], H[i], scratch.work)


@implements(local_steps.communicate, Params)
def _average(params, kernel, state, w, scratch):
    """x_i⁺ = (1/n) Σ_j (x̂_j - (γ/p) ĥ_j) and h_i⁺ = ĥ_i + (p/γ)(x_i⁺ - x̂_i)."""
    X, H = state
    n, d = X.shape
    for j in range(d):
        scratch.mean[j] = 0.0
        for i in range(n):
            scratch.mean[j] += (X[i, j] - params.gamma / params.p * H[i, j]) / n
    take(scratch.mean, params.p / params.gamma, X, H)


def gradients(problem, params, draws):
    """Return the clients' mean, rounded in each round to a whole number."""
    totals = gradients_of_clients(draws).sum(axis=1)
    return int(((2 * totals + problem.n) // (2 * problem.n)).sum())


def seconds(problem, params, draws, clock):
    """Return how long each round takes: who skips gradients has computed earlier."""
    each = SENDS.cost(problem, params, 1, 0, 0)
    return clock.seconds(problem.n, gradients_of_clients(draws), [each.bits_up], [each.bits_down])


def gradients_of_clients(draws):
    """Return how many gradients each client computes in each round, shape (rounds, n).

    There is one in every step up to the first η_i = 0, which still needs it for h_i.
    """
    eta, ends = draws.steps["eta"], np.cumsum(draws.lengths)
    rounds = [eta[end - length : end] for end, length in zip(ends, draws.lengths, strict=True)]
    heads = [np.logical_and.accumulate(flips).sum(axis=0) for flips in rounds]
    return np.minimum(np.reshape(heads, (len(draws), eta.shape[1])) + 1, draws.lengths[:, None]).astype(np.int64)

r"""RandProx-FL: local steps, and a compressed residual of consensus whose randomness all clients share.

With Σ_i h_i = 0 at the start and an unbiased compressor R of variance ω, linear and diagonal, the same for all clients,
which is one of "Bernoulli(p)", "RandK(k)" and "Identity()"::

    x̂_i = prox_{γψ}(x_i - γ (∇f_i(x_i) - h_i))
    d_i = R(x̂_i - (1/n) Σ_j x̂_j)
    x_i⁺ = x̂_i - d_i/(1+ω)
    h_i⁺ = h_i - d_i/(γ (1+ω)²)

Since R is linear only R(x̂_i) has to be averaged: with rand-k the clients send the same k coordinates in every
iteration. Under Bernoulli(p) nothing is sent until the coin says so, and a round is the iterations up to there; then
this is Scaffnew. It is RandProx on the problem with one copy of the model for each client, with ψ of each copy as g and
"all copies are equal" as h.

Source: Condat and Richtárik, "RandProx: Primal-Dual Optimization Algorithms with Randomized Proximal Updates" (2023),
its application to federated learning.
"""

from typing import NamedTuple

import numpy as np

from ..core.compiled import njit
from ..core.errors import InputError
from ..core.vectors import mean_rows
from ..problems.oracles import prox_workspace, workspace
from .compressors import compress, compress_workspace, get
from .compressors.bernoulli import Bernoulli
from .compressors.identity import Identity
from .compressors.rand_k import RandK
from .parts import calls
from .parts.calls import pace
from .parts.cost import Cost
from .parts.rounds import fields, unroll
from .parts.skipped_rounds import State, estimate, initial
from .scaffnew import invariants
from .sparse_proxskip_l1 import fixed_point, proximal_steps

__all__ = ["State", "estimate", "fixed_point", "initial", "invariants", "pace", "unroll"]

#: The theorem that promises its rate.
PROMISE = "randprox_fl"
#: The nonsmooth term ψ may be anything with a prox.
HANDLES_PSI = True


class Params(NamedTuple):
    """The step size and the compressor."""

    gamma: float
    """Step size γ, positive."""
    R: str
    """The compressor that all clients share: "Bernoulli(p)", "RandK(k)" or "Identity()"."""


def compressor(params):
    """Return the compressor, refused unless it commutes with the mean of the clients."""
    R = get(params.R)
    if not isinstance(R, Bernoulli | RandK | Identity):
        raise InputError(
            f"R = {params.R!r} does not commute with the mean of the clients' vectors: give 'Bernoulli(p)', "
            "'RandK(k)' or 'Identity()'."
        )
    return R


def outcomes(problem, params):
    """Return both sides of the coin, and every randomness of R when it is 1."""
    return calls.outcomes(compressor(params), problem.d)


def draw(rng, problem, params, rounds):
    """Return the lengths of the rounds and the shared randomness of R in each."""
    return calls.draw(rng, compressor(params), problem.d, rounds)


def step(kernel, params, state, outcome):
    """One iteration."""
    lengths, ends = np.ones(1, dtype=np.int64), outcome["coin"] == 1
    _rounds(kernel, *_constants(params, state), *state, lengths, outcome["w"][None], ends)


def advance(kernel, params, state, draws):
    """All rounds: the local steps of each client by client, then the communication."""
    _rounds(kernel, *_constants(params, state), *state, *fields(draws), True)


def _constants(params, state):
    """Return R's kernel, γ and 1 + ω."""
    R = compressor(params)
    return R.kernel, params.gamma, 1.0 + R.omega(state.X.shape[1])


@njit
def _rounds(kernel, R, gamma, scale, X, H, lengths, w, ends):
    """Take the local steps of every round, and communicate at its end if ``ends``; ``scale`` is 1 + ω."""
    n, d = X.shape
    g, v, mean, residual, sent = np.empty(d), np.empty(d), np.empty(d), np.empty(d), np.empty(d)
    work, prox_work, work_R = workspace(kernel), prox_workspace(kernel.psi, d), compress_workspace(R, d)
    for t in range(lengths.shape[0]):
        proximal_steps(kernel, gamma, X, H, lengths[t], g, v, work, prox_work)
        if ends:
            mean_rows(X, mean)
            for i in range(n):
                for j in range(d):
                    residual[j] = X[i, j] - mean[j]
                compress(R, residual, w[t], sent, work_R)
                for j in range(d):
                    X[i, j] -= sent[j] / scale
                    H[i, j] -= sent[j] / (gamma * scale**2)


def cost(problem, params, draws) -> Cost:
    """As many numbers as R keeps, up and down a round; which they are is known to all, as the randomness is shared."""
    iterations, floats = int(draws["length"].sum()), compressor(params).length(problem.d)[0] * len(draws)
    return Cost(iterations, floats, floats, 64 * floats, 64 * floats, iterations)


def lyapunov(problem, params, state, target):
    """V = Σ_i ‖x_i - x*‖² + γ² (1+ω)² Σ_i ‖h_i - h_i*‖² with h_i* = ∇f_i(x*) - ∇F(x*)."""
    X, H = fixed_point(problem, params, target)
    weight = (params.gamma * (1.0 + compressor(params).omega(problem.d))) ** 2
    return float(np.sum((state.X - X) ** 2) + weight * np.sum((state.H - H) ** 2))

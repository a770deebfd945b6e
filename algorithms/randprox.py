r"""RandProx: a primal-dual method whose dual prox is evaluated at random, or in random parts.

The problem is min_x F(x) + g(x) + h(Kx) with F = (1/n) Σ_i f_i, a :class:`~rootkappa.problems.Composite`; a problem
without a matrix is taken with g = 0, h = ψ and K = I. With an unbiased compressor R of variance ω the recursion is::

    x̂  = prox_{γg}(x - γ ∇F(x) - γ K'u)
    u⁺ = u + (1/(1+ω)) R(prox_{τh*}(u + τ K x̂) - u)
    x⁺ = x̂ - γ (1+ω) K'(u⁺ - u)

The prox of h* is that of h, by Moreau's identity. A round is a call of it: with R = "Bernoulli(p)" the iterations up to
the next call, else one iteration. In a round the node that holds h is sent K x̂, m numbers, and answers with what R
makes of m.

Special cases: with K = I it is RandProx-FB; with R = "Bernoulli(p)" RandProx-Skip, and both together, with τ = p/γ and
u = -h, ProxSkip on one client; with R = "Identity()" the method of Loris and Verhoeven if g = 0, and PDDY otherwise. If
h(Kx) is a sum of b functions h_i(x), a SeparableSum behind a stack of b identities, it is RandProx-Minibatch with
R = "RandBlocks(k, size=d)" and τ = 1/(γb), which calls the proxes of k of them.

Source: Condat and Richtárik, "RandProx: Primal-Dual Optimization Algorithms with Randomized Proximal Updates" (2023),
algorithm 1.
"""

from typing import NamedTuple

import numpy as np

from ..core.compiled import njit
from ..core.errors import InputError
from ..problems.composite import (
    add_adjoint,
    apply_matrix,
    coupling,
    dual_solution,
    inner_term,
    outer_term,
)
from ..problems.functions.conjugate import ConjugateKernel
from ..problems.oracles import prox, prox_workspace, workspace
from .compressors import compress, compress_workspace, get
from .parts import calls
from .parts.calls import pace
from .parts.cost import Cost
from .parts.local_steps import mean_gradient
from .parts.nothing_drawn import estimate
from .parts.rounds import fields, unroll

__all__ = ["estimate", "pace", "unroll"]

#: The theorem that promises its rate.
PROMISE = "randprox"
#: The nonsmooth term ψ may be anything with a prox.
HANDLES_PSI = True
#: The problem may be a Composite.
HANDLES_COMPOSITE = True


class Params(NamedTuple):
    """The step sizes and the compressor."""

    gamma: float
    """Primal step size γ, positive."""
    tau: float
    """Dual step size τ, positive."""
    R: str
    """The compressor of the dual update, unbiased, for example "Bernoulli(0.1)" or "RandK(2)"."""


class State(NamedTuple):
    """The model and the dual variable."""

    x: np.ndarray
    """Model, shape (d,)."""
    u: np.ndarray
    """Dual variable, shape (m,)."""


def compressor(params):
    """Return the compressor that the parameter R names: unbiased, and of one vector."""
    R = get(params.R)
    if not R.is_unbiased or R.clients > 1:
        raise InputError(
            f"R = {params.R!r} is biased or compresses several vectors together: give for example 'Bernoulli(0.1)'."
        )
    return R


def initial(problem, params):
    """Return the start x = u = 0."""
    m = coupling(problem).m
    compressor(params).draw_shape(m)  # raises if R does not fit m
    return State(np.zeros(problem.d), np.zeros(m))


def outcomes(problem, params):
    """Return both sides of the coin, and every randomness of R when it is 1."""
    return calls.outcomes(compressor(params), coupling(problem).m)


def draw(rng, problem, params, rounds):
    """Return the lengths of the rounds and the randomness of R in each."""
    return calls.draw(rng, compressor(params), coupling(problem).m, rounds)


def step(kernel, params, state, outcome):
    """One iteration."""
    lengths, ends = np.ones(1, dtype=np.int64), outcome["coin"] == 1
    _rounds(kernel, *_constants(params, state), *state, lengths, outcome["w"][None], ends)


def advance(kernel, params, state, draws):
    """All rounds."""
    _rounds(kernel, *_constants(params, state), *state, *fields(draws), True)


def _constants(params, state):
    """Return R's kernel, γ, τ and 1 + ω."""
    R = compressor(params)
    return R.kernel, params.gamma, params.tau, 1.0 + R.omega(state.u.shape[0])


@njit
def _rounds(kernel, R, gamma, tau, scale, x, u, lengths, w, ends):
    """Take the primal steps of every round, and the dual one at its end if ``ends``; ``scale`` is 1 + ω."""
    d, m = x.shape[0], u.shape[0]
    g, h_star = inner_term(kernel), ConjugateKernel(outer_term(kernel))
    v, gradient, client, work, work_g = np.empty(d), np.empty(d), np.empty(d), workspace(kernel), prox_workspace(g, d)
    q, r, change, work_h, work_R = (
        np.empty(m),
        np.empty(m),
        np.empty(m),
        prox_workspace(h_star, m),
        compress_workspace(R, m),
    )
    for t in range(lengths.shape[0]):
        for _ in range(lengths[t]):
            mean_gradient(kernel, x, gradient, client, work)
            add_adjoint(kernel, u, gradient)
            for j in range(d):
                v[j] = x[j] - gamma * gradient[j]
            prox(g, v, gamma, x, work_g)
        if ends:
            apply_matrix(kernel, x, q)
            for j in range(m):
                q[j] = u[j] + tau * q[j]
            prox(h_star, q, tau, r, work_h)
            for j in range(m):
                r[j] -= u[j]
            compress(R, r, w[t], change, work_R)
            for j in range(m):
                change[j] /= scale
                u[j] += change[j]
            v[:] = 0.0
            add_adjoint(kernel, change, v)
            for j in range(d):
                x[j] -= gamma * scale * v[j]


def cost(problem, params, draws) -> Cost:
    """K x̂ to the node that holds h, m numbers, and R's message back."""
    m, iterations, rounds = coupling(problem).m, int(draws["length"].sum()), len(draws)
    floats, bits = compressor(params).length(m)
    return Cost(iterations, m * rounds, floats * rounds, 64 * m * rounds, bits * rounds, iterations)


def fixed_point(problem, params, target):
    """x = x*, u = u*."""
    return State(target.x.copy(), dual_solution(target).copy())


def lyapunov(problem, params, state, target):
    """V = (1/γ) ‖x - x*‖² + (1+ω) (1/τ + 2 μ_h*) ‖u - u*‖²."""
    part = coupling(problem)
    weight = (1.0 + compressor(params).omega(part.m)) * (1.0 / params.tau + 2.0 * part.mu_h_star)
    x, u = fixed_point(problem, params, target)
    return float(np.sum((state.x - x) ** 2) / params.gamma + weight * np.sum((state.u - u) ** 2))

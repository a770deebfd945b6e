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

from ..problems import composite, oracles
from .parts import letters, messages, njit, rounds


def _rows(problem):
    return composite.coupling(problem).m


RANDOM = rounds.Calls("R", _rows)
SENDS = messages.Sends(messages.Vectors(size=_rows), messages.Message("R", size=_rows))
PROMISE = "randprox"
GROUP = "randomised dual steps"
HANDLES_PSI = True
HANDLES_COMPOSITE = True


class Params(NamedTuple):
    """The primal step size γ, the dual one τ, and the compressor R of the dual update, for example "RandK(2)"."""

    gamma: letters.StepSize
    tau: letters.DualStepSize
    R: letters.Unbiased


class State(NamedTuple):
    """The model and the dual variable."""

    x: np.ndarray
    """Model, shape (d,)."""
    u: np.ndarray
    """Dual variable, shape (m,)."""


def start(problem, params):
    """Return the start x = u = 0."""
    m = _rows(problem)
    messages.compressor(params, "R").draw_shape(m)  # raises if R does not fit m
    return State(np.zeros(problem.d), np.zeros(m))


def step(kernel, params, state, outcome):
    """One iteration."""
    R = messages.sender(params.R, len(state.u))
    _rounds(kernel, params._replace(R=R), *state, np.ones(1, np.int64), outcome["w"][None], outcome["coin"] == 1)


def advance(kernel, params, state, draws):
    """All rounds."""
    R = messages.sender(params.R, len(state.u))
    _rounds(kernel, params._replace(R=R), *state, draws.lengths, np.ascontiguousarray(draws.ends["w"]), True)


@njit
def _rounds(kernel, params, x, u, lengths, w, ends):
    """Take the primal steps of every round, and the dual one at its end if ``ends``."""
    (gamma, tau, R), scale = params, 1.0 + params.R.omega
    d, m = x.shape[0], u.shape[0]
    g, h_star = composite.inner_term(kernel), composite.conjugate_term(kernel)
    v, gradient, client, q, r, change = np.empty(d), np.empty(d), np.empty(d), np.empty(m), np.empty(m), np.empty(m)
    work, work_g = oracles.workspace(kernel), oracles.prox_workspace(g, d)
    work_h, work_R = oracles.prox_workspace(h_star, m), messages.sending_space(R, m)
    for t in range(lengths.shape[0]):
        for _ in range(lengths[t]):
            # x̂ = prox_{γg}(x - γ ∇F(x) - γ K'u)
            oracles.mean_gradient(kernel, x, gradient, client, work)
            composite.add_adjoint(kernel, u, gradient)
            for j in range(d):
                v[j] = x[j] - gamma * gradient[j]
            oracles.prox(g, v, gamma, x, work_g)
        if ends:
            # u⁺ = u + (1/(1+ω)) R(prox_{τh*}(u + τ K x̂) - u)
            composite.apply_matrix(kernel, x, q)
            for j in range(m):
                q[j] = u[j] + tau * q[j]
            oracles.prox(h_star, q, tau, r, work_h)
            for j in range(m):
                r[j] -= u[j]
            messages.send(R, r, w[t], change, work_R)
            for j in range(m):
                change[j] /= scale
                u[j] += change[j]
            # x⁺ = x̂ - γ (1+ω) K'(u⁺ - u)
            v[:] = 0.0
            composite.add_adjoint(kernel, change, v)
            for j in range(d):
                x[j] -= gamma * scale * v[j]


def fixed_point(problem, params, target):
    """x = x*, u = u*."""
    return State(target.x.copy(), composite.dual_solution(target).copy())

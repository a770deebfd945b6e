r"""Sparse-ProxSkip with a convex regulariser: every local step of every client ends with the prox of ψ.

The problem is min_x F(x) + ψ(x), for example with ψ = λ ‖x‖₁. The recursion, with Σ_i h_i = 0 at the start::

    x̂_i = prox_{γψ}(x_i - γ (∇f_i(x_i) - h_i))
    with probability p:   x_i⁺ = (1/n) Σ_j x̂_j
    otherwise:            x_i⁺ = x̂_i
    h_i⁺ = h_i + (p/γ) (x_i⁺ - x̂_i)

It is RandProx with the regulariser as g and consensus as h. With ψ = 0 it is Scaffnew.

Source: Meinhardt, Yi, Condat and Richtárik, "Prune at the Clients, Not the Server: Accelerated Sparse Training in
Federated Learning" (2024), its convex variant.
"""

import numpy as np

from ..problems import oracles
from . import scaffnew
from .parts import client_steps, implements, skipped_rounds

RANDOM = scaffnew.RANDOM
SENDS = scaffnew.SENDS
PROMISE = "sparse_proxskip_l1"
NAME = "Sparse-ProxSkip, convex"
GROUP = "sparse models"
HANDLES_PSI = True


class Params(scaffnew.Params):
    """The step size γ and the probability p of communication, which is Scaffnew's."""


@implements(client_steps, Params)
def proximal_steps(params, kernel, i, state, k, xi, scratch):
    """x_i ← prox_{γψ}(x_i - γ (∇f_i(x_i) - h_i)), so many times."""
    (X, H), g, v = state, scratch.g, scratch.v
    for _ in range(k):
        oracles.gradient(kernel, i, X[i], g, scratch.work)
        for j in range(X.shape[1]):
            v[j] = X[i, j] - params.gamma * (g[j] - H[i, j])
        oracles.prox(kernel.psi, v, params.gamma, X[i], scratch.prox)


def fixed_point(problem, params, target):
    """x_i = x*, h_i = ∇f_i(x*) - ∇F(x*)."""
    gradients = target.gradients - target.gradients.mean(axis=0)
    return skipped_rounds.State(np.tile(target.x, (problem.n, 1)), gradients)

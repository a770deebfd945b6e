r"""RandProx-FL: local steps, and a compressed residual of consensus whose randomness all clients share.

With Σ_i h_i = 0 at the start and an unbiased compressor R of variance ω, linear and diagonal::

    x̂_i = prox_{γψ}(x_i - γ (∇f_i(x_i) - h_i))
    d_i = R(x̂_i - (1/n) Σ_j x̂_j)
    x_i⁺ = x̂_i - d_i/(1+ω)
    h_i⁺ = h_i - d_i/(γ (1+ω)²)

Only R(x̂_i) has to be averaged: with rand-k the clients send the same k coordinates in every iteration, and under
Bernoulli(p) nothing until the coin says so, which ends a round; then this is Scaffnew. It is RandProx on one copy of
the model for each client, with ψ of each copy as g and "all copies are equal" as h.

Source: Condat and Richtárik, "RandProx: Primal-Dual Optimization Algorithms with Randomized Proximal Updates" (2023),
its application to federated learning.
"""

from typing import NamedTuple

from . import sparse_proxskip_l1
from .parts import implements, letters, local_steps, messages, rounds

RANDOM = rounds.Calls("R")
SENDS = messages.Known("R")
PROMISE = "randprox_fl"
GROUP = "randomised dual steps"
HANDLES_PSI = True
fixed_point = sparse_proxskip_l1.fixed_point


class Params(NamedTuple):
    """The step size γ and the compressor R, the same for all clients."""

    gamma: letters.StepSize
    R: letters.Diagonal


implements(local_steps.client_steps, Params)(sparse_proxskip_l1.proximal_steps)


@implements(local_steps.communicate, Params)
def _compressed_residuals(params, kernel, state, w, scratch):
    """d_i = R(x̂_i - (1/n) Σ_j x̂_j), x_i⁺ = x̂_i - d_i/(1+ω) and h_i⁺ = h_i - d_i/(γ (1+ω)²)."""
    X, H = state
    residual, sent, scale = scratch.g, scratch.v, 1.0 + params.R.omega
    messages.average(X, scratch.mean)
    for i in range(X.shape[0]):
        for j in range(X.shape[1]):
            residual[j] = X[i, j] - scratch.mean[j]
        messages.send(params.R, residual, w, sent, scratch.own)
        for j in range(X.shape[1]):
            X[i, j] -= sent[j] / scale
            H[i, j] -= sent[j] / (params.gamma * scale**2)


@implements(local_steps.own_scratch, Params)
def _scratch(params, kernel, d):
    return messages.sending_space(params.R, d)

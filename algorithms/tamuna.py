r"""TAMUNA: Scaffnew in which a random cohort takes part in a round and each coordinate is sent by s of its clients.

With Σ_i h_i = 0 at the start, and a mask q for every round: c of the n clients form a cohort Ω in random order, and
coordinate j is sent (q_ij = 1) by the s of them at the places s j, ..., s j + s - 1 modulo c. With
c = n this is CompressedScaffnew, with c = s = n and χ = 1 Scaffnew. The recursion::

    x̂_i = x_i - γ (∇f_i(x_i) - h_i)
    with probability p:
        x̄_j = (1/s) Σ_{i: q_ij = 1} x̂_ij
        x_i⁺ = x̄
        h_ij⁺ = h_ij + (p χ/γ) q_ij (x̄_j - x̂_ij)
    otherwise:  x_i⁺ = x̂_i,  h_i⁺ = h_i

Source: Condat, Agarský, Malinovsky and Richtárik, "TAMUNA: Doubly Accelerated Distributed Optimization with Local
Training, Compression, and Partial Participation" (2023), algorithm 1 without stochastic gradients.
"""

from typing import NamedTuple

from .parts import Coin, cohorts, letters

RANDOM = Coin("p") & cohorts.Orders("c")
SENDS = cohorts.Shares("s", "c")
PROMISE = "tamuna"
GROUP = "compression and cohorts"
FAMILY = cohorts


class Params(NamedTuple):
    """Step size γ, probability p of communication, factor χ of control variates, s senders, c clients in a cohort."""

    gamma: letters.StepSize
    p: letters.Probability
    chi: letters.Factor
    s: letters.Senders
    c: letters.Cohort


@cohorts.averages(Params)
def average_of_senders(params, state, omega, mean):
    """x̄_j = (1/s) Σ x̂_ij over the senders i of j, and h_ij⁺ = h_ij + (p χ/γ)(x̄_j - x̂_ij) at the senders."""
    X, H = state
    s, c = params.s, omega.shape[0]
    for j in range(mean.shape[0]):
        mean[j] = 0.0
        for t in range(s * j, s * j + s):
            mean[j] += X[omega[t % c], j] / s
        for t in range(s * j, s * j + s):
            i = omega[t % c]
            H[i, j] += params.p * params.chi / params.gamma * (mean[j] - X[i, j])

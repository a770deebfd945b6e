r"""Scaffnew: ProxSkip for federated learning, local steps with control variates between rare averages.

The recursion, with Σ_i h_i = 0 at the start::

    x̂_i = x_i - γ (∇f_i(x_i) - h_i)
    with probability p:   x_i⁺ = (1/n) Σ_j x̂_j
    otherwise:            x_i⁺ = x̂_i
    h_i⁺ = h_i + (p/γ) (x_i⁺ - x̂_i)

Source: Mishchenko, Malinovsky, Stich and Richtárik, "ProxSkip: Yes! Local Gradient Steps Provably Lead to
Communication Acceleration! Finally!" (2022), algorithm 2.
"""

from typing import NamedTuple

from .parts import Coin, Dense, average, communicate, implements, letters

RANDOM = Coin("p")
SENDS = Dense(up=1, down=1)
PROMISE = "scaffnew"
GROUP = "skipped communication"


class Params(NamedTuple):
    """The step size γ and the probability p of communication in an iteration."""

    gamma: letters.StepSize
    p: letters.Probability


@implements(communicate, Params)
def average_models(params, kernel, state, w, scratch):
    """x_i⁺ = (1/n) Σ_j x̂_j and h_i⁺ = h_i + (p/γ) (x_i⁺ - x̂_i)."""
    X, H = state
    average(X, scratch.mean)
    for i in range(X.shape[0]):
        for j in range(X.shape[1]):
            H[i, j] += params.p / params.gamma * (scratch.mean[j] - X[i, j])
            X[i, j] = scratch.mean[j]

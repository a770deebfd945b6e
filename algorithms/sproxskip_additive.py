r"""SProxSkip with additive noise: Scaffnew whose gradients have an error of variance σ².

The recursion, with ξ_i a random coordinate vector times ±√d, so that E ξ_i = 0 and ‖ξ_i‖² = d, and Σ_i h_i = 0 at the
start::

    x̂_i = x_i - γ (∇f_i(x_i) + (σ/√d) ξ_i - h_i)
    with probability p:   x_i⁺ = (1/n) Σ_j x̂_j
    otherwise:            x_i⁺ = x̂_i
    h_i⁺ = h_i + (p/γ) (x_i⁺ - x̂_i)

The theorem knows nothing of the noise but its variance; noise of few values can be listed.

Source: Mishchenko, Malinovsky, Stich and Richtárik, "ProxSkip: Yes! Local Gradient Steps Provably Lead to
Communication Acceleration! Finally!" (2022), its stochastic variant, with bounded variance.
"""

from typing import NamedTuple

from ..problems.oracles import gradient
from . import scaffnew
from .parts import client_steps, communicate, components, implements, letters

RANDOM = scaffnew.RANDOM & components.SignedCoordinates()
SENDS = scaffnew.SENDS
PROMISE = "sproxskip_additive"
GROUP = "skipped communication"


class Params(NamedTuple):
    """Step size γ, probability p of communication, standard deviation σ of a client's gradient; 0 is Scaffnew."""

    gamma: letters.StepSize
    p: letters.Probability
    sigma: letters.Deviation


@implements(client_steps, Params)
def _noisy_steps(params, kernel, i, state, k, xi, scratch):
    """x_i ← x_i - γ (∇f_i(x_i) + (σ/√d) ξ_i - h_i), so many times."""
    X, H, g = state.X, state.H, scratch.g
    for t in range(k):
        gradient(kernel, i, X[i], g, scratch.work)
        # Of length σ, as is (σ/√d) times a coordinate vector times √d.
        g[xi[t] % X.shape[1]] += params.sigma if xi[t] >= 0 else -params.sigma
        for j in range(X.shape[1]):
            X[i, j] -= params.gamma * (g[j] - H[i, j])


implements(communicate, Params)(scaffnew.average_models)

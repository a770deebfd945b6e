r"""ProxSkip: gradient steps that skip the prox most of the time, corrected by control variates.

The problem is min_x F(x) + ψ(x) with F = (1/n) Σ_i f_i. It is lifted to one copy of the model for each client,
where the expensive prox is that of "all copies are equal, and n ψ of the copy": an average, then the prox of ψ. So
ψ = 0 gives the consensus prox, and n = 1 plain ProxSkip for F + ψ. The recursion::

    x̂_i = x_i - γ (∇f_i(x_i) - h_i)
    with probability p:   x_i⁺ = prox_{(γ/p) ψ}( (1/n) Σ_j (x̂_j - (γ/p) h_j) )
    otherwise:            x_i⁺ = x̂_i
    h_i⁺ = h_i + (p/γ) (x_i⁺ - x̂_i)

Source: Mishchenko, Malinovsky, Stich and Richtárik, "ProxSkip: Yes! Local Gradient Steps Provably Lead to
Communication Acceleration! Finally!" (2022), algorithm 1, on the consensus problem of its federated section.
"""

from typing import NamedTuple

from ..problems.oracles import prox
from .parts import Coin, Dense, communicate, implements, letters, take

RANDOM = Coin("p")
SENDS = Dense(up=1, down=1)
PROMISE = "proxskip"
GROUP = "skipped communication"
HANDLES_PSI = True
invariants = None  # Σ_i h_i becomes what the prox of ψ needs


class Params(NamedTuple):
    """The step size γ and the probability p of communication in an iteration."""

    gamma: letters.StepSize
    p: letters.Probability


@implements(communicate, Params)
def _prox_of_average(params, kernel, state, w, scratch):
    """x_i⁺ = prox of the mean of x̂_j - (γ/p) h_j, and h_i⁺ = h_i + (p/γ)(x_i⁺ - x̂_i)."""
    X, H = state
    gamma, p, m, x = params.gamma, params.p, scratch.mean, scratch.v
    n, d = X.shape
    m[:] = 0.0
    for i in range(n):
        for j in range(d):
            m[j] += (X[i, j] - gamma / p * H[i, j]) / n
    prox(kernel.psi, m, gamma / p, x, scratch.prox)
    take(x, p / gamma, X, H)

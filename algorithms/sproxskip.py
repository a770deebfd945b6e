r"""SProxSkip: Scaffnew with gradients of sampled components, whose noise it does not remove.

Every f_i is the mean of m_i components f_ij. The recursion, with j uniform and Σ_i h_i = 0 at the start::

    x̂_i = x_i - γ (∇f_ij(x_i) - h_i)
    with probability p:   x_i⁺ = (1/n) Σ_j x̂_j
    otherwise:            x_i⁺ = x̂_i
    h_i⁺ = h_i + (p/γ) (x_i⁺ - x̂_i)

It does not converge to the solution but to a neighbourhood, whose size is in proportion to γ.

Source: Mishchenko, Malinovsky, Stich and Richtárik, "ProxSkip: Yes! Local Gradient Steps Provably Lead to
Communication Acceleration! Finally!" (2022), its stochastic variant, with uniform sampling.
"""

from ..problems.oracles import component_gradient
from . import scaffnew
from .parts import Components, client_steps, implements

RANDOM = scaffnew.RANDOM & Components()
SENDS = scaffnew.SENDS
PROMISE = "sproxskip"
GROUP = "skipped communication"


class Params(scaffnew.Params):
    """The step size γ and the probability p of communication, which is Scaffnew's."""


@implements(client_steps, Params)
def _component_steps(params, kernel, i, state, k, xi, scratch):
    """x_i ← x_i - γ (∇f_ij(x_i) - h_i) with j = ξ_t in step t."""
    X, H, g = state.X, state.H, scratch.g
    for t in range(k):
        component_gradient(kernel, i, xi[t], X[i], g, scratch.work)
        for j in range(X.shape[1]):
            X[i, j] -= params.gamma * (g[j] - H[i, j])

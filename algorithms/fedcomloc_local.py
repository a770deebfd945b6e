r"""FedComLoc-Local: Scaffnew whose clients take gradients at compressed models.

The recursion, with Σ_i h_i = 0 at the start and any compressor C, unbiased or not::

    x̂_i = x_i - γ (∇f_i(C(x_i)) - h_i)
    with probability p:   x_i⁺ = (1/n) Σ_j x̂_j
    otherwise:            x_i⁺ = x̂_i
    h_i⁺ = h_i + (p/γ) (x_i⁺ - x̂_i)

What travels is not compressed: this is the variant for clients that cannot compute with full models.

Source: Yi, Meinhardt, Condat and Richtárik, "FedComLoc: Communication-Efficient Distributed Training of Sparse and
Quantized Models" (2024), its variant -Local, in which C acts on the model of the gradient only.
"""

from ..problems.oracles import gradient
from . import fedcomloc_com, scaffnew
from .parts import client_steps, communicate, implements, messages

RANDOM = scaffnew.RANDOM & messages.EachClient("C", in_every_step=True)
SENDS = scaffnew.SENDS
PROMISE = "fedcomloc_com"
GROUP = "compression and cohorts"
fixed_point = None


class Params(fedcomloc_com.Params):
    """The step size γ, the probability p of communication and the compressor C."""


@implements(client_steps, Params)
def _steps_at_compressed(params, kernel, i, state, k, xi, scratch):
    """x_i ← x_i - γ (∇f_i(C(x_i)) - h_i), so many times."""
    X, H, g = state.X, state.H, scratch.g
    for t in range(k):
        messages.compress(params.C.kernel, X[i], xi[t], scratch.v, scratch.own)
        gradient(kernel, i, scratch.v, g, scratch.work)
        for j in range(X.shape[1]):
            X[i, j] -= params.gamma * (g[j] - H[i, j])


implements(communicate, Params)(scaffnew.average_models)

r"""FedComLoc-Com: Scaffnew whose clients send compressed models.

The recursion, with Σ_i h_i = 0 at the start and any compressor C, unbiased or not::

    x̂_i = x_i - γ (∇f_i(x_i) - h_i)
    with probability p:
        x̂_i ← C(x̂_i)
        x_i⁺ = (1/n) Σ_j x̂_j
        h_i⁺ = h_i + (p/γ) (x_i⁺ - x̂_i)
    otherwise:  x_i⁺ = x̂_i,  h_i⁺ = h_i

With top-k in the place of C it is Sparse-ProxSkip.

Source: Yi, Meinhardt, Condat and Richtárik, "FedComLoc: Communication-Efficient Distributed Training of Sparse and
Quantized Models" (2024), its variant -Com.
"""

from typing import NamedTuple

from ..core.vectors import copyto
from .parts import implements, letters, local_steps, messages, rounds, take

RANDOM = rounds.Coin("p") & messages.EachClient("C")
SENDS = messages.Compressed(up="C")
PROMISE = "fedcomloc_com"
GROUP = "compression and cohorts"
fixed_point = None


class Params(NamedTuple):
    """The step size γ, the probability p of communication and the compressor C, biased or not."""

    gamma: letters.StepSize
    p: letters.Probability
    C: letters.Compressor


@implements(local_steps.communicate, Params)
def _average_of_messages(params, kernel, state, w, scratch):
    """x̂_i ← C(x̂_i), x_i⁺ = (1/n) Σ_j x̂_j and h_i⁺ = h_i + (p/γ) (x_i⁺ - x̂_i)."""
    for i in range(state.X.shape[0]):
        messages.send(params.C, state.X[i], w[i], scratch.v, scratch.own)
        copyto(state.X[i], scratch.v)
    messages.average(state.X, scratch.mean)
    take(scratch.mean, params.p / params.gamma, state.X, state.H)


@implements(local_steps.own_scratch, Params)
def _scratch(params, kernel, d):
    return messages.sending_space(params.C, d)

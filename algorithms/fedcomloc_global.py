r"""FedComLoc-Global: Scaffnew whose server sends a compressed average.

The recursion, with Σ_i h_i = 0 at the start and any compressor C, unbiased or not::

    x̂_i = x_i - γ (∇f_i(x_i) - h_i)
    with probability p:   x_i⁺ = C((1/n) Σ_j x̂_j)
    otherwise:            x_i⁺ = x̂_i
    h_i⁺ = h_i + (p/γ) (x_i⁺ - x̂_i)

The control variates follow the compressed average, so their sum moves by n (p/γ)(C(m) - m) in a communication, m being
the mean of the x̂_i: a random walk if C is unbiased. With top-k in the place of C it is naive pruning at the server.

Source: Yi, Meinhardt, Condat and Richtárik, "FedComLoc: Communication-Efficient Distributed Training of Sparse and
Quantized Models" (2024), its variant -Global.
"""

from typing import NamedTuple

from .parts import implements, letters, local_steps, messages, rounds, take

RANDOM = rounds.Coin("p") & rounds.Shared("C")
SENDS = messages.Compressed(down="C")
PROMISE = "fedcomloc_com"
GROUP = "compression and cohorts"
fixed_point = None
invariants = None  # Σ_i h_i moves with what the compressor changes


class Params(NamedTuple):
    """The step size γ, the probability p of communication and the compressor C, biased or not."""

    gamma: letters.StepSize
    p: letters.Probability
    C: letters.Compressor


@implements(local_steps.communicate, Params)
def _compressed_average(params, kernel, state, w, scratch):
    """x_i⁺ = C((1/n) Σ_j x̂_j) and h_i⁺ = h_i + (p/γ) (x_i⁺ - x̂_i)."""
    X, H = state
    messages.average(X, scratch.mean)
    messages.send(params.C, scratch.mean, w, scratch.v, scratch.own)
    take(scratch.v, params.p / params.gamma, X, H)


@implements(local_steps.own_scratch, Params)
def _scratch(params, kernel, d):
    return messages.sending_space(params.C, d)

r"""CompressedScaffnew: Scaffnew in which each coordinate is sent by s of the n clients only.

With Σ_i h_i = 0 at the start, and a mask q for every round: the n clients are put in random order, and coordinate j is
sent (q_ij = 1) by the s at the places s j, ..., s j + s - 1 modulo n. The recursion::

    x̂_i = x_i - γ (∇f_i(x_i) - h_i)
    with probability p:
        x̄_j = (1/s) Σ_{i: q_ij = 1} x̂_ij
        x_i⁺ = x̄
        h_ij⁺ = h_ij + (p χ/γ) q_ij (x̄_j - x̂_ij)
    otherwise:
        x_i⁺ = x̂_i,  h_i⁺ = h_i

Source: Condat, Agarský and Richtárik, "Provably Doubly Accelerated Federated Learning: The First Theoretically
Successful Combination of Local Training and Communication Compression" (2022), algorithm 1.
"""

from typing import NamedTuple

from .parts import Coin, cohorts, letters
from .tamuna import average_of_senders

RANDOM = Coin("p") & cohorts.Orders()
SENDS = cohorts.Shares("s")
PROMISE = "compressed_scaffnew"
GROUP = "compression and cohorts"
FAMILY = cohorts


class Params(NamedTuple):
    """The step size γ, the probability p of communication, the factor χ of the control variates, and s senders."""

    gamma: letters.StepSize
    p: letters.Probability
    chi: letters.Factor
    s: letters.Senders


cohorts.averages(Params)(average_of_senders)

r"""BLADE-FL: clients without a server, who train and mine blocks of their models within a given time.

K blocks share the time t_sum; a local step takes the time α and the mining of a block β. The recursion of a block, in
which the last M of N clients are lazy::

    τ = ⌊(t_sum/K - β)/α⌋
    w_i = x;  τ times  w_i ← w_i - η ∇f_i(w_i)       (honest clients)
    w_j = w_s + ξ_j,  s uniform in {1, ..., j - 1}   (lazy ones, in their order; ξ_j is normal, σ in each coordinate)
    x⁺ = (1/N) Σ_i w_i

Everybody tells everybody its model, and then mines: of the block they keep a digest of the models, see
:class:`~rootkappa.algorithms.parts.ledger.Ledger`. With M = 0 it is FedAvg with τ local steps, and with K = t_sum/(α +
β) gradient descent. A round is a block; after K of them the time is over, and further ones are those of another t_sum.

Source: Li, Shao, Wei, Ding, Ma, Shi, Han and Poor, "Blockchain Assisted Decentralized Federated Learning (BLADE-FL):
Performance Analysis and Resource Allocation" (2021), and "with Lazy Clients" (2020); who is copied is as in the
authors' code.
"""

from typing import NamedTuple

from ..problems import oracles
from . import parts
from .parts import blocks, hybrid, implements, letters

RANDOM = parts.Phases(blocks.local_steps) & blocks.Copies()
SENDS = blocks.BROADCAST
PROMISE = "blade_fl"
GROUP = "blocks in a chain"
start = blocks.start
seconds = blocks.seconds


class Params(NamedTuple):
    """Step size η, K blocks in the time t_sum, times α of a step and β of a block, M lazy clients, deviation σ."""

    eta: letters.LocalStepSize
    K: letters.Blocks
    t_sum: letters.Budget
    alpha: letters.Time
    beta: letters.Wait
    M: letters.Lazies
    sigma: letters.Deviation


implements(parts.start_round, Params)(hybrid.hand_out)


@implements(parts.phase_steps, Params)
def _train(params, kernel, i, state, phase, eta, k):
    """Take τ local steps at an honest client, w_i ← w_i - η ∇f_i(w_i)."""
    if phase.w[i, 0] == i:
        oracles.local_steps(kernel, i, phase.Y[i], phase.H[i], eta, k, phase.work)


@implements(parts.end_round, Params)
def _average(params, kernel, state, phase):
    """w_j = w_s + ξ_j at the lazy clients, then x⁺ = (1/N) Σ_i w_i."""
    blocks.copy_lazily(phase.w, phase.Y, params.sigma)
    parts.average(phase.Y, state.x)

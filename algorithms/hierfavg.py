r"""HierFAVG: FedAvg whose clients are averaged by edge servers, and these now and then by the cloud.

The recursion of a round, with E edges, of which edge e has n_e of the n clients::

    x_e = x;  k2 times
        y_i = x_e;  k1 times  y_i ← y_i - γ ∇f_i(y_i)      for the clients i of edge e
        x_e ← (1/n_e) Σ_{i at e} y_i
    x⁺ = Σ_e (n_e/n) x_e

With one edge, or with k2 = 1, it is FedAvg with k1 local steps; with as many edges as clients it is FedAvg with k1 k2.
In between its own fixed point is in between. For quadratics it is ::

    x_H = (Σ_e n_e M_e)⁻¹ Σ_e n_e M_e x_e*,    M_e = I - P_e^k2,    P_e = (1/n_e) Σ_{i at e} (I - γA_i)^k1

where x_e* is the point that FedAvg would go to with the clients of edge e alone.

Source: Liu, Zhang, Song and Letaief, "Client-Edge-Cloud Hierarchical Federated Learning" (2020), algorithm 1 with whole
gradients and clients of equal weight.
"""

from typing import NamedTuple

from .parts import edges, letters

RANDOM = edges.ROUNDS
SENDS = edges.SENDS
PROMISE = "hierfavg"
GROUP = "two levels of averages"
FAMILY = edges
step = edges.step
seconds = edges.seconds_of(SENDS, lambda params: params.k2)


class Params(NamedTuple):
    """Step size γ, k1 local steps between averages of an edge, k2 of these in a round, number of edges."""

    gamma: letters.StepSize
    k1: letters.LocalSteps
    k2: letters.EdgeRounds
    edges: letters.Edges

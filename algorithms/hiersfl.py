r"""HierSFL: models cut between clients and edge servers, whose updates are clipped and noised, averaged at two levels.

Of every class the client has the weights u of some features, its edge those of the other q, v: x = (u, v). With both
of them a local step is one of gradient descent. The recursion of a round, with E edges, edge e with n_e of n clients,
g_i of minibatches of b, C0 the length to which updates are clipped, and N(s²) normal numbers of deviation s::

    x_e = x;  k2 times
        y_i = x_e;  k1 times  y_i ← y_i - γ g_i(y_i)                       for the clients i of edge e
        Δ_i = u of y_i - x_e,  Δ_i ← Δ_i min{1, C0/‖Δ_i‖} + N((2 C0 z)²),  u of y_i ← u of x_e + Δ_i
        x_e ← (1/n_e) Σ_{i at e} y_i
    u of x_e ← u of x_e + N((2 C0 z/n_e)²)
    x⁺ = Σ_e (n_e/n) x_e

Without noise and clipping it is HierFAVG, whatever the cut. Each release of an update is (ε, δ)-private with the z of
:func:`rootkappa.algorithms.parts.privacy.multiplier`, all of a path less so. What is not: the features of the edge's
part, the client's logits and the labels, which leave the client as they are, and v.

Source: Quan, Nguyen, Nguyen, Wijayasundara, Setunge and Pathirana, "HierSFL: Local Differential Privacy-aided Split
Federated Learning in Mobile Edge Computing" (2024), with fixed features in the place of a network's first layers; where
the noise stands, and how it is calibrated, is ours.
"""

from typing import NamedTuple

from .parts import Stochastic, edges, implements, letters, privacy, split

STOCHASTIC = Stochastic("b")
RANDOM = edges.ROUNDS & edges.Releases("z") & STOCHASTIC
SENDS = split.SENDS
PROMISE = "hiersfl"
GROUP = "two levels of averages"
FAMILY = split
opening = split.opening
gradients = STOCHASTIC.gradients
step = edges.step
advance = edges.advance
seconds = edges.seconds_of(SENDS, lambda params: params.k2 * (params.k1 + 1))


class Params(NamedTuple):
    """Step size γ, k1 steps between averages of an edge, k2 of these, edges, q features there, C0, noise z, batch b."""

    gamma: letters.StepSize
    k1: letters.LocalSteps
    k2: letters.EdgeRounds
    edges: letters.Edges
    q: letters.EdgeFeatures
    C0: letters.Length
    z: letters.Multiplier
    b: letters.Batch


implements(edges.train, Params)(edges.minibatch_steps)


@implements(edges.tell_edge, Params)
def _clipped_and_noised(params, state, y, x, word, v):
    """u of y becomes u of x + Δ min{1, C0/‖Δ‖} + noise, with Δ their difference."""
    for j in range(x.shape[0]):
        v[j] = state.at_client[j] * (y[j] - x[j])
    privacy.clip(v, params.C0)
    privacy.perturb(v, 2.0 * params.C0 * params.z, word)
    for j in range(x.shape[0]):
        if state.at_client[j] == 1.0:
            y[j] = x[j] + v[j]


@implements(edges.tell_cloud, Params)
def _noised(params, state, clients, x, word, v):
    """u of x gets noise for what one of the edge's clients can have moved it by last."""
    v[:] = 0.0
    privacy.perturb(v, 2.0 * params.C0 * params.z / clients, word)
    for j in range(x.shape[0]):
        x[j] += state.at_client[j] * v[j]

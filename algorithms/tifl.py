r"""TiFL: FedAvg whose cohorts are clients of equal speed.

The clients are ordered by their speeds and cut into m tiers. The recursion of a round, in which S clients of one tier
take part::

    y_i = x;  K times  y_i ← y_i - η ∇f_i(y_i)
    x⁺ = (1/S) Σ_i y_i

A round then waits for no client that is slower than its tier, but the clients' weights are those of their tiers,
whatever their sizes. Which tier it is, is drawn: with I = 0 each is as likely; with I >= 1 chances are looked at every
I rounds, and if the last tier got no better since, they fall with the tiers' mean losses, from m parts to one. With
credits, a tier that has used its own up waits until all have. See :mod:`rootkappa.algorithms.parts.tiers`. With m = 1
it is FedAvg.

Source: Chai et al., "TiFL: A Tier-based Federated Learning System" (2020), with known speeds, and with losses on the
clients' own samples in the place of accuracies on others; credits come back when all are spent.
"""

from typing import NamedTuple

import numpy as np

from ..problems.oracles import local_steps
from . import parts
from .parts import hybrid, implements, letters, tiers

RANDOM = parts.Phases("K") & tiers.OfOneTier()
SENDS = tiers.SENDS
PROMISE = "tifl"
GROUP = "clients of different speed"
FAMILY = tiers
fixed_point = None  # each cohort moves every state
decided = tiers.decided


class Params(NamedTuple):
    """Step size η, K steps, S clients of one of m tiers, their credits, I rounds for chances, speeds and draw w."""

    eta: letters.LocalStepSize
    K: letters.LocalSteps
    S: letters.Cohort
    m: letters.Tiers
    credits: letters.Credits
    I: letters.Interval
    speeds: letters.Speeds
    w: letters.Draw


@implements(parts.own_scratch, Params)
def _losses(params, kernel, d):
    return np.empty(params.m)


@implements(parts.start_round, Params)
def _choose(params, kernel, state, phase):
    """Choose a tier, and hand out y_i = x."""
    tiers.choose(params, kernel, state, phase.w, phase.own)
    hybrid.hand_out(params, kernel, state, phase)


@implements(parts.phase_steps, Params)
def _steps(params, kernel, i, state, phase, eta, k):
    """Take the local steps at the clients of the cohort; what becomes of the others' models nobody asks."""
    if (tiers.cohort(params, state, phase.w) == i).any():
        local_steps(kernel, i, phase.Y[i], phase.H[i], eta, k, phase.work)


@implements(parts.end_round, Params)
def _average(params, kernel, state, phase):
    """x⁺ = (1/S) Σ y_i over the cohort."""
    hybrid.average_of_cohort(tiers.cohort(params, state, phase.w), phase.Y, state.x)

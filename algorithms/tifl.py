r"""TiFL: FedAvg whose cohorts are clients of equal speed.

The clients are ordered by their speeds and cut into m tiers. The recursion of a round, in which S clients of one tier
take part, which is drawn uniformly::

    y_i = x;  K times  y_i ← y_i - η ∇f_i(y_i)
    x⁺ = (1/S) Σ_i y_i

A round then waits for no client that is slower than its tier, but the clients' weights are those of their tiers: the
same for each tier, whatever its size. With m = 1 it is FedAvg.

Source: Chai et al., "TiFL: A Tier-based Federated Learning System" (2020), with known speeds and the uniform policy: it
keeps the paper's cohorts and no credits, and its probabilities do not follow the tiers' accuracies.
"""

from typing import NamedTuple

from ..problems.oracles import local_steps
from .parts import Phases, hybrid, implements, letters, server_rounds, tiers

RANDOM = Phases("K") & tiers.OfOneTier()
SENDS = tiers.SENDS
PROMISE = "tifl"
GROUP = "clients of different speed"
start = tiers.start
fixed_point = None  # each cohort moves every state


class Params(NamedTuple):
    """Step size η, K local steps, S clients of one of m tiers, speeds and their draw w."""

    eta: letters.LocalStepSize
    K: letters.LocalSteps
    S: letters.Cohort
    m: letters.Tiers
    speeds: letters.Speeds
    w: letters.Draw


implements(server_rounds.start_round, Params)(hybrid.hand_out)


@implements(server_rounds.phase_steps, Params)
def _steps(params, kernel, i, state, phase, eta, k):
    """Take the local steps at the clients of the cohort; what becomes of the others' models nobody asks."""
    if (phase.w == i).any():
        local_steps(kernel, i, phase.Y[i], phase.H[i], eta, k, phase.work)


@implements(server_rounds.end_round, Params)
def _average(params, kernel, state, phase):
    """x⁺ = (1/S) Σ y_i over the cohort."""
    hybrid.average_of_cohort(phase.w, phase.Y, state.x)

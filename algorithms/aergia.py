r"""Aergia: slow clients leave the feature block of their model to fast ones, which train it on data of their own.

The recursion of a round, in which S of n clients take part, of which some a have a helper b for d steps::

    y_i = x;  K times  y_i ← y_i - η ∇f_i(y_i)             if i has no helper
    y_a = x;  K - d times  y_a ← y_a - η ∇f_a(y_a);  z = y_a
              d times  the classifier block of  y_a ← y_a - η ∇f_a(y_a)
              d times  the feature block of  z ← z - η ∇f_b(z),  at b
              the feature block of y_a becomes that of z
    x⁺ = (1/S) Σ_i y_i

Who is slow, who helps whom and for how many steps follows from the clients' speeds, which are taken to be known, and
from their labels, see :mod:`rootkappa.algorithms.parts.offloading`. The feature block is the first share φ of the
features of every class, or of the coordinates where there are no classes. It saves time: of a step the backward pass of
the feature block is the part bf. With bf = 0 or equal speeds it is FedAvg. With ``trains = "model"`` b trains all of z,
as in the authors' code; what is taken of it is the feature block all the same.

Source: Cox, Chen and Decouchant, "Aergia: Leveraging Heterogeneity in Federated Learning Systems" (2022), with the
order and the matching of the authors' code, and whole gradients. That nobody gets a helper with whom it would be later
than alone is ours.
"""

from typing import NamedTuple

from ..problems.oracles import local_steps
from .parts import Phases, hybrid, implements, letters, offloading, server_rounds

RANDOM = Phases("K") & offloading.Plans()
PROMISE = "aergia"
GROUP = "clients of different speed"
fixed_point = None  # each cohort moves every state
start = offloading.start
compiled = offloading.compiled
cost = offloading.cost
seconds = offloading.seconds


class Params(NamedTuple):
    """Step size η, K steps, S clients, parts bf and φ, weight f, seconds comm, what helpers train, speeds, draw w."""

    eta: letters.LocalStepSize
    K: letters.LocalSteps
    S: letters.Cohort
    bf: letters.Part
    phi: letters.Share
    f: letters.Weight
    comm: letters.Wait
    trains: letters.Trained
    speeds: letters.Speeds
    w: letters.Draw


implements(server_rounds.start_round, Params)(hybrid.hand_out)
implements(server_rounds.own_scratch, Params)(offloading.space)


@implements(server_rounds.phase_steps, Params)
def _steps(params, kernel, i, state, phase, eta, k):
    """Take the steps of a client of the cohort; the last d leave out the feature block."""
    for client, _, d in phase.w:
        if client == i:
            y = phase.Y[i]
            local_steps(kernel, i, y, phase.H[i], eta, k - d, phase.work)
            phase.own[i] = y
            offloading.steps_of_block(kernel, i, y, params.phi, False, eta, d, phase.g, phase.work)


@implements(server_rounds.end_round, Params)
def _average(params, kernel, state, phase):
    """Let the helpers train what they have received, put it back, and average."""
    for client, helper, d in phase.w:
        if d > 0:
            z = phase.own[client]
            if params.trains:
                local_steps(kernel, helper, z, phase.H[helper], params.eta, d, phase.work)
            else:
                offloading.steps_of_block(kernel, helper, z, params.phi, True, params.eta, d, phase.g, phase.work)
            offloading.put_block(kernel, z, params.phi, phase.Y[client])
    hybrid.average_of_cohort(phase.w[:, 0], phase.Y, state.x)

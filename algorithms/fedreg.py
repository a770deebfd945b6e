r"""FedReg: local steps that take back what they unlearn of samples which the server's model has labelled.

Every client of a cohort Ω of M makes two kinds of samples from its own: pseudo data, whose inputs have moved ten times
by η_s along the sign of the gradient of their loss in them, with the targets that the server's model x gives them; and
perturbed data, which have moved by η_s/100, with the labels that they had, or by a weight "soft" with those of x. With
the gradients ∇p of the mean loss of the former and ∇q of the latter the recursion of a round is ::

    w = x;  K times
        w ← w - η ∇f_i(γw + (1-γ)x)
        z = x + β(w - x)
        w ← w - ρ max{⟨w - x, ∇p(z)⟩, 0} ∇p(z)/‖∇p(z)‖²
        w ← w - ρ max{⟨w - x, ∇q(z)⟩, 0} ∇q(z)/‖∇q(z)‖²
    x⁺ = (1/M) Σ_{i in Ω} w

With ρ = 0 and γ = 1 it is FedAvg; the authors' ρ is 1. As ∇p(x) = 0, ⟨w - x, ∇p(z)⟩ >= 0 for every w: for the pseudo
data the maximum never acts. Of the perturbed data that is so with soft labels only.

Source: Xu, Hong, Huang and Jiang, "Acceleration of Federated Learning with Alleviated Forgetting in Local Training"
(2022), on softmax regression and full batches; order of steps and labels as in the authors' code.
"""

from typing import NamedTuple

from ..problems.oracles import gradient
from .parts import Dense, hybrid, implements, letters, pseudo_data, server_rounds

RANDOM = hybrid.COHORTS
SENDS = Dense(up=1, down=1)
PROMISE = "fedreg"
GROUP = "forgetting"
check = pseudo_data.check
start = hybrid.start
fixed_point = None  # each cohort moves every state


class Params(NamedTuple):
    """Step size η, K local steps, M clients, weights γ, β of models, ρ of projections, of soft labels, moves η_s."""

    eta: letters.LocalStepSize
    K: letters.LocalSteps
    M: letters.Cohort
    gamma: letters.Share
    beta: letters.Share
    rho: letters.Share
    soft: letters.SoftLabels
    eta_s: letters.Move


@implements(server_rounds.own_scratch, Params)
def _space(params, kernel, d):
    return pseudo_data.space(kernel)


implements(server_rounds.start_round, Params)(hybrid.hand_out)


@implements(server_rounds.phase_steps, Params)
def _steps(params, kernel, i, state, phase, eta, k):
    """Take the local steps of a client of the cohort, with the samples that it makes."""
    if (phase.w == i).any():
        w, x, z, g, own = phase.Y[i], state.x, phase.v, phase.g, phase.own
        eta_s, rho = params.eta_s, params.rho
        m = 0
        if rho > 0.0:
            m = pseudo_data.make(kernel, i, x, eta_s, 1.0, own.inputs, own.targets, own)
            pseudo_data.make(kernel, i, x, eta_s / 100.0, params.soft, own.near_inputs, own.near_targets, own)
        for _ in range(k):
            z[:] = params.gamma * w + (1.0 - params.gamma) * x
            gradient(kernel, i, z, g, phase.work)
            w -= eta * g
            z[:] = x + params.beta * (w - x)
            for inputs, targets in ((own.inputs, own.targets), (own.near_inputs, own.near_targets)):
                pseudo_data.gradient_of(inputs, targets, m, z, g, own)
                pseudo_data.take_away(w, x, g, rho)


@implements(server_rounds.end_round, Params)
def _average(params, kernel, state, phase):
    """x⁺ = (1/M) Σ w over the cohort."""
    hybrid.average_of_cohort(phase.w, phase.Y, state.x)


def gradients(problem, params, draws):
    """Return three a local step, of the client's samples and of both kinds that it makes, and two for each move."""
    if params.rho == 0.0:
        return draws.iterations
    return 3 * draws.iterations + 2 * pseudo_data.MOVES * len(draws)

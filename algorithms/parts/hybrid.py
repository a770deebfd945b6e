"""What the methods of hybrid federated learning share: local steps of a cohort, then steps of the server.

The server has data of its own, with the function f_s, and in each round M of the n clients take part.
"""

from typing import Any, NamedTuple

import numpy as np

from ...core.dispatch import implements
from ...core.inner import inner
from ...problems import oracles
from ...problems.problem import Problem
from . import letters
from .cohorts import Orders, check_size
from .local_steps import broadcast
from .nothing_drawn import State
from .rounds import Phases
from .server_rounds import phase_steps, start_round

#: What is drawn: the clients of each cohort, in random order.
RANDOM = Phases("K") & Orders("M")


class Params(NamedTuple):
    """Step size η and number K of local steps, M clients in a cohort, step size γ and number E of server steps."""

    eta: letters.LocalStepSize
    K: letters.LocalSteps
    M: letters.Cohort
    gamma: letters.StepSize
    E: letters.ServerSteps


def start(problem: Problem, params: Any) -> State:
    """Return the start x = 0 if the cohort is no larger than the number of clients."""
    check_size(problem, params.M)
    return State(np.zeros(problem.d))


@implements(start_round, Params)
def hand_out(params, kernel, state, phase):
    """y_i = x, and nothing corrects the gradients."""
    broadcast(state.x, phase.Y)
    phase.H[:] = 0.0


@implements(phase_steps, Params)
def steps_of_cohort(params, kernel, i, state, phase, eta, k):
    """Take the local steps at the clients of the cohort; what becomes of the others' models nobody asks."""
    for client in phase.w:
        if client == i:
            oracles.local_steps(kernel, i, phase.Y[i], phase.H[i], eta, k, phase.work)


@inner
def average_of_cohort(omega, X, mean):
    """Write (1/M) Σ_i x_i over the clients of the cohort to ``mean``: what they send is read here and nowhere else."""
    mean[:] = 0.0
    for i in omega:
        for j in range(mean.shape[0]):
            mean[j] += X[i, j] / omega.shape[0]


@inner
def server_steps(params, kernel, x, g, work):
    """Take E times the step x ← x - γ ∇f_s(x) in place; ``g`` is scratch space like x."""
    for _ in range(params.E):
        oracles.server_gradient(kernel, x, g, work)
        for j in range(x.shape[0]):
            x[j] -= params.gamma * g[j]

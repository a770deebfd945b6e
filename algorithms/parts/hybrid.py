"""What the methods of hybrid federated learning share: local steps of a cohort, then steps of the server.

The server has data of its own, with the function f_s, and in each round M of the n clients take part. All gradients may
be those of minibatches: of b samples of a client in every local step, and in one more at the server's model; of b_s of
the server's there and in every step of its own.
"""

from typing import Any, NamedTuple

import numpy as np

from ...core.dispatch import implements
from ...core.inner import inner
from ...problems.problem import Problem
from . import letters
from .cohorts import Orders, check_size
from .components import sizes
from .local_steps import broadcast
from .nothing_drawn import State
from .rounds import Draws, Phases
from .server_rounds import phase_steps, start_round
from .stochastic import OfServer, Stochastic, minibatch_gradient, minibatch_steps

_EVERY_STEP = Stochastic("b")
#: What is drawn where gradients are whole: the clients of each cohort, in random order.
COHORTS = Phases("K") & Orders("M")
#: What is drawn besides: minibatches of the clients at the server's model, of the server, and of every local step.
RANDOM = COHORTS & Stochastic("b", name="at_x", in_every_step=False) & OfServer("b_s", "E", more=1) & _EVERY_STEP


class Params(NamedTuple):
    """Step size η, K local steps, M clients; step size γ and number E of server steps; minibatches b, b_s."""

    eta: letters.LocalStepSize
    K: letters.LocalSteps
    M: letters.Cohort
    gamma: letters.StepSize
    E: letters.ServerSteps
    b: letters.Batch
    b_s: letters.Batch


def start(problem: Problem, params: Any) -> State:
    """Return the start x = 0 if the cohort is no larger than the number of clients."""
    check_size(problem, params.M)
    return State(np.zeros(problem.d))


@implements(start_round, Params)
@inner
def hand_out(params, kernel, state, phase):
    """y_i = x, and nothing corrects the gradients."""
    broadcast(state.x, phase.Y)
    phase.H[:] = 0.0


@implements(phase_steps, Params)
def steps_of_cohort(params, kernel, i, state, phase, eta, k):
    """Take the local steps at the clients of the cohort; what becomes of the others' models nobody asks."""
    if (cohort(params, phase) == i).any():
        minibatch_steps(params, kernel, i, phase, eta, k)


@inner
def cohort(params, phase):
    """Return the clients of the cohort; behind them stand the words of n clients, and those of the server."""
    return phase.w[: params.M]


@inner
def vector(params, kernel, d):
    """Return space for a vector of a method's own."""
    return np.empty(d)


@inner
def client_gradient(params, kernel, i, x, phase, g):
    """Write the gradient of client i at the server's model to ``g``, of a minibatch of its own; ``phase.v`` changes."""
    minibatch_gradient(kernel, i, x, params.b, phase.w[params.M + i], g, phase.v, phase.work)


@inner
def server_gradient(params, kernel, x, phase, place, g):
    """Write ∇f_s(x) to ``g``, of the server's minibatch at a place: 0 before its steps; ``phase.v`` changes."""
    minibatch_gradient(
        kernel.server, 0, x, params.b_s, phase.w[params.M + phase.Y.shape[0] + place], g, phase.v, phase.work
    )


def gradients(problem: Problem, params: Any, draws: Draws) -> int:
    """Return the components' gradients of an average client in its local steps."""
    return _EVERY_STEP.gradients(problem, params, draws)


def gradients_with_correction(problem: Problem, params: Any, draws: Draws) -> int:
    """Return these and those at the server's model; who takes all samples needs that one in its first step anyway."""
    m = sizes(problem)
    return gradients(problem, params, draws) + round(len(draws) * float(np.where(params.b < m, params.b, 0).mean()))


@inner
def average_of_cohort(omega, X, mean):
    """Write (1/M) Σ_i x_i over the clients of the cohort to ``mean``: what they send is read here and nowhere else."""
    mean[:] = 0.0
    for i in omega:
        for j in range(mean.shape[0]):
            mean[j] += X[i, j] / omega.shape[0]


@inner
def server_steps(params, kernel, x, phase):
    """Take E times the step x ← x - γ ∇f_s(x) in place; ``phase.g`` and ``phase.v`` change."""
    g = phase.g
    for e in range(params.E):
        server_gradient(params, kernel, x, phase, 1 + e, g)
        for j in range(x.shape[0]):
            x[j] -= params.gamma * g[j]

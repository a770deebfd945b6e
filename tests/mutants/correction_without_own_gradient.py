"""FedLin whose local steps add ∇F(x) and forget to take ∇f_i(x) off."""

from ..problems.oracles import gradients_at
from . import fedlin
from .parts import average, broadcast, end_round, implements, start_round

RANDOM = fedlin.RANDOM
SENDS = fedlin.SENDS
PROMISE = fedlin.PROMISE


class Params(fedlin.Params):
    """The local step size η and the number K of local steps in a round."""


@implements(start_round, Params)
def _start(params, kernel, state, phase):
    gradients_at(kernel, state.x, phase.H, phase.work)
    average(phase.H, phase.g)
    broadcast(-phase.g, phase.H)
    broadcast(state.x, phase.Y)


@implements(end_round, Params)
def _end(params, kernel, state, phase):
    average(phase.Y, state.x)

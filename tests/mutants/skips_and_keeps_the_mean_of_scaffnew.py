"""GradSkip that averages as Scaffnew does, without the control variates that its coins have moved."""

from . import gradskip, scaffnew
from .parts import communicate, implements

RANDOM = gradskip.RANDOM
SENDS = gradskip.SENDS
PROMISE = gradskip.PROMISE
invariants = None
gradients = gradskip.gradients


class Params(gradskip.Params):
    """The step size γ and the probability p of communication, from which the q_i follow."""


implements(communicate, Params)(scaffnew.average_models)

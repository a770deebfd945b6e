"""GradSkip that averages as Scaffnew does, without the control variates that its coins have moved."""

from . import gradskip, scaffnew
from .gradskip import PROMISE, RANDOM, SENDS, gradients, invariants
from .parts import communicate, implements


class Params(gradskip.Params):
    pass


implements(communicate, Params)(scaffnew.average_models)

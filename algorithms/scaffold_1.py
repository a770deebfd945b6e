r"""SCAFFOLD with option I, all clients taking part, global step size 1.

The recursion of a round::

    y_i = x;  K times  y_i ← y_i - η (∇f_i(y_i) - c_i + c)
    c_i⁺ = ∇f_i(x)
    x⁺ = (1/n) Σ_i y_i,    c⁺ = c + (1/n) Σ_i (c_i⁺ - c_i)

"Option I": one more gradient a phase, at the model that the server sent.

Source: Karimireddy et al., "SCAFFOLD: Stochastic Controlled Averaging for Federated Learning" (2020), algorithm 1,
full batches.
"""

from ..problems.oracles import gradients_at
from .parts import Nothing, average, end_round, implements, scaffold

RANDOM = Nothing("K")
SENDS = scaffold.SENDS
PROMISE = "scaffold_1"
GROUP = "baselines"
FAMILY = scaffold


class Params(scaffold.Params):
    """The local step size η and the number K of local steps."""


@implements(end_round, Params)
def _end(params, kernel, state, phase):
    """c_i⁺ = ∇f_i(x), x⁺ = (1/n) Σ_i y_i, c⁺ = (1/n) Σ_i c_i⁺."""
    x, C, c = state
    gradients_at(kernel, x, C, phase.work)
    average(phase.Y, x)
    average(C, c)


def gradients(problem, params, draws):
    """Return those of the local steps, and one more a phase."""
    return draws.iterations + len(draws)

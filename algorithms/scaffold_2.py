r"""SCAFFOLD with option II, all clients taking part, global step size 1.

The recursion of a round::

    y_i = x;  K times  y_i ← y_i - η (∇f_i(y_i) - c_i + c)
    c_i⁺ = c_i - c + (x - y_i)/(Kη)
    x⁺ = (1/n) Σ_i y_i,    c⁺ = c + (1/n) Σ_i (c_i⁺ - c_i)

"Option II": the mean of the gradients that the local steps have used anyway.

Source: Karimireddy et al., "SCAFFOLD: Stochastic Controlled Averaging for Federated Learning" (2020), algorithm 1,
full batches.
"""

from .parts import Nothing, average, end_round, implements, scaffold

RANDOM = Nothing("K")
SENDS = scaffold.SENDS
PROMISE = "scaffold_2"
GROUP = "baselines"
FAMILY = scaffold


class Params(scaffold.Params):
    """The local step size η and the number K of local steps."""


@implements(end_round, Params)
def _end(params, kernel, state, phase):
    """c_i⁺ = c_i - c + (x - y_i)/(Kη), where h_i is c_i - c; x⁺ = (1/n) Σ_i y_i, c⁺ = (1/n) Σ_i c_i⁺."""
    x, C, c = state
    for i in range(C.shape[0]):
        for j in range(C.shape[1]):
            C[i, j] = phase.H[i, j] + (x[j] - phase.Y[i, j]) / (params.K * params.eta)
    average(phase.Y, x)
    average(C, c)

r"""FedAvg (LocalGD): K local gradient steps at each client, then the average.

The recursion of a round::

    y_i = x;  K times  y_i ← y_i - γ ∇f_i(y_i)
    x⁺ = (1/n) Σ_i y_i

With K > 1 and different clients it does not converge to the solution x* but to a point of its own. For quadratics
f_i(x) = x'A_i x/2 - b_i'x that point is ::

    x_FA = (Σ_i M_i)⁻¹ Σ_i M_i A_i⁻¹ b_i,    M_i = I - (I - γA_i)^K

Source: McMahan et al., "Communication-Efficient Learning of Deep Networks from Decentralized Data" (2017), algorithm 1
with full batches and all clients; the fixed point is Malinovsky et al., "From Local SGD to Local Fixed-Point Methods
for Federated Learning" (2020), applied to quadratics.
"""

from typing import NamedTuple

from .parts import Dense, Nothing, average, broadcast, implements, letters, server_rounds

RANDOM = Nothing("K")
SENDS = Dense(up=1, down=1)
PROMISE = "fedavg"
GROUP = "baselines"


class Params(NamedTuple):
    """The step size γ and the number K of local steps in a round."""

    gamma: letters.StepSize
    K: letters.LocalSteps


@implements(server_rounds.start_round, Params)
def _hand_out(params, kernel, state, phase):
    """y_i = x, and nothing corrects the gradients."""
    broadcast(state.x, phase.Y)
    phase.H[:] = 0.0


@implements(server_rounds.end_round, Params)
def _average(params, kernel, state, phase):
    """x⁺ = (1/n) Σ_i y_i."""
    average(phase.Y, state.x)

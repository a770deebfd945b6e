r"""FedCLG-S: the gradient of the server's own data corrects the average of the clients' models.

The recursion of a round with a cohort Ω of M clients, f_s being the function of the server's data::

    y_i = x;  K times  y_i ← y_i - η ∇f_i(y_i)    for i in Ω
    x⁺ = (1/M) Σ_{i in Ω} y_i - ηK (∇f_s(x) - (1/M) Σ_{i in Ω} ∇f_i(x))
    E times  x⁺ ← x⁺ - γ ∇f_s(x⁺)

To first order in η a round is K gradient steps on f_s, as with FedCLG-C. But the local steps are not corrected, and
what the gradients change along them, of the order of (ηK)², depends on the cohort in every round. With K = 1 it is
gradient descent on f_s; with all clients and ∇f_s = ∇F, E = 0, it is FedAvg.

Source: Bian, Wang, Yang, Shen and Xu, "Accelerating Hybrid Federated Learning Convergence under Partial Participation"
(2023), the variant with correction at the server, full batches.
"""

from ..problems.oracles import gradient, server_gradient
from .parts import Dense, end_round, hybrid, implements

RANDOM = hybrid.RANDOM
SENDS = Dense(up=2, down=1)
PROMISE = "fedclg_s"
GROUP = "data at the server"
NEEDS_SERVER = True
FAMILY = hybrid
fixed_point = None  # each cohort moves every state, if K > 1


class Params(hybrid.Params):
    """Step size η and number K of local steps, M clients in a cohort, step size γ and number E of server steps."""


@implements(end_round, Params)
def _correct(params, kernel, state, phase):
    """Correct the average by the gradients at the old model, then take the server's steps."""
    x, g, v, M = state.x, phase.g, phase.v, phase.w.shape[0]
    server_gradient(kernel, x, v, phase.work)
    for i in phase.w:
        gradient(kernel, i, x, g, phase.work)
        for j in range(g.shape[0]):
            v[j] -= g[j] / M
    hybrid.average_of_cohort(phase.w, phase.Y, x)
    for j in range(g.shape[0]):
        x[j] -= params.eta * params.K * v[j]
    hybrid.server_steps(params, kernel, x, g, phase.work)

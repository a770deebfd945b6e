r"""FedCLG-S: the gradient of the server's own data corrects the average of the clients' models.

The recursion of a round with a cohort Ω of M clients, f_s being the function of the server's data::

    y_i = x;  K times  y_i ← y_i - η ∇f_i(y_i)    for i in Ω
    x⁺ = (1/M) Σ_{i in Ω} y_i - ηK (∇f_s(x) - (1/M) Σ_{i in Ω} ∇f_i(x))
    E times  x⁺ ← x⁺ - γ ∇f_s(x⁺)

To first order in η a round is K gradient steps on f_s, as with FedCLG-C. But the local steps are not corrected, and
what the gradients change along them, of the order of (ηK)², depends on the cohort in every round. With K = 1 it is
gradient descent on f_s; with all clients and ∇f_s = ∇F, E = 0, it is FedAvg.

All gradients may be those of minibatches: of b samples of a client, once a round at x and in every local step, and of
b_s of the server's, once at x and in every step of its own.

Source: Bian, Wang, Yang, Shen and Xu, "Accelerating Hybrid Federated Learning Convergence under Partial Participation"
(2023), the variant with correction at the server.
"""

from .parts import Dense, end_round, hybrid, implements, own_scratch

RANDOM = hybrid.RANDOM
SENDS = Dense(up=2, down=1)
PROMISE = "fedclg_s"
GROUP = "data at the server"
NEEDS_SERVER = True
FAMILY = hybrid
gradients = hybrid.gradients_with_correction
fixed_point = None  # each cohort moves every state, if K > 1


class Params(hybrid.Params):
    """Step size η, K local steps, M clients; step size γ and number E of server steps; minibatches b, b_s."""


implements(own_scratch, Params)(hybrid.vector)


@implements(end_round, Params)
def _correct(params, kernel, state, phase):
    """Correct the average by the gradients at the old model, then take the server's steps."""
    x, g, excess, omega = state.x, phase.g, phase.own, hybrid.cohort(params, phase)
    hybrid.server_gradient(params, kernel, x, phase, 0, excess)
    for i in omega:
        hybrid.client_gradient(params, kernel, i, x, phase, g)
        for j in range(g.shape[0]):
            excess[j] -= g[j] / omega.shape[0]
    hybrid.average_of_cohort(omega, phase.Y, x)
    for j in range(g.shape[0]):
        x[j] -= params.eta * params.K * excess[j]
    hybrid.server_steps(params, kernel, x, phase)

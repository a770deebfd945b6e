r"""FedCLG-C: the gradient of the server's own data corrects the clients' local steps.

The recursion of a round with a cohort Ω of M clients, f_s being the function of the server's data::

    y_i = x;  K times  y_i ← y_i - η (∇f_i(y_i) - ∇f_i(x) + ∇f_s(x))    for i in Ω
    x⁺ = (1/M) Σ_{i in Ω} y_i
    E times  x⁺ ← x⁺ - γ ∇f_s(x⁺)

At every client the first step is along ∇f_s(x): which clients take part matters less and less as that gradient
vanishes, and not at all where it does. So the method solves the server's problem, and the clients' data only bend its
way there. With K = 1 it is gradient descent on f_s; with all clients and ∇f_s = ∇F, E = 0, it is FedLin.

All gradients may be those of minibatches: of b samples of a client, once a round at x and in every local step, and of
b_s of the server's, once at x and in every step of its own.

Source: Bian, Wang, Yang, Shen and Xu, "Accelerating Hybrid Federated Learning Convergence under Partial Participation"
(2023), the variant with correction at the clients.
"""

from .parts import Dense, broadcast, end_round, hybrid, implements, own_scratch, start_round

RANDOM = hybrid.RANDOM
SENDS = Dense(up=1, down=2)
PROMISE = "fedclg_c"
GROUP = "data at the server"
NEEDS_SERVER = True
FAMILY = hybrid
gradients = hybrid.gradients_with_correction


class Params(hybrid.Params):
    """Step size η, K local steps, M clients; step size γ and number E of server steps; minibatches b, b_s."""


implements(own_scratch, Params)(hybrid.vector)


@implements(start_round, Params)
def _correct(params, kernel, state, phase):
    """y_i = x, and h_i = ∇f_i(x) - ∇f_s(x) at the clients of the cohort."""
    x, g, g_s = state.x, phase.g, phase.own
    broadcast(x, phase.Y)
    hybrid.server_gradient(params, kernel, x, phase, 0, g_s)
    for i in hybrid.cohort(params, phase):
        hybrid.client_gradient(params, kernel, i, x, phase, g)
        for j in range(g.shape[0]):
            phase.H[i, j] = g[j] - g_s[j]


@implements(end_round, Params)
def _end(params, kernel, state, phase):
    """x⁺ = (1/M) Σ_i y_i over the cohort, then the server's steps."""
    hybrid.average_of_cohort(hybrid.cohort(params, phase), phase.Y, state.x)
    hybrid.server_steps(params, kernel, state.x, phase)

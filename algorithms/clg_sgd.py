r"""CLG-SGD: FedAvg with a cohort of the clients, and after every average some steps of the server on its own data.

The recursion of a round with a cohort Ω of M clients, f_s being the function of the server's data::

    y_i = x;  K times  y_i ← y_i - η ∇f_i(y_i)    for i in Ω
    x⁺ = (1/M) Σ_{i in Ω} y_i
    E times  x⁺ ← x⁺ - γ ∇f_s(x⁺)

With E = 0 it is FedAvg with partial participation. The server's steps pull the model back from where each cohort has
taken it, and leave what cohorts differ by in every round: this is what FedCLG sets out to remove. Gradients may be
those of minibatches, of b samples at a client and b_s at the server.

Source: Yang, Chen and Shen, "On the Convergence of Hybrid Server-Clients Collaborative Training" (2023), with
cohorts of clients.
"""

from .parts import Dense, end_round, hybrid, implements

RANDOM = hybrid.RANDOM
SENDS = Dense(up=1, down=1)
PROMISE = "clg_sgd"
GROUP = "data at the server"
NEEDS_SERVER = True
FAMILY = hybrid
gradients = hybrid.gradients
fixed_point = None  # each cohort moves every state


class Params(hybrid.Params):
    """Step size η, K local steps, M clients; step size γ and number E of server steps; minibatches b, b_s."""


@implements(end_round, Params)
def _end(params, kernel, state, phase):
    """x⁺ = (1/M) Σ_i y_i over the cohort, then the server's steps."""
    hybrid.average_of_cohort(hybrid.cohort(params, phase), phase.Y, state.x)
    hybrid.server_steps(params, kernel, state.x, phase)

r"""FedLin without sparsification: local steps that are corrected by both gradients at the server's model.

The recursion of a round::

    y_i = x;  K times  y_i ← y_i - η (∇f_i(y_i) - ∇f_i(x) + ∇F(x))
    x⁺ = (1/n) Σ_i y_i

It is SCAFFOLD with control variates that are never stale, at the price of a second exchange in every round: clients
send ∇f_i(x) and receive ∇F(x) before their local steps. With K = 1 it is gradient descent, with equal clients FedAvg.

Source: Mitra, Jaafar, Pappas and Hassani, "Linear Convergence in Federated Learning: Tackling Client Heterogeneity and
Sparse Gradients" (2021), with the same step size and number of local steps for all clients.
"""

import numpy as np

from ..core.inner import inner
from ..problems import oracles
from .parts import Nothing, local_steps, messages, njit, scaffold

RANDOM = Nothing("K")
SENDS = scaffold.SENDS_IN_TWO
PROMISE = "fedlin"
GROUP = "baselines"


class Params(scaffold.Params):
    """The local step size η and the number K of local steps in a round."""


def step(kernel, params, state, outcome):
    """One round, gradient by gradient."""
    _round(kernel, params, state.x)


@njit
def _round(kernel, params, x):
    Y, H = np.empty((oracles.clients(kernel), x.shape[0])), np.empty((oracles.clients(kernel), x.shape[0]))
    g, work = np.empty_like(x), oracles.workspace(kernel)
    _correct(kernel, x, H, g, work)
    local_steps.broadcast(x, Y)
    local_steps.local_gradient_steps(kernel, Y, H, params.eta, params.K, g, work)
    messages.average(Y, x)


def advance(kernel, params, state, draws):
    """All rounds; the first local step is -η ∇F(x) at every client, whose gradient is known."""
    _rounds(kernel, params, state.x, len(draws))


@njit
def _rounds(kernel, params, x, count):
    Y, H = np.empty((oracles.clients(kernel), x.shape[0])), np.empty((oracles.clients(kernel), x.shape[0]))
    g, work = np.empty_like(x), oracles.workspace(kernel)
    for _ in range(count):
        _correct(kernel, x, H, g, work)
        for j in range(x.shape[0]):
            x[j] -= params.eta * g[j]
        local_steps.broadcast(x, Y)
        oracles.local_phase(kernel, Y, H, params.eta, params.K - 1, work)
        messages.average(Y, x)


@inner
def _correct(kernel, x, H, g, work):
    """Write ∇F(x) to g, shape (d,), and every client's correction ∇f_i(x) - ∇F(x) to the rows of H."""
    oracles.gradients_at(kernel, x, H, work)
    messages.average(H, g)
    for i in range(H.shape[0]):
        for j in range(x.shape[0]):
            H[i, j] -= g[j]

r"""DisPFL: clients without a server train sparse models of their own, each on a mask that moves.

The masks m_i keep int(d density) coordinates, of a client with a capacity below 1 that part of them; at the start they
are independent draws, and w_i = 0. The recursion of a round t = 0, 1, ..., in which client i hears the clients S_i,
with counted masks c_j, 0/0 = 0, and gradients g_i of minibatches of b components::

    z_i = m_i (c_i w_i + Σ_{j in S_i} c_j w_j) / (c_i + Σ_{j in S_i} c_j)
    w_i = z_i;  K times  w_i ← m_i (w_i - η decay^t g_i(w_i))
    c_i = m_i;  of q = ⌈α/2 (1 + cos(πt/T)) ‖m_i‖₀⌉ coordinates
    m_i drops those where |w_i| is smallest, and grows by q of all that are off it then: at random, or where
    |g_i(w_i)| is largest

Products are coordinate by coordinate. So c_i is the mask under which w_i was trained, as in the authors' code; with
counted = "new" it is m_i, as in the paper. From round T on masks stay. With density 1 it is decentralised FedAvg, whose
models are the clients' own, in the graph "complete" FedAvg, and in "alone" everybody trains for itself.

Source: Dai, Shen, He, Tian and Tao, "DisPFL: Towards Communication-Efficient Personalized Federated Learning via
Decentralized Sparse Training" (2022), with one density for all layers, and order as in their code.
"""

from typing import NamedTuple

import numpy as np

from . import parts
from .parts import evolving_masks, implements, letters, random_graphs

RANDOM = evolving_masks.RANDOM
PROMISE = "dispfl"
GROUP = "personal models"
PERSONAL = True
FAMILY = evolving_masks
cost = evolving_masks.cost
compiled = evolving_masks.compiled


class Params(NamedTuple):
    """Step size η, K steps, density, capacities, share α until round T, decay, who hears whom, growth, minibatches."""

    eta: letters.LocalStepSize
    K: letters.LocalSteps
    density: letters.Density
    capacity: letters.Capacities
    alpha: letters.MovedShare
    T: letters.Horizon
    decay: letters.Decay
    graph: letters.RandomGraph
    deg: letters.Degree
    regrow: letters.Regrowth
    counted: letters.Counted
    b: letters.Batch
    w: letters.Draw


class State(NamedTuple):
    """What the clients know."""

    x: np.ndarray
    """Models w_i after their local steps, shape (n, d)."""
    z: np.ndarray
    """Models z_i from which these started, shape (n, d)."""
    mask: np.ndarray
    """Masks m_i, 1 at what they keep and 0 elsewhere, shape (n, d)."""
    trained: np.ndarray
    """Masks under which w_i was trained, shape (n, d)."""
    t: np.ndarray
    """How many rounds there were, shape (1,)."""


def start(problem, params):
    """Return the start w_i = 0 with the first masks."""
    random_graphs.check_degree(params.graph, problem.n, params.deg)
    mask = evolving_masks.drawn(problem, params)
    return State(np.zeros(mask.shape), np.zeros(mask.shape), mask, mask.copy(), np.zeros(1))


implements(parts.own_scratch, Params)(evolving_masks.space)


@implements(parts.start_round, Params)
def _average(params, kernel, state, phase):
    """y_i = z_i, the mean of what i hears."""
    counted = state.mask if params.counted == 1.0 else state.trained
    evolving_masks.average_by_counts(phase.w, state.x, counted, state.mask, phase.own.sizes, phase.Y)
    state.z[:] = phase.Y


@implements(parts.phase_steps, Params)
def _masked_steps(params, kernel, i, state, phase, eta, k):
    """K times y_i ← m_i (y_i - η decay^t g_i(y_i))."""
    y, g = phase.Y[i], phase.g
    size = eta * params.decay ** state.t[0]
    for t in range(k):
        evolving_masks.slope(params, kernel, i, y, phase.xi[t, i], phase)
        for j in range(g.shape[0]):
            y[j] = state.mask[i, j] * (y[j] - size * g[j])


@implements(parts.end_round, Params)
def _move_masks(params, kernel, state, phase):
    """w_i = y_i, and q coordinates of each mask go elsewhere."""
    state.x[:] = phase.Y
    state.trained[:] = state.mask
    for i in range(state.x.shape[0]):
        m = state.mask[i]
        q = evolving_masks.moved(params.alpha, state.t[0], params.T, m.sum())
        if q > 0:
            evolving_masks.drop_smallest(state.x[i], m, q, phase.own.sizes)
            if params.regrow == 1.0:
                evolving_masks.slope(params, kernel, i, state.x[i], evolving_masks.word_there(phase, i), phase)
                evolving_masks.grow_steepest(phase.g, m, q, phase.own.sizes)
            else:
                evolving_masks.grow_anywhere(phase.w[state.x.shape[0] ** 2 + i], m, q)
    state.t[0] += 1.0


def model(state):
    """Return the clients' own models, one behind the other."""
    return state.x.ravel()

r"""EF21: gradient descent with the sum of compressed differences in the place of every client's gradient.

The recursion, with contractive compressors C_i, E ‖C_i(v) - v‖² <= (1 - δ) ‖v‖², biased ones like top-k among them::

    x⁺   = x - γ (1/n) Σ_i g_i
    g_i⁺ = g_i + C_i(∇f_i(x⁺) - g_i)

From g_i = 0 the first round leaves x where it is and makes g_i = C_i(∇f_i(x)), from which the paper starts. Without
compression it is gradient descent, one round later.

Source: Richtárik, Sokolov and Fatkhullin, "EF21: A New, Simpler, Theoretically Better, and Practically Faster Error
Feedback" (2021).
"""

from typing import NamedTuple

import numpy as np

from ..core.errors import InputError
from ..problems import oracles
from .parts import letters, messages, njit, rounds

RANDOM = rounds.EveryStep() & messages.EachClient("C")
SENDS = messages.Compressed(up="C")
PROMISE = "ef21"
GROUP = "compressed gradients"


class Params(NamedTuple):
    """The step size γ and the compressor C, contractive, for example "TopK(2)"."""

    gamma: letters.StepSize
    C: letters.Compressor


class State(NamedTuple):
    """The model and what stands for the clients' gradients."""

    x: np.ndarray
    """Model, shape (d,)."""
    G: np.ndarray
    """Sums g_i of the messages of each client, shape (n, d)."""


def start(problem, params):
    """Return the start x = g_i = 0."""
    contractive(problem, params)
    return State(np.zeros(problem.d), np.zeros((problem.n, problem.d)))


def contractive(problem, params):
    """Return δ of the compressor; one that is not contractive is refused."""
    delta = messages.compressor(params).delta(problem.d)
    if not delta > 0.0:
        raise InputError(
            f"C = {params.C!r} is not contractive, and EF21 needs E ‖C(x) - x‖² below ‖x‖²: give for example 'TopK(2)'."
        )
    return delta


def affine(problem, params):
    """C itself where it is linear; otherwise biased rand-k, if it has the same δ.

    C_i only enters V⁺ by ‖C_i(v) - v‖², which is (1 - δ) ‖v‖² in expectation for biased rand-k, and no C has more.
    """
    C = messages.compressor(params)
    if C.is_linear:
        return params
    k = round(C.delta(problem.d) * problem.d)
    # Up to rounding: the δ of some compressors is 1 minus a variance.
    same = k > 0 and abs(k / problem.d - C.delta(problem.d)) <= 1e-12
    return params._replace(C=f"BiasedRandK({k})") if same else None


def step(kernel, params, state, outcome):
    """One round."""
    C = messages.sender(params.C, len(state.x))
    _rounds(kernel, params._replace(C=C), *state, outcome["w"][None])


def advance(kernel, params, state, draws):
    """All rounds."""
    C = messages.sender(params.C, len(state.x))
    _rounds(kernel, params._replace(C=C), *state, np.ascontiguousarray(draws.ends["w"]))


@njit
def _rounds(kernel, params, x, G, w):
    gamma, C = params
    n, d = G.shape
    v, m, mean = np.empty(d), np.empty(d), np.empty(d)
    work, sending = oracles.workspace(kernel), messages.sending_space(C, d)
    for t in range(w.shape[0]):
        messages.average(G, mean)
        for j in range(d):
            x[j] -= gamma * mean[j]
        for i in range(n):
            # g_i⁺ = g_i + C_i(∇f_i(x⁺) - g_i)
            oracles.gradient(kernel, i, x, v, work)
            for j in range(d):
                v[j] -= G[i, j]
            messages.send(C, v, w[t, i], m, sending)
            for j in range(d):
                G[i, j] += m[j]


def fixed_point(problem, params, target):
    """x = x*, g_i = ∇f_i(x*)."""
    return State(target.x.copy(), target.gradients.copy())

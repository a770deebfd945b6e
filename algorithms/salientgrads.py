r"""SalientGrads: FedAvg on the coordinates that matter most to the clients at the start.

Before the first round, with an initial model W₀ of independent normal entries of standard deviation c::

    s = (1/n) Σ_i |∇f_i(W₀) W₀|      (coordinate by coordinate)
    mask = 1 where s is among the int(d density) largest, 0 elsewhere

The recursion of a round, from x = W₀, where a step multiplies by the mask, so that after the first one no model leaves
it::

    y_i = x;  K times  y_i ← mask (y_i - γ ∇f_i(y_i))
    x⁺ = (1/n) Σ_i y_i

Only the mask's coordinates travel, both ways; its places are told once. With density 1 it is FedAvg. Scores are those
of one minibatch of all samples; the paper's training clips gradients and shortens its steps besides.

Source: Ohib, Thapaliya, Gaggenapalli, Liu, Calhoun and Plis, "SalientGrads: Sparse Models for Communication Efficient
and Data Aware Distributed Federated Training" (2023), with all clients and whole gradients.
"""

from typing import NamedTuple

import numpy as np

from ..core.randomness import generator
from ..problems.oracles import gradient
from . import parts
from .parts import implements, letters, masks

RANDOM = parts.Nothing("K")
SENDS = masks.SENDS
PROMISE = "salientgrads"
GROUP = "sparse models"
opening = masks.opening


class Params(NamedTuple):
    """Step size γ, number K of local steps, density of the mask, deviation c of W₀, number w of its draw."""

    gamma: letters.StepSize
    K: letters.LocalSteps
    density: letters.Density
    c: letters.Factor
    w: letters.Draw


class State(NamedTuple):
    """The model of the server, and the mask."""

    x: np.ndarray
    """Model, shape (d,)."""
    mask: np.ndarray
    """1 where a coordinate is kept, 0 elsewhere, shape (d,)."""


def start(problem, params):
    """Return the start x = W₀ with its mask."""
    x = params.c * generator(params.w, "initial model").standard_normal(problem.d)
    return State(x, masks.salient(problem, x, params.density))


@implements(parts.start_round, Params)
def _hand_out(params, kernel, state, phase):
    """y_i = x."""
    parts.broadcast(state.x, phase.Y)


@implements(parts.phase_steps, Params)
def _masked_steps(params, kernel, i, state, phase, eta, k):
    """K times y_i ← mask (y_i - γ ∇f_i(y_i)), η = γ."""
    Y, g = phase.Y, phase.g
    for _ in range(k):
        gradient(kernel, i, Y[i], g, phase.work)
        for j in range(g.shape[0]):
            Y[i, j] = state.mask[j] * (Y[i, j] - eta * g[j])


@implements(parts.end_round, Params)
def _average(params, kernel, state, phase):
    """x⁺ = (1/n) Σ_i y_i."""
    parts.average(phase.Y, state.x)


def model(state):
    """Return the server's model."""
    return state.x


def invariants(problem, params, state):
    """The mask stays what it is."""
    return {"change of the mask": state.mask - start(problem, params).mask}


def fixed_point(problem, params, target):
    """x is the target, under the same mask."""
    return State(target.x.copy(), start(problem, params).mask)

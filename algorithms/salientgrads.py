r"""SalientGrads: FedAvg on the coordinates that matter most to the clients at the start.

Before the first round, with an initial model W₀ of independent normal entries of standard deviation c::

    s = mean over clients i and R minibatches of |g_i(W₀) W₀|      (coordinate by coordinate)
    mask = 1 where s is among the int(d density) largest, 0 elsewhere

where g_i is the gradient in a minibatch of b samples, of the loss that is minimised, "ce", or with "nll_logits" of the
mean of what is subtracted in it, minus the logit of each sample's class, as in the authors' code. The recursion of a
round, from x = W₀, where a step multiplies by the mask, so that after the first one no model leaves it::

    y_i = x;  K times  g = ∇f_i(y_i),  g ← g min{1, G/‖g‖},  y_i ← mask (y_i - γ g)
    x⁺ = (1/n) Σ_i y_i,  γ ← ρ γ

Only the mask's coordinates travel, both ways; its places are told once. G = 0 clips nothing, then with density 1 and
ρ = 1 it is FedAvg. The paper's training has G = 10 and ρ = 0.998.

Source: Ohib, Thapaliya, Gaggenapalli, Liu, Calhoun and Plis, "SalientGrads: Sparse Models for Communication Efficient
and Data Aware Distributed Federated Training" (2023), with all clients, and whole gradients once there is a mask.
"""

from typing import NamedTuple

import numpy as np

from ..core.randomness import generator
from ..problems.oracles import gradient
from . import parts
from .parts import letters, masks, privacy

RANDOM = parts.Nothing("K")
SENDS = masks.SENDS
PROMISE = "salientgrads"
GROUP = "sparse models"
opening = masks.opening


class Params(NamedTuple):
    """Step size γ, K steps, density, deviation c of W₀, draw w, R scores of b samples by a loss, factor ρ, norm G."""

    gamma: letters.StepSize
    K: letters.LocalSteps
    density: letters.Density
    c: letters.Factor
    w: letters.Draw
    R: letters.Minibatches
    b: letters.Batch
    score: letters.Score
    rho: letters.Decay
    G: letters.Clip


class State(NamedTuple):
    """The model of the server, the mask, and the step size."""

    x: np.ndarray
    """Model, shape (d,)."""
    mask: np.ndarray
    """1 where a coordinate is kept, 0 elsewhere, shape (d,)."""
    gamma: np.ndarray
    """Step size γ of the next round, shape (1,)."""


def start(problem, params):
    """Return the start x = W₀ with its mask."""
    x = params.c * generator(params.w, "initial model").standard_normal(problem.d)
    return State(x, masks.salient(problem, x, params), np.array([params.gamma]))


@parts.implements(parts.start_round, Params)
def _hand_out(params, kernel, state, phase):
    """y_i = x."""
    parts.broadcast(state.x, phase.Y)


@parts.implements(parts.phase_steps, Params)
def _masked_steps(params, kernel, i, state, phase, eta, k):
    """K times y_i ← mask (y_i - γ ∇f_i(y_i)), with gradients that are clipped where G > 0."""
    Y, g, gamma = phase.Y, phase.g, state.gamma[0]
    for _ in range(k):
        gradient(kernel, i, Y[i], g, phase.work)
        if params.G > 0.0:
            privacy.clip(g, params.G)
        for j in range(g.shape[0]):
            Y[i, j] = state.mask[j] * (Y[i, j] - gamma * g[j])


@parts.implements(parts.end_round, Params)
def _average(params, kernel, state, phase):
    """x⁺ = (1/n) Σ_i y_i, and the step size of the next round."""
    parts.average(phase.Y, state.x)
    state.gamma[0] *= params.rho


def model(state):
    """Return the server's model."""
    return state.x


def invariants(problem, params, state):
    """The mask stays what it is, and the step size unless it is to fall."""
    held = {"change of the mask": state.mask - start(problem, params).mask}
    return held | ({"change of the step size": state.gamma - params.gamma} if params.rho == 1.0 else {})


def fixed_point(problem, params, target):
    """x is the target, under the same mask."""
    return start(problem, params)._replace(x=target.x.copy())

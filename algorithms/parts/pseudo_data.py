"""Samples that a client makes of its own, with the probabilities that the server's model gives them.

Every input a is moved along the sign of the gradient of its loss in the input; what it is moved to gets as its target
the probabilities softmax(Wa) of a model W, or of the label that it had. With these targets the mean loss of all has a
gradient of its own, to which a client may pay heed in its local steps.
"""

from typing import NamedTuple

import numpy as np

from ...core.compiled import njit
from ...core.errors import InputError
from ...core.inner import inner
from ...problems.inputs import input_gradient, loss_gradient, probabilities, samples
from ...problems.problem import Problem
from ...problems.softmax_kernels import DenseSoftmaxKernel
from ...problems.weighted import WeightedKernel

#: How often an input is moved.
MOVES = 10


class Space(NamedTuple):
    """Space for samples that are made anew for each client and round."""

    inputs: np.ndarray
    """Inputs, shape (m, features), of which a client takes as many as it has samples."""
    targets: np.ndarray
    """Targets, shape (m, classes)."""
    near_inputs: np.ndarray
    """Inputs that are moved less, shape (m, features)."""
    near_targets: np.ndarray
    """Targets of these."""
    slopes: np.ndarray
    """Space for derivatives in the logits, shape (classes,)."""
    move: np.ndarray
    """Space for a gradient in an input, shape (features,)."""


def check(problem: Problem) -> None:
    """Raise an InputError unless the problem has inputs that can be moved, and probabilities."""
    if isinstance(problem.kernel, WeightedKernel):
        raise InputError(
            f"{problem.label} weighs samples, or has an intercept without penalty, which samples that are made know "
            "nothing of: leave --weights and --intercept out."
        )
    if not isinstance(problem.kernel, DenseSoftmaxKernel):
        raise InputError(
            f"{problem.label} has no inputs from which samples could be made: give problems.Softmax of dense features, "
            "or --problem softmax."
        )


@inner
def space(kernel):
    """Return the space for the client that has most samples."""
    largest, p, C = 0, kernel.A.shape[1], kernel.classes
    for i in range(kernel.start.shape[0] - 1):
        largest = max(largest, kernel.start[i + 1] - kernel.start[i])
    pairs = np.empty((largest, p)), np.empty((largest, C)), np.empty((largest, p)), np.empty((largest, C))
    return Space(*pairs, np.empty(C), np.empty(p))


@inner
def make(kernel, i, x, size, soft, inputs, targets, own):
    """Write what client i makes of its samples by moves of one size, and return how many.

    The target of a sample is softmax(Wa) with weight ``soft``, and the label that it had with weight 1 - ``soft``.
    """
    rows, y = samples(kernel, i)
    for j in range(y.shape[0]):
        a, q = inputs[j], targets[j]
        for k in range(a.shape[0]):
            a[k] = rows[j, k]
        for c in range(q.shape[0]):
            q[c] = 1.0 if c == y[j] else 0.0
        for _ in range(MOVES):
            input_gradient(a, q, x, own.slopes, own.move)
            for k in range(a.shape[0]):
                a[k] += size * np.sign(own.move[k])
        probabilities(a, x, own.slopes)
        for c in range(q.shape[0]):
            q[c] += soft * (own.slopes[c] - q[c])
    return y.shape[0]


@inner
def take_away(w, x, g, rho):
    """Take from w ρ times the part of w - x along g, if that is positive: w ← w - ρ max{⟨w - x, g⟩, 0} g/‖g‖²."""
    along, size = 0.0, 0.0
    for j in range(w.shape[0]):
        along += (w[j] - x[j]) * g[j]
        size += g[j] * g[j]
    if along > 0.0:
        for j in range(w.shape[0]):
            w[j] -= rho * along / size * g[j]


@inner
def gradient_of(inputs, targets, count, x, g, own):
    """Write the gradient of the mean loss of the first samples that were made to ``g``."""
    loss_gradient(inputs[:count], targets[:count], x, g, own.slopes)


@njit
def pseudo_samples(kernel, i, x, size, soft):
    """Return inputs and targets that client i makes of its samples, shapes (m, features) and (m, classes)."""
    own = space(kernel)
    count = make(kernel, i, x, size, soft, own.inputs, own.targets, own)
    return own.inputs[:count], own.targets[:count]

"""What softmax regression is as a function of its inputs, and on samples that are nobody's, for compiled methods.

A model is flat, the weights of class 0 first; a target is a probability for each class, of which a label is a special
case. None of these functions knows the ridge.
"""

import math

from ..core.compiled import njit
from ..core.dispatch import dispatched, implements
from ..core.inner import inner
from .softmax_kernels import DenseSoftmaxKernel
from .weighted import WeightedKernel


@dispatched
def samples(kernel, i):
    """Return the inputs of client i, one row a sample, and the classes that are their labels; for dense features."""
    raise NotImplementedError


@implements(samples, DenseSoftmaxKernel)
def _dense_samples(kernel, i):
    first, last = kernel.start[i], kernel.start[i + 1]
    return kernel.A[first:last], kernel.y[first:last]


@implements(samples, WeightedKernel)
def _weighted_samples(kernel, i):
    return samples(kernel.own, i)


@inner
def probabilities(a, x, p):
    """Write softmax(Wa) to ``p``, shape (classes,)."""
    columns, top, total = a.shape[0], -math.inf, 0.0
    for c in range(p.shape[0]):
        p[c] = 0.0
        for k in range(columns):
            p[c] += x[c * columns + k] * a[k]
        top = max(top, p[c])
    for c in range(p.shape[0]):
        p[c] = math.exp(p[c] - top)
        total += p[c]
    for c in range(p.shape[0]):
        p[c] /= total


@inner
def input_gradient(a, q, x, slopes, g):
    """Write the gradient W'(softmax(Wa) - q) of a sample's loss in its input to ``g``; ``slopes`` is scratch space."""
    probabilities(a, x, slopes)
    g[:] = 0.0
    for c in range(q.shape[0]):
        slope = slopes[c] - q[c]
        for k in range(a.shape[0]):
            g[k] += slope * x[c * a.shape[0] + k]


@njit
def loss_gradient(A, Q, x, g, slopes):
    """Write the gradient of the mean loss of samples, rows of A with targets in Q, in the model to ``g``."""
    g[:] = 0.0
    m, columns = A.shape
    for j in range(m):
        probabilities(A[j], x, slopes)
        for c in range(Q.shape[1]):
            slope = (slopes[c] - Q[j, c]) / m
            for k in range(columns):
                g[c * columns + k] += slope * A[j, k]

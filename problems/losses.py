"""How large clients' losses are, for compiled methods that choose by them: an oracle beside those of gradients."""

import math
from typing import Any

import numpy as np

from ..core.dispatch import dispatched, implements
from ..core.inner import inner
from .logistic import DenseLogisticKernel, SparseLogisticKernel
from .quadratic import QuadraticKernel
from .softmax_kernels import DenseSoftmaxKernel, SparseSoftmaxKernel


@dispatched
def loss(kernel: Any, i: int, x: np.ndarray) -> float:
    r"""Return :math:`f_i(x)`, of a quadratic without its constant.

    Parameters
    ----------
    kernel : NamedTuple
        ``problem.kernel``.
    i : int
        The client, 0 to n-1.
    x : ndarray, shape (d,)
        The point.
    """
    raise NotImplementedError


@inner
def _ridge(l2, x):
    total = 0.0
    for j in range(x.shape[0]):
        total += l2 / 2.0 * x[j] * x[j]
    return total


@implements(loss, QuadraticKernel)
def _of_quadratic(kernel, i, x):
    total = 0.0
    for j in range(x.shape[0]):
        product = 0.0
        for k in range(x.shape[0]):
            product += kernel.A[i, j, k] * x[k]
        total += x[j] * (product / 2.0 - kernel.b[i, j])
    return total


@inner
def _of_margin(z):
    """Return log(1 + exp(z)) without overflow."""
    return max(z, 0.0) + math.log1p(math.exp(-abs(z)))


@implements(loss, DenseLogisticKernel)
def _of_logistic(kernel, i, x):
    first, last = kernel.start[i], kernel.start[i + 1]
    total = 0.0
    for row in range(first, last):
        margin = 0.0
        for j in range(x.shape[0]):
            margin += kernel.B[row, j] * x[j]
        total += _of_margin(-margin)
    return total / (last - first) + _ridge(kernel.l2, x)


@implements(loss, SparseLogisticKernel)
def _of_sparse_logistic(kernel, i, x):
    first, last = kernel.start[i], kernel.start[i + 1]
    total = 0.0
    for row in range(first, last):
        margin = 0.0
        for k in range(kernel.pointer[row], kernel.pointer[row + 1]):
            margin += kernel.values[k] * x[kernel.columns[k]]
        total += _of_margin(-margin)
    return total / (last - first) + _ridge(kernel.l2, x)


@inner
def _of_logits(z, label):
    """Return the cross-entropy of one sample, -log of the softmax of its class."""
    largest = z.max()
    total = 0.0
    for c in range(z.shape[0]):
        total += math.exp(z[c] - largest)
    return largest + math.log(total) - z[label]


@implements(loss, DenseSoftmaxKernel)
def _of_softmax(kernel, i, x):
    first, last, columns = kernel.start[i], kernel.start[i + 1], kernel.A.shape[1]
    z = np.empty(kernel.classes)
    total = 0.0
    for row in range(first, last):
        z[:] = 0.0
        for c in range(kernel.classes):
            for j in range(columns):
                z[c] += kernel.A[row, j] * x[c * columns + j]
        total += _of_logits(z, kernel.y[row])
    return total / (last - first) + _ridge(kernel.l2, x)


@implements(loss, SparseSoftmaxKernel)
def _of_sparse_softmax(kernel, i, x):
    first, last = kernel.start[i], kernel.start[i + 1]
    z = np.empty(kernel.classes)
    total = 0.0
    for row in range(first, last):
        z[:] = 0.0
        for k in range(kernel.pointer[row], kernel.pointer[row + 1]):
            for c in range(kernel.classes):
                z[c] += kernel.values[k] * x[c * kernel.d + kernel.columns[k]]
        total += _of_logits(z, kernel.y[row])
    return total / (last - first) + _ridge(kernel.l2, x)

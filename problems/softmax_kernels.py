"""The compiled form of multinomial logistic regression, on dense and on sparse data."""

from typing import Any, NamedTuple

import numpy as np

from ..core.compiled import REASSOCIATE, njit
from ..core.dispatch import implements
from ..core.vectors import BLOCK, add_transposed_product, exponentials, matrix_vector
from .oracles import (
    component_gradient,
    gradient,
    local_steps,
    repeat_gradient_steps,
    work_size,
)
from .samples import kernels_of_samples


class DenseSoftmaxKernel(NamedTuple):
    """The compiled form of :class:`~rootkappa.problems.Softmax` on a dense array.

    Row j of A is one sample, ``y[j]`` its class from 0; client i owns rows ``start[i]`` to ``start[i + 1]``.
    """

    A: np.ndarray
    y: np.ndarray
    start: np.ndarray
    classes: int
    l2: float
    psi: Any
    server: Any = ()


class SparseSoftmaxKernel(NamedTuple):
    """The same on a CSR matrix: row j of A has ``values[pointer[j]:pointer[j + 1]]`` in ``columns`` of that range."""

    values: np.ndarray
    columns: np.ndarray
    pointer: np.ndarray
    y: np.ndarray
    start: np.ndarray
    d: int
    classes: int
    l2: float
    psi: Any
    server: Any = ()


kernels_of_samples(DenseSoftmaxKernel, SparseSoftmaxKernel)


@implements(work_size, DenseSoftmaxKernel)
def _dense_work_size(kernel):
    return kernel.classes * (kernel.A.shape[1] + BLOCK) + 2 * BLOCK


@implements(work_size, SparseSoftmaxKernel)
def _sparse_work_size(kernel):
    return kernel.classes * (3 * kernel.d + BLOCK)


@implements(gradient, DenseSoftmaxKernel)
def _dense_gradient(kernel, i, x, g, work):
    first, last = kernel.start[i], kernel.start[i + 1]
    _dense_losses(kernel.A, kernel.y, first, last, kernel.classes, kernel.l2, x, g, work)


@implements(gradient, SparseSoftmaxKernel)
def _sparse_gradient(kernel, i, x, g, work):
    first, last = kernel.start[i], kernel.start[i + 1]
    _sparse_losses(
        kernel.values, kernel.columns, kernel.pointer, kernel.y, first, last, kernel.classes, kernel.l2, x, g, work
    )


@implements(component_gradient, DenseSoftmaxKernel)
def _dense_component_gradient(kernel, i, j, x, g, work):
    row = kernel.start[i] + j
    _dense_losses(kernel.A, kernel.y, row, row + 1, kernel.classes, kernel.l2, x, g, work)


@implements(component_gradient, SparseSoftmaxKernel)
def _sparse_component_gradient(kernel, i, j, x, g, work):
    row = kernel.start[i] + j
    _sparse_losses(
        kernel.values, kernel.columns, kernel.pointer, kernel.y, row, row + 1, kernel.classes, kernel.l2, x, g, work
    )


implements(local_steps, DenseSoftmaxKernel)(repeat_gradient_steps)
implements(local_steps, SparseSoftmaxKernel)(repeat_gradient_steps)


@njit
def _dense_losses(A, y, first, last, classes, l2, x, g, work):
    """Block by block: logits, slopes, gradient, so that each block is read from memory once.

    One class after the other has its logits of a block together, so that all loops run along memory.
    """
    d = A.shape[1]
    z, own, others = work[: classes * BLOCK], work[classes * BLOCK :], work[(classes + 1) * BLOCK :]
    for j in range(x.shape[0]):
        g[j] = l2 * x[j]
    for begin in range(first, last, BLOCK):
        end = min(begin + BLOCK, last)
        rows = A[begin:end]
        for c in range(classes):
            matrix_vector(rows, x[c * d : (c + 1) * d], z[c * BLOCK : (c + 1) * BLOCK])
        _slopes_of_block(z, own, others, y[begin:end], classes, 1.0 / (last - first))
        for c in range(classes):
            add_transposed_product(rows, z[c * BLOCK : (c + 1) * BLOCK], g[c * d : (c + 1) * d])


@njit
def _slopes_of_block(z, own, others, y, classes, scale):
    """Replace the logits of a block by the derivatives of the losses in them, times ``scale``."""
    count = y.shape[0]
    for j in range(count):
        own[j] = z[j]
    for c in range(1, classes):
        row = z[c * BLOCK : (c + 1) * BLOCK]
        for j in range(count):
            own[j] = max(own[j], row[j])
    for c in range(classes):
        row = z[c * BLOCK : (c + 1) * BLOCK]
        for j in range(count):
            row[j] -= own[j]
        exponentials(row, count)
    # As in the Python form, 1 - p_y is the sum of the others.
    for j in range(count):
        k = y[j] * BLOCK + j
        own[j], others[j], z[k] = z[k], 0.0, 0.0
    for c in range(classes):
        row = z[c * BLOCK : (c + 1) * BLOCK]
        for j in range(count):
            others[j] += row[j]
    for j in range(count):
        z[y[j] * BLOCK + j] = -others[j]
        own[j] = scale / (own[j] + others[j])
    for c in range(classes):
        row = z[c * BLOCK : (c + 1) * BLOCK]
        for j in range(count):
            row[j] *= own[j]


@njit
def _sparse_losses(values, columns, pointer, y, first, last, classes, l2, x, g, work):
    """Take W and its gradient with the classes of a feature together, so that an entry meets them in one place."""
    d = x.shape[0] // classes
    W, G = work[: classes * d], work[classes * d : 2 * classes * d]
    z = work[2 * classes * d :]
    scale = 1.0 / (last - first)
    for k in range(d):
        for c in range(classes):
            W[k * classes + c] = x[c * d + k]
            G[k * classes + c] = 0.0
    for begin in range(first, last, BLOCK):
        end = min(begin + BLOCK, last)
        for j in range(begin, end):
            _sparse_logits(values, columns, pointer[j], pointer[j + 1], W, z[(j - begin) * classes :], classes)
        _slopes_of_rows(z, y[begin:end], classes, scale)
        for j in range(begin, end):
            row = z[(j - begin) * classes : (j - begin + 1) * classes]
            for k in range(pointer[j], pointer[j + 1]):
                value, target = values[k], G[columns[k] * classes : (columns[k] + 1) * classes]
                for c in range(classes):
                    target[c] += value * row[c]
    for k in range(d):
        for c in range(classes):
            g[c * d + k] = l2 * x[c * d + k] + G[k * classes + c]


@njit(fastmath=REASSOCIATE)
def _sparse_logits(values, columns, first, last, W, row, classes):
    """Write the logits of one sample; four entries at a time, as each writes all of them."""
    for c in range(classes):
        row[c] = 0.0
    k = first
    while k + 4 <= last:
        v0, v1, v2, v3 = values[k], values[k + 1], values[k + 2], values[k + 3]
        b0, b1 = columns[k] * classes, columns[k + 1] * classes
        b2, b3 = columns[k + 2] * classes, columns[k + 3] * classes
        w0, w1, w2, w3 = W[b0 : b0 + classes], W[b1 : b1 + classes], W[b2 : b2 + classes], W[b3 : b3 + classes]
        for c in range(classes):
            row[c] += (v0 * w0[c] + v1 * w1[c]) + (v2 * w2[c] + v3 * w3[c])
        k += 4
    while k < last:
        v0, w0 = values[k], W[columns[k] * classes : (columns[k] + 1) * classes]
        for c in range(classes):
            row[c] += v0 * w0[c]
        k += 1


@njit
def _slopes_of_rows(z, y, classes, scale):
    """Do what :func:`_slopes_of_block` does where the logits of a sample stand together."""
    count = y.shape[0]
    for j in range(count):
        row = z[j * classes : (j + 1) * classes]
        top = row[0]
        for c in range(1, classes):
            top = max(top, row[c])
        for c in range(classes):
            row[c] -= top
    exponentials(z, count * classes)
    for j in range(count):
        row = z[j * classes : (j + 1) * classes]
        own, others = row[y[j]], 0.0
        row[y[j]] = 0.0
        for c in range(classes):
            others += row[c]
        row[y[j]] = -others
        factor = scale / (own + others)
        for c in range(classes):
            row[c] *= factor

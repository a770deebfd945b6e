"""The compiled form of multinomial logistic regression, on dense and on sparse data."""

from typing import Any, NamedTuple

import numpy as np

from ..core.compiled import njit
from ..core.dispatch import implements
from ..core.simd import WIDTH
from ..core.sparse import add_sparse_to_8, sparse_dot_of_8
from ..core.vectors import BLOCK, add_transposed_times_rows, exponentials, matrix_times_rows
from .oracles import (
    component_gradient,
    gradient,
    local_steps,
    repeat_gradient_steps,
    work_size,
)
from .samples import kernels_of_samples

# Half as many rows at once as where there are no classes: they and their logits stay in the first-level cache.
_ROWS = BLOCK // 2


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
    return kernel.classes * kernel.A.shape[1] + (kernel.classes + 2) * _ROWS


@implements(work_size, SparseSoftmaxKernel)
def _sparse_work_size(kernel):
    return kernel.classes * kernel.d + -(-kernel.classes // WIDTH) * WIDTH * (2 * kernel.d + BLOCK)


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
    W, G = x.reshape((classes, A.shape[1])), g.reshape((classes, A.shape[1]))
    z, rest = work[: classes * _ROWS], work[classes * _ROWS :]
    for j in range(x.shape[0]):
        g[j] = l2 * x[j]
    for begin in range(first, last, _ROWS):
        end = min(begin + _ROWS, last)
        Z = z[: classes * (end - begin)].reshape((classes, end - begin))
        matrix_times_rows(A[begin:end], W, Z)
        _slopes_of_classes(Z, y[begin:end], 1.0 / (last - first), rest[:_ROWS], rest[_ROWS:])
        add_transposed_times_rows(A[begin:end], Z, G)


@njit
def _slopes_of_classes(Z, y, scale, own, others):
    """Replace the logits by the derivatives of the losses in them, times ``scale``; row c of Z has those of class c."""
    count, classes = y.shape[0], Z.shape[0]
    for j in range(count):
        own[j] = Z[0, j]
    for c in range(1, classes):
        for j in range(count):
            own[j] = max(own[j], Z[c, j])
    for c in range(classes):
        for j in range(count):
            Z[c, j] -= own[j]
    exponentials(Z.reshape(classes * count), classes * count)
    # As in the Python form, 1 - p_y is the sum of the others.
    for j in range(count):
        own[j], others[j], Z[y[j], j] = Z[y[j], j], 0.0, 0.0
    for c in range(classes):
        for j in range(count):
            others[j] += Z[c, j]
    for j in range(count):
        Z[y[j], j] = -others[j]
        own[j] = scale / (own[j] + others[j])
    for c in range(classes):
        for j in range(count):
            Z[c, j] *= own[j]


@njit
def _sparse_losses(values, columns, pointer, y, first, last, classes, l2, x, g, work):
    """Take eight classes together, those of a feature side by side, so that an entry meets them in one place."""
    d = x.shape[0] // classes
    groups = -(-classes // WIDTH)
    size = groups * d * WIDTH
    W, G = work[:size].reshape((groups, d, WIDTH)), work[size : 2 * size].reshape((groups, d, WIDTH))
    Z = work[2 * size : 2 * size + groups * BLOCK * WIDTH].reshape((groups, BLOCK, WIDTH))
    W[:], G[:] = 0.0, 0.0
    for c in range(classes):
        for k in range(d):
            W[c // WIDTH, k, c % WIDTH] = x[c * d + k]
    for begin in range(first, last, BLOCK):
        end = min(begin + BLOCK, last)
        for e in range(groups):
            for j in range(begin, end):
                sparse_dot_of_8(values, columns, pointer[j], pointer[j + 1], W[e], Z[e], j - begin)
        _slopes_of_samples(Z, y[begin:end], classes, 1.0 / (last - first))
        for e in range(groups):
            for j in range(begin, end):
                add_sparse_to_8(values, columns, pointer[j], pointer[j + 1], Z[e], j - begin, G[e])
    for c in range(classes):
        for k in range(d):
            g[c * d + k] = l2 * x[c * d + k] + G[c // WIDTH, k, c % WIDTH]


@njit
def _slopes_of_samples(Z, y, classes, scale):
    """Do what :func:`_slopes_of_classes` does where the logits of eight classes of a sample stand together."""
    count, groups = y.shape[0], Z.shape[0]
    for j in range(count):
        top = Z[0, j, 0]
        for c in range(classes):
            top = max(top, Z[c // WIDTH, j, c % WIDTH])
        for e in range(groups):
            for r in range(WIDTH):
                Z[e, j, r] -= top
    for e in range(groups):
        exponentials(Z[e].reshape(BLOCK * WIDTH), count * WIDTH)
    for j in range(count):
        # There is no class beyond the last.
        for c in range(classes, groups * WIDTH):
            Z[groups - 1, j, c % WIDTH] = 0.0
        own, others = Z[y[j] // WIDTH, j, y[j] % WIDTH], 0.0
        Z[y[j] // WIDTH, j, y[j] % WIDTH] = 0.0
        for e in range(groups):
            for r in range(WIDTH):
                others += Z[e, j, r]
        Z[y[j] // WIDTH, j, y[j] % WIDTH] = -others
        for e in range(groups):
            for r in range(WIDTH):
                Z[e, j, r] *= scale / (own + others)

"""The indicator of the L1 ball, and its conjugate, the L-infinity norm."""

from math import copysign, nan
from typing import NamedTuple

import numpy as np

from ...core.dispatch import implements
from ..oracles import prox
from .function import Function
from .norms import absolute_sum, fill, is_finite
from .simplex import Simplex
from .thresholds import absolute_threshold, common_level
from .weighted_norm import NormBall, WeightedNorm


class L1BallKernel(NamedTuple):
    """The compiled form of :class:`L1Ball`."""

    radius: float


class L1Ball(NormBall):
    r""":math:`\psi(x) = 0` where :math:`\|x\|_1 \le r` and infinity elsewhere; the prox is the projection.

    Parameters
    ----------
    radius : float
        The radius r, at least 0 and finite.

    Raises
    ------
    InputError
        If ``radius`` is negative or not finite.

    References
    ----------
    Duchi, Shalev-Shwartz, Singer and Chandra, "Efficient projections onto the l1-ball" (2008), for the reduction to
    the simplex.

    Examples
    --------
    >>> L1Ball(1.0).prox(np.array([-1.5, 1.0, 0.0]), 0.5)
    array([-0.75,  0.25,  0.  ])
    """

    Kernel = L1BallKernel

    def _norm(self, x):
        return np.abs(x).sum()

    def conjugate(self) -> Function:
        return LInf(self.radius)

    def _subdifferential_distance(self, x, u, tolerance):
        if self.radius == 0.0:
            return 0.0
        if np.abs(x).sum() < self.radius * (1.0 - tolerance):
            return np.linalg.norm(u)
        # The normal cone: one multiplier t >= 0, u_j = t sign(x_j) where x_j is not 0, |u_j| <= t where it is.
        on, off = (u * np.sign(x))[x != 0.0], np.abs(u[x == 0.0])
        t = max(common_level(on, off), 0.0)
        return np.hypot(np.linalg.norm(on - t), np.linalg.norm(np.maximum(off - t, 0.0)))


@implements(prox, L1BallKernel)
def _project(kernel, v, tau, x, work):
    if not is_finite(v):
        fill(x, nan)
    elif absolute_sum(v) <= kernel.radius:
        for j in range(v.shape[0]):
            x[j] = v[j]
    elif kernel.radius == 0.0:
        fill(x, 0.0)
    else:
        top, level = absolute_threshold(v, kernel.radius, x)
        for j in range(v.shape[0]):
            shrunk = max((abs(v[j]) - top) - level, 0.0)
            x[j] = copysign(shrunk, v[j])


class LInfKernel(NamedTuple):
    """The compiled form of :class:`LInf`."""

    lam: float


class LInf(WeightedNorm):
    r""":math:`\psi(x) = \lambda \|x\|_\infty`, whose proximal operator cuts the largest entries to one level.

    Parameters
    ----------
    lam : float
        The weight :math:`\lambda`, at least 0 and finite.

    Raises
    ------
    InputError
        If ``lam`` is negative or not finite.

    Examples
    --------
    >>> LInf(1.0).prox(np.array([3.0, -2.5, 1.0]), 1.5)
    array([ 2., -2.,  1.])
    """

    Kernel = LInfKernel

    def _norm(self, x):
        return np.abs(x).max()

    def conjugate(self) -> Function:
        return L1Ball(self.lam)

    def _subdifferential_distance(self, x, u, tolerance):
        x, u = x.ravel(), u.ravel()
        size = np.abs(x).max()
        if self.lam == 0.0:
            return np.linalg.norm(u)
        if size == 0.0:
            return np.linalg.norm(u - L1Ball(self.lam).prox(u, 1.0))
        # A subgradient is a weighted mean of the signs of the largest entries, times lam.
        largest = np.abs(x) >= size * (1.0 - tolerance)
        on = (u * np.sign(x))[largest]
        return np.hypot(np.linalg.norm(on - Simplex(self.lam).prox(on, 1.0)), np.linalg.norm(u[~largest]))


@implements(prox, LInfKernel)
def _cut(kernel, v, tau, x, work):
    # By Moreau's identity what is cut away is the projection onto the L1 ball of radius tau lam.
    radius = tau * kernel.lam
    if not is_finite(v):
        fill(x, nan)
    elif absolute_sum(v) <= radius:
        fill(x, 0.0)
    elif radius == 0.0:
        for j in range(v.shape[0]):
            x[j] = v[j]
    else:
        top, level = absolute_threshold(v, radius, x)
        level += top
        for j in range(v.shape[0]):
            x[j] = min(max(v[j], -level), level)

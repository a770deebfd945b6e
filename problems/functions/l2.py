"""The Euclidean norm, and its conjugate, the indicator of the Euclidean ball."""

from typing import NamedTuple

from ...core.dispatch import implements
from ..oracles import prox
from .function import Function
from .norms import fill, norm
from .weighted_norm import NormBall, WeightedNorm


class L2Kernel(NamedTuple):
    """The compiled form of :class:`L2`."""

    lam: float


class L2(WeightedNorm):
    r""":math:`\psi(x) = \lambda \|x\|_2`, whose proximal operator shortens the vector by :math:`\gamma\lambda`.

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
    >>> L2(1.0).prox(np.array([3.0, -4.0]), 2.5)
    array([ 1.5, -2. ])
    """

    Kernel = L2Kernel

    def _norm(self, x):
        return norm(x.ravel())

    def conjugate(self) -> Function:
        return L2Ball(self.lam)

    def _subdifferential_distance(self, x, u, tolerance):
        size = norm(x.ravel())
        if size == 0.0:
            return max(norm(u.ravel()) - self.lam, 0.0)
        return norm((u - self.lam * (x / size)).ravel())


@implements(prox, L2Kernel)
def _shorten(kernel, v, tau, x, work):
    size, cut = norm(v), tau * kernel.lam
    if size <= cut:
        fill(x, 0.0)
        return
    # 1 - cut / size would lose digits where the vector is nearly cut away.
    factor = (size - cut) / size
    for j in range(v.shape[0]):
        x[j] = v[j] * factor


class L2BallKernel(NamedTuple):
    """The compiled form of :class:`L2Ball`."""

    radius: float


class L2Ball(NormBall):
    r""":math:`\psi(x) = 0` where :math:`\|x\|_2 \le r` and infinity elsewhere; the prox is the projection.

    Parameters
    ----------
    radius : float
        The radius r, at least 0 and finite.

    Raises
    ------
    InputError
        If ``radius`` is negative or not finite.

    Examples
    --------
    >>> L2Ball(1.0).prox(np.array([3.0, -4.0]), 0.5)
    array([ 0.6, -0.8])
    """

    Kernel = L2BallKernel

    def _norm(self, x):
        return norm(x.ravel())

    def conjugate(self) -> Function:
        return L2(self.radius)

    def _subdifferential_distance(self, x, u, tolerance):
        x, u = x.ravel(), u.ravel()
        size = norm(x)
        if self.radius == 0.0:
            return 0.0
        if size < self.radius * (1.0 - tolerance):
            return norm(u)
        outward = x / size
        return norm(u - max(u @ outward, 0.0) * outward)


@implements(prox, L2BallKernel)
def _project(kernel, v, tau, x, work):
    size = norm(v)
    if size <= kernel.radius:
        for j in range(v.shape[0]):
            x[j] = v[j]
    else:
        for j in range(v.shape[0]):
            x[j] = v[j] / size * kernel.radius

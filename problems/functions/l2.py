"""The Euclidean norm, and its conjugate, the indicator of the Euclidean ball."""

from typing import NamedTuple

from ..checks import checked_number
from ..dispatch import implements
from ..oracles import prox
from .function import Function
from .norms import fill, norm


class L2Kernel(NamedTuple):
    """The compiled form of :class:`L2`."""

    lam: float


class L2(Function):
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

    is_homogeneous = True

    def __init__(self, lam: float) -> None:
        self.lam = checked_number("lam", lam, "a weight", at_least=0.0)
        self.kernel = L2Kernel(self.lam)

    @classmethod
    def example(cls, d):
        return cls(0.5)

    def _value(self, x):
        return self.lam * norm(x.ravel())

    def conjugate(self):
        return L2Ball(self.lam)

    def _subdifferential_distance(self, x, u, tolerance):
        size = norm(x.ravel())
        if size == 0.0:
            return max(norm(u.ravel()) - self.lam, 0.0)
        return norm((u - self.lam * (x / size)).ravel())

    def __repr__(self) -> str:
        return f"L2({self.lam!r})"


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


class L2Ball(Function):
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

    is_indicator = True

    def __init__(self, radius: float) -> None:
        self.radius = checked_number("radius", radius, "a radius", at_least=0.0)
        self.is_homogeneous = self.radius == 0.0
        self.kernel = L2BallKernel(self.radius)

    @classmethod
    def example(cls, d):
        return cls(0.5)

    def _value(self, x):
        return 0.0

    def _violation(self, x):
        size = norm(x.ravel())
        return (size - self.radius) / size if size > self.radius else 0.0

    def conjugate(self):
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

    def __repr__(self) -> str:
        return f"L2Ball({self.radius!r})"


@implements(prox, L2BallKernel)
def _project(kernel, v, tau, x, work):
    size = norm(v)
    if size <= kernel.radius:
        for j in range(v.shape[0]):
            x[j] = v[j]
    else:
        for j in range(v.shape[0]):
            x[j] = v[j] / size * kernel.radius

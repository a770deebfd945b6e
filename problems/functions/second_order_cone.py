"""The indicator of the second-order cone."""

from math import nan
from typing import NamedTuple

import numpy as np

from ...core.dispatch import implements
from ..oracles import prox
from .function import Function
from .norms import fill, is_finite, norm


class SecondOrderConeKernel(NamedTuple):
    """Nothing to know; Numba wants at least one field."""

    slope: float


class SecondOrderCone(Function):
    r""":math:`\psi(t, z) = 0` where :math:`\|z\|_2 \le t` and infinity elsewhere; t is the first coordinate.

    References
    ----------
    Parikh and Boyd, "Proximal algorithms" (2014), section 6.3.

    Examples
    --------
    >>> SecondOrderCone().prox(np.array([0.0, 3.0, -4.0]), 0.5)
    array([ 2.5,  1.5, -2. ])
    """

    kernel = SecondOrderConeKernel(1.0)
    ndim = 1
    is_indicator = True
    is_homogeneous = True

    def _value(self, x):
        return 0.0

    def _violation(self, x):
        size = norm(x[1:])
        return max(size - x[0], 0.0) / max(size, abs(x[0]), 1e-300)

    def _conjugate_value(self, u, tolerance):
        # The polar cone is the cone upside down.
        return 0.0 if self._violation(-u) <= tolerance else np.inf

    def _subdifferential_distance(self, x, u, tolerance):
        size = norm(x[1:])
        if max(size, abs(x[0])) == 0.0:
            return norm(self.prox(u, 1.0))  # the polar cone: Moreau's decomposition
        if size < x[0] * (1.0 - tolerance):
            return norm(u)
        outward = np.concatenate(([-1.0], x[1:] / size)) / np.sqrt(2.0)
        return norm(u - max(u @ outward, 0.0) * outward)

    def __repr__(self) -> str:
        return "SecondOrderCone()"


@implements(prox, SecondOrderConeKernel)
def _project(kernel, v, tau, x, work):
    t, size = float(v[0]), norm(v[1:])
    if not is_finite(v):
        fill(x, nan)
    elif size <= -t:
        fill(x, 0.0)
    elif size <= t:
        for j in range(v.shape[0]):
            x[j] = v[j]
    else:
        height = t / 2.0 + size / 2.0
        x[0] = height
        for j in range(1, v.shape[0]):
            x[j] = v[j] / size * height

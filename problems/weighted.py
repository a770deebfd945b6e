"""Problems of samples whose clients have different weights in F, or some of whose coordinates have no ridge."""

from typing import Any, NamedTuple

import numpy as np

from ..core.dispatch import implements
from .oracles import (
    clients,
    component_gradient,
    components,
    gradient,
    local_steps,
    repeat_gradient_steps,
    without_ridge,
    work_size,
)


class WeightedKernel(NamedTuple):
    r"""The compiled form of :math:`f_i(x) = s_i \ell_i(x) + \frac12 \sum_k \lambda_k x_k^2`.

    The mean over clients of all :math:`f_i` is then F, whatever the weights: every method and its promise are about
    that mean. The ridge is not scaled, so that no client has a smaller :math:`\mu_i` for having few samples.
    """

    own: Any
    r"""The kernel of all :math:`\ell_i`, the clients' mean losses: one without ridge."""
    scale: np.ndarray
    r""":math:`s_i = n w_i` with the weights :math:`w_i` of the clients, which sum to 1; shape (n,)."""
    ridge: np.ndarray
    r""":math:`\lambda_k`, 0 for a coordinate without penalty; shape (d,)."""
    psi: Any
    server: Any = ()

    @property
    def start(self) -> np.ndarray:
        """The first row of each client's samples, and their number."""
        return self.own.start


@without_ridge.register
def _without_ridge(kernel: WeightedKernel, mu: float) -> WeightedKernel:
    server = without_ridge(kernel.server, mu) if kernel.server else ()
    return kernel._replace(ridge=kernel.ridge - mu, server=server)


@implements(clients, WeightedKernel)
def _clients(kernel):
    return kernel.scale.shape[0]


@implements(work_size, WeightedKernel)
def _work_size(kernel):
    return work_size(kernel.own)


@implements(components, WeightedKernel)
def _components(kernel, i):
    return components(kernel.own, i)


@implements(gradient, WeightedKernel)
def _gradient(kernel, i, x, g, work):
    gradient(kernel.own, i, x, g, work)
    for j in range(x.shape[0]):
        g[j] = kernel.scale[i] * g[j] + kernel.ridge[j] * x[j]


@implements(component_gradient, WeightedKernel)
def _component_gradient(kernel, i, j, x, g, work):
    component_gradient(kernel.own, i, j, x, g, work)
    for k in range(x.shape[0]):
        g[k] = kernel.scale[i] * g[k] + kernel.ridge[k] * x[k]


implements(local_steps, WeightedKernel)(repeat_gradient_steps)

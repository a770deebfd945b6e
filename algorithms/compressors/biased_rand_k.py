"""Biased rand-k: some coordinates, chosen at random and sent as they are."""

from typing import NamedTuple

import numpy as np

from ...core.dispatch import implements
from .compressor import compress
from .rand_k import RandK


class BiasedRandKKernel(NamedTuple):
    """The compiled form of :class:`BiasedRandK`."""

    k: int


class BiasedRandK(RandK):
    r"""k of the d coordinates, chosen uniformly, without the factor d/k: biased, contractive with :math:`\delta = k/d`.

    The error is :math:`\mathbb{E}\|C(x) - x\|^2 = (1 - \delta) \|x\|^2` for every x, the most that δ allows.

    Parameters
    ----------
    k : int
        How many coordinates are sent, 1 to d.

    Raises
    ------
    InputError
        If ``k`` is not a count, or later if it exceeds d.

    References
    ----------
    Stich, Cordonnier and Jaggi, "Sparsified SGD with memory" (2018).

    Examples
    --------
    >>> BiasedRandK(1)(np.array([3.0, -1.0]), np.array([1]))
    array([ 0., -1.])
    """

    is_unbiased = False

    def __init__(self, k: int) -> None:
        super().__init__(k)
        self.kernel = BiasedRandKKernel(self.k)

    def omega(self, d: int) -> float:
        return np.inf

    def delta(self, d: int) -> float:
        self.draw_shape(d)
        return self.k / d

    def worst(self, d: int) -> np.ndarray:
        """Return a vector at which δ is attained, as it is at every other."""
        return np.ones(d)

    def __repr__(self) -> str:
        return f"BiasedRandK({self.k!r})"


@implements(compress, BiasedRandKKernel)
def _keep(kernel, x, w, out, work):
    out[:] = 0.0
    for t in range(kernel.k):
        out[w[t]] = x[w[t]]

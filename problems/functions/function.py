"""What every function with a proximal operator offers."""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from ..errors import InputError


class Function(ABC):
    r"""A proper closed convex function :math:`\psi` whose proximal operator is known.

    Attributes
    ----------
    kernel : NamedTuple
        The form that compiled code takes, see :func:`rootkappa.problems.oracles.prox`.
    """

    kernel: Any

    @abstractmethod
    def value(self, x: np.ndarray) -> float:
        r"""Return :math:`\psi(x)`, infinity outside the domain."""

    @abstractmethod
    def prox(self, x: np.ndarray, gamma: float) -> np.ndarray:
        r"""Return :math:`\arg\min_z \psi(z) + \|z - x\|^2 / (2\gamma)` as a new array; ``gamma`` is positive."""

    def conjugate(self) -> "Function":
        r"""Return the convex conjugate :math:`\psi^*(u) = \sup_x \langle u, x\rangle - \psi(x)`.

        Raises
        ------
        InputError
            If it is not known in closed form; its prox then still is, by Moreau's identity.
        """
        raise InputError(f"{self!r} has no conjugate in closed form: use Moreau's identity on its prox.")

"""What all multiples of a norm share, and what all balls around 0 share."""

from abc import ABC, abstractmethod
from typing import Any, Self

import numpy as np

from ...core.checks import checked_number
from .function import Function


class WeightedNorm(Function, ABC):
    r""":math:`\psi(x) = \lambda \|x\|` for some norm; its conjugate is the indicator of the dual norm's ball.

    A subclass sets ``Kernel``, the type of its compiled form, which holds the weight.
    """

    is_homogeneous = True
    Kernel: Any

    def __init__(self, lam: float) -> None:
        self.lam = checked_number("lam", lam, "a weight", at_least=0.0)
        self.kernel = self.Kernel(self.lam)

    @classmethod
    def example(cls, d: int) -> Self:
        return cls(0.5)

    @abstractmethod
    def _norm(self, x: np.ndarray) -> Any:
        """Return the norm without its weight."""

    def _value(self, x):
        return self.lam * self._norm(x)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.lam!r})"


class NormBall(Function, ABC):
    r""":math:`\psi(x) = 0` where :math:`\|x\| \le r` for some norm, infinity elsewhere; the prox is the projection.

    A subclass sets ``Kernel``, the type of its compiled form, which holds the radius.
    """

    is_indicator = True
    Kernel: Any

    def __init__(self, radius: float) -> None:
        self.radius = checked_number("radius", radius, "a radius", at_least=0.0)
        self.is_homogeneous = self.radius == 0.0
        self.kernel = self.Kernel(self.radius)

    @classmethod
    def example(cls, d: int) -> Self:
        return cls(0.5)

    @abstractmethod
    def _norm(self, x: np.ndarray) -> Any:
        """Return the norm whose ball it is."""

    def _value(self, x):
        return 0.0

    def _violation(self, x):
        size = self._norm(x)
        return (size - self.radius) / size if size > self.radius else 0.0

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.radius!r})"

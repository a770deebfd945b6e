"""A sum of functions of separate blocks of coordinates."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Self

import numpy as np

from ...core.checks import checked_count
from ...core.dispatch import implements
from ...core.errors import InputError, shown
from ..oracles import prox, prox_work_size
from .function import Function
from .l1 import L1
from .simplex import Simplex


class SeparableSumKernel(NamedTuple):
    """The compiled form of :class:`SeparableSum`: the first block, and all others in one."""

    first: Any
    rest: Any
    size: int


class SeparableSum(Function):
    r""":math:`\psi(x) = \sum_k \phi_k(x_{(k)})`, where the vector x is the blocks :math:`x_{(k)}` one after another.

    Parameters
    ----------
    parts : sequence of (Function, int)
        The functions :math:`\phi_k` of vectors and the numbers of their coordinates, at least 1.

    Raises
    ------
    InputError
        If there is no part, a part is no function and size, or a function takes no vector of its size.

    Examples
    --------
    >>> SeparableSum([(L1(1.0), 2), (Simplex(), 2)]).prox(np.array([3.0, -0.5, 1.5, 1.0]), 1.0)
    array([ 2.  , -0.  ,  0.75,  0.25])
    """

    ndim = 1

    def __init__(self, parts: Sequence[tuple[Function, int]]) -> None:
        try:
            pairs = [(function, size) for function, size in parts]
        except (TypeError, ValueError):
            pairs = []
        if not pairs or not all(isinstance(function, Function) for function, _ in pairs):
            raise InputError(
                f"parts = {shown(parts)} is no list of pairs: give a function and its size for each block."
            )
        self.parts = [(function, checked_count("a size in parts", size)) for function, size in pairs]
        functions = [function for function, _ in self.parts]
        for function, size in self.parts:
            function.check_shape((size,), "a block")
        self._ends = np.cumsum([size for _, size in self.parts])
        self.in_double = any(function.in_double for function in functions)
        self.is_convex = all(function.is_convex for function in functions)
        self.is_separable = all(function.is_separable for function in functions)
        self.is_indicator = all(function.is_indicator for function in functions)
        self.is_homogeneous = all(function.is_homogeneous for function in functions)
        self.L = max(function.L for function in functions)
        self.mu = min(function.mu for function in functions)
        kernel = functions[-1].kernel
        for function, size in self.parts[-2::-1]:
            kernel = SeparableSumKernel(function.kernel, kernel, size)
        self.kernel = kernel

    @classmethod
    def example(cls, d: int) -> Self:
        return cls([(L1(0.5), 1), (Simplex(), d - 1)] if d > 1 else [(L1(0.5), 1)])

    def check_shape(self, shape: tuple[int, ...], name: str = "x") -> None:
        if shape != (self._ends[-1],):
            raise InputError(f"{name} has shape {shape}, but the blocks have {self._ends[-1]} entries: give as many.")

    def _blocks(self, x):
        functions = (function for function, _ in self.parts)
        return zip(functions, np.split(x, self._ends[:-1]), strict=True)

    def _contains(self, x, tolerance):
        return all(function._contains(block, tolerance) for function, block in self._blocks(x))

    def _value_within(self, x, tolerance):
        return sum(function._value_within(block, tolerance) for function, block in self._blocks(x))

    def conjugate(self) -> Function:
        return SeparableSum([(function.conjugate(), size) for function, size in self.parts])

    def _subdifferential_distance(self, x, u, tolerance):
        pairs = zip(self._blocks(x), np.split(u, self._ends[:-1]), strict=True)
        return np.linalg.norm([f._subdifferential_distance(block, slope, tolerance) for (f, block), slope in pairs])

    def __repr__(self) -> str:
        return f"SeparableSum({self.parts!r})"


@implements(prox_work_size, SeparableSumKernel)
def _work_size(kernel, d):
    return max(prox_work_size(kernel.first, kernel.size), prox_work_size(kernel.rest, d - kernel.size))


@implements(prox, SeparableSumKernel)
def _prox(kernel, v, tau, x, work):
    prox(kernel.first, v[: kernel.size], tau, x[: kernel.size], work)
    prox(kernel.rest, v[kernel.size :], tau, x[kernel.size :], work)

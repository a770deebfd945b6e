"""What papers say beyond a rate, one file each; every module with a ``measure`` is found by being there."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any

from ...algorithms.driver.objects import found
from ...core.discover import discover
from ...problems import Problem, Quadratic
from ..case import Case, Progress
from ..verdict import Verdict


@dataclass(frozen=True)
class Claim:
    """A statement about a method that can be measured, with the control that shows its cause.

    Attributes
    ----------
    name : str
        The module's name.
    summary : str
        The statement: the first line of the module's docstring.
    methods : tuple of str
        The methods of which it speaks.
    on_quadratics : bool
        Whether it is measured on quadratics only, given or of its own: the module's ``ON_QUADRATICS``, by default
        False.
    measure : callable
        ``measure(case, progress)`` returns the :class:`~rootkappa.theory.verdict.Verdict`; its sentence tells both the
        measurement and the control.
    """

    name: str
    summary: str
    methods: tuple[str, ...]
    on_quadratics: bool
    measure: Callable[[Case, Progress], Verdict]

    @classmethod
    def from_module(cls, module: ModuleType, name: str) -> "Claim":
        """Return the claim that a module makes."""
        summary = (module.__doc__ or name).partition("\n")[0]
        return cls(name, summary, module.METHODS, getattr(module, "ON_QUADRATICS", False), module.measure)


@cache
def _discovered() -> tuple[Claim, ...]:
    return tuple(Claim.from_module(module, name) for name, module in discover(__name__).items())


def about(method: Any, problem: Problem | None = None) -> tuple[Claim, ...]:
    """Return the claims about a method, or about the one that it is like; with a problem those measured where it is.

    Examples
    --------
    >>> about("gradient_descent")
    ()
    """
    method = found(method)
    told = method.likenesses
    name = told[0].name if len(told) == 1 else method.name
    anywhere = problem is None or isinstance(problem, Quadratic)
    return tuple(claim for claim in _discovered() if name in claim.methods and (anywhere or not claim.on_quadratics))


def names() -> list[str]:
    """Return the names of all claims, sorted."""
    return sorted(claim.name for claim in _discovered())

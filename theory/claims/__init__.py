"""What papers say beyond a rate, one file each; every module with a ``measure`` is found by being there."""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any

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
    measure : callable
        ``measure(case, progress)`` returns the :class:`~rootkappa.theory.verdict.Verdict`; its sentence tells both the
        measurement and the control.
    """

    name: str
    summary: str
    methods: tuple[str, ...]
    measure: Callable[[Case, Progress], Verdict]

    @classmethod
    def from_module(cls, module: ModuleType, name: str) -> "Claim":
        """Return the claim that a module makes."""
        return cls(name, (module.__doc__ or name).partition("\n")[0], module.METHODS, module.measure)


@cache
def _discovered() -> tuple[Claim, ...]:
    modules: dict[str, Any] = {
        entry.name: importlib.import_module(f".{entry.name}", __package__) for entry in pkgutil.iter_modules(__path__)
    }
    return tuple(Claim.from_module(module, name) for name, module in modules.items() if hasattr(module, "measure"))


def about(method: str) -> tuple[Claim, ...]:
    """Return the claims about a method, by name.

    Examples
    --------
    >>> about("gradient_descent")
    ()
    """
    return tuple(claim for claim in _discovered() if method in claim.methods)


def names() -> list[str]:
    """Return the names of all claims, sorted."""
    return sorted(claim.name for claim in _discovered())

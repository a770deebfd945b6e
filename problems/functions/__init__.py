"""Functions with their proximal operators, one file each; every class in these files is found by being there."""

from typing import Any

from ...core.discover import discover_classes
from ...core.written import instance
from .function import Function

_CLASSES = discover_classes(__name__, Function)
__all__ = sorted(  # pyright: ignore[reportUnsupportedDunderAll]
    [*_CLASSES, "Function", "examples", "get"]
)


def examples(d: int) -> dict[str, Function]:
    """Return a typical member of every class, by the name of the class, for ``d`` entries along each axis.

    Examples
    --------
    >>> examples(3)["L1"]
    L1(0.5)
    """
    return {name: kind.example(d) for name, kind in _CLASSES.items()}


def get(text: str) -> Function:
    """Return the function that is written as in Python, with numbers as arguments.

    Parameters
    ----------
    text : str
        For example ``"L1(0.1)"``: what ``repr`` of a function shows.

    Raises
    ------
    InputError
        If the class is unknown, or its arguments are no numbers or out of range.

    Examples
    --------
    >>> get("Box(low=0, high=1)")
    Box(0.0, 1.0)
    """
    return instance(text, _CLASSES, "function", "'L1(0.1)' or 'Box(0, 1)'")


def __getattr__(name: str) -> Any:
    if name not in _CLASSES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _CLASSES[name]


def __dir__() -> list[str]:
    return __all__

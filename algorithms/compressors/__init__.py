"""Compressors: what a client sends instead of a vector, one file each; every class in them is found by being there."""

from functools import cache
from typing import Any

from ...core.discover import discover_classes
from ...core.written import instance
from .compressor import Compressor, compress, compress_work_size, compress_workspace  # pyright: ignore[reportUnusedImport]

_CLASSES = discover_classes(__name__, Compressor)
__all__ = sorted(  # pyright: ignore[reportUnsupportedDunderAll]
    [*_CLASSES, "Compressor", "compress", "compress_work_size", "compress_workspace", "examples", "get"]
)


def examples(d: int) -> dict[str, Compressor]:
    """Return a typical member of every class, by the name of the class, for vectors with ``d`` coordinates.

    Examples
    --------
    >>> examples(8)["RandK"]
    RandK(2)
    """
    return {name: kind.example(d) for name, kind in _CLASSES.items()}


@cache
def get(text: str) -> Compressor:
    """Return the compressor that is written as in Python, with numbers as arguments.

    Parameters
    ----------
    text : str
        For example ``"RandK(2)"`` or ``"ClientMask(clients=4, cohort=3, s=2)"``: what ``repr`` of a compressor shows.

    Raises
    ------
    InputError
        If the class is unknown, or its arguments are no numbers or out of range.

    Examples
    --------
    >>> get("TopK(3)")
    TopK(3)
    """
    return instance(text, _CLASSES, "compressor", "'RandK(2)' or 'Natural()'")


def __getattr__(name: str) -> Any:
    if name not in _CLASSES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _CLASSES[name]


def __dir__() -> list[str]:
    return __all__

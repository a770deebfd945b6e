"""Rootkappa holds the promised communication rounds of optimisation methods against what the methods do."""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"
_LAZY = {"choose": ".sweeps.choose"}


def __getattr__(name: str) -> Any:
    """Return what the root offers of its rooms, imported when it is asked for: ``rootkappa --help`` answers at once."""
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LAZY[name], __name__), name)

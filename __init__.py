"""Rootkappa holds the promised communication rounds of optimisation methods against what the methods do."""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"
# What a notebook reaches without an import of its own; until then nothing heavy is loaded.
_ROOMS = ("algorithms", "plots", "problems", "sweeps", "testing", "theory")
_CALLS = {"choose": ".sweeps.races.choose"}


def __getattr__(name: str) -> Any:
    if name in _CALLS:
        return getattr(import_module(_CALLS[name], __name__), name)
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(f".{name}", __name__)


def __dir__() -> list[str]:
    return sorted({*globals(), *_ROOMS, *_CALLS})

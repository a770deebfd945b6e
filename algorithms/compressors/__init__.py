"""Compressors: what a client sends instead of a vector, one file each; every class in them is found by being there."""

import importlib
import pkgutil
from inspect import isabstract

from .compressor import Compressor, compress, compress_work_size, compress_workspace

_CLASSES: dict[str, type[Compressor]] = {}
for _entry in pkgutil.iter_modules(__path__):
    for _name, _thing in vars(importlib.import_module(f".{_entry.name}", __name__)).items():
        if isinstance(_thing, type) and issubclass(_thing, Compressor) and not isabstract(_thing):
            _CLASSES[_name] = _thing
globals().update(_CLASSES)
__all__ = sorted(  # pyright: ignore[reportUnsupportedDunderAll]
    [*_CLASSES, "Compressor", "compress", "compress_work_size", "compress_workspace", "examples"]
)


def examples(d: int) -> dict[str, Compressor]:
    """Return a typical member of every class, by the name of the class, for vectors with ``d`` coordinates.

    Examples
    --------
    >>> examples(8)["RandK"]
    RandK(2)
    """
    return {name: _CLASSES[name].example(d) for name in sorted(_CLASSES)}

"""Functions with their proximal operators, one file each; every class in these files is found by being there."""

import importlib
import pkgutil
from inspect import isabstract

from .function import Function

_CLASSES: dict[str, type[Function]] = {}
for _entry in pkgutil.iter_modules(__path__):
    for _name, _thing in vars(importlib.import_module(f".{_entry.name}", __name__)).items():
        if isinstance(_thing, type) and issubclass(_thing, Function) and not isabstract(_thing):
            _CLASSES[_name] = _thing
del _CLASSES["Function"]
globals().update(_CLASSES)
__all__ = sorted([*_CLASSES, "Function", "examples"])  # pyright: ignore[reportUnsupportedDunderAll]


def examples(d: int) -> dict[str, Function]:
    """Return a typical member of every class, by the name of the class, for ``d`` entries along each axis.

    Examples
    --------
    >>> examples(3)["L1"]
    L1(0.5)
    """
    return {name: _CLASSES[name].example(d) for name in sorted(_CLASSES)}

"""Things that are found by being there: a method, theorem, claim, function or compressor is a file in its folder."""

import importlib
import pkgutil
from functools import cache
from inspect import isabstract
from types import ModuleType
from typing import TypeVar

_Kind = TypeVar("_Kind")


@cache
def discover(package: str) -> dict[str, ModuleType]:
    """Return the modules that lie directly in a package's folder, by name; folders inside it are not looked into.

    Parameters
    ----------
    package : str
        The package's full name.

    Examples
    --------
    >>> "errors" in discover("rootkappa.core")
    True
    """
    folder = importlib.import_module(package).__path__
    names = sorted(entry.name for entry in pkgutil.iter_modules(folder) if not entry.ispkg)
    return {name: importlib.import_module(f"{package}.{name}") for name in names}


@cache
def discover_classes(package: str, base: type[_Kind]) -> dict[str, type[_Kind]]:
    """Return the concrete classes of one kind that the modules of a package define, by name and sorted.

    Parameters
    ----------
    package : str
        The package's full name.
    base : type
        What they are subclasses of.
    """
    found = {
        name: thing
        for module in discover(package).values()
        for name, thing in vars(module).items()
        if isinstance(thing, type) and issubclass(thing, base) and thing is not base and not isabstract(thing)
    }
    return dict(sorted(found.items()))

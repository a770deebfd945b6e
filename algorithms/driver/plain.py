"""The functions of a method in plain Python, with some of what they call replaced: how its rounds are watched.

A compiled function keeps the Python function that it was made of. A copy of that finds in its globals copies of what it
calls, so that nothing is compiled, nothing of the originals changes, and every call can be listened to.
"""

import copy
from collections.abc import Callable, Iterator, Mapping
from types import CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from numba.core.dispatcher import Dispatcher

from ...core.compiled import FILE_MARK, is_ours


class Plain:
    """Copies of functions that run in plain Python.

    Parameters
    ----------
    replaced : mapping of callable to callable
        What is called in the place of a function, wherever a copy calls it.

    Examples
    --------
    >>> import numpy as np
    >>> from rootkappa.algorithms.parts import messages, skipped_rounds
    >>> def average(X, mean):
    ...     print("averaged")
    ...     mean[:] = X.mean(axis=0)
    >>> X, H = np.eye(2), np.zeros((2, 2))
    >>> Plain({messages.average: average}).of(skipped_rounds.meet)(1.0, X, H, np.empty(2))
    averaged
    >>> X.tolist(), H.tolist()
    ([[0.5, 0.5], [0.5, 0.5]], [[-0.5, 0.5], [0.5, -0.5]])
    """

    def __init__(self, replaced: Mapping[Callable[..., Any], Callable[..., Any]]) -> None:
        # By identity, beside the original, whose identity would otherwise become that of something else.
        self._copies: dict[int, tuple[Any, Any]] = {id(old): (old, new) for old, new in replaced.items()}

    def of(self, thing: Any) -> Any:
        """Return the copy of a function or of a module's functions; what is neither is returned as it is."""
        if id(thing) in self._copies:
            return self._copies[id(thing)][1]
        if hasattr(thing, "chosen"):
            return self._keep(thing, lambda first, *rest: self.of(thing.chosen(type(first)))(first, *rest))
        if hasattr(thing, "plain_form"):
            return self._keep(thing, self.of(thing.plain_form))
        if isinstance(thing, Dispatcher):
            return self._keep(thing, self._function(thing.py_func))
        if isinstance(thing, FunctionType) and _is_watched(thing.__globals__["__name__"]):
            return self._function(thing)
        if isinstance(thing, MethodType) and _is_watched(type(thing.__self__).__module__):
            owner = copy.copy(thing.__self__)
            vars(owner).update({name: self.of(value) for name, value in vars(owner).items()})
            return MethodType(self.of(thing.__func__), owner)
        if isinstance(vars(type(thing)).get("__call__"), FunctionType) and _is_watched(type(thing).__module__):
            return self.of(thing.__call__)
        if isinstance(thing, ModuleType) and _is_watched(thing.__name__):
            return self._keep(thing, _Copies(self, thing))
        return thing

    def _keep(self, thing: Any, made: Any) -> Any:
        self._copies[id(thing)] = (thing, made)
        return made

    def _function(self, function: Any) -> Any:
        space: dict[str, Any] = {"__builtins__": __builtins__, "__name__": function.__module__}
        cells = tuple(CellType() for _ in function.__closure__ or ())
        made = FunctionType(function.__code__, space, function.__name__, function.__defaults__, cells)
        made.__kwdefaults__ = function.__kwdefaults__
        # Known before its globals are, as it may call itself.
        self._keep(function, made)
        space |= {name: self.of(value) for name, value in function.__globals__.items() if name in _names(made.__code__)}
        for cell, original in zip(cells, function.__closure__ or (), strict=True):
            cell.cell_contents = self.of(original.cell_contents)
        return made


class _Copies:
    """A module whose functions are copies."""

    def __init__(self, plain: Plain, module: ModuleType) -> None:
        self._plain, self._module = plain, module

    def __getattr__(self, name: str) -> Any:
        made = self._plain.of(getattr(self._module, name))
        setattr(self, name, made)
        return made


def _is_watched(module: str) -> bool:
    return is_ours(module) or FILE_MARK in module


def _names(code: CodeType) -> set[str]:
    """Return the names that a function and those inside it look up."""
    return set(_looked_up(code))


def _looked_up(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _looked_up(constant)

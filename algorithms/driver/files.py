"""A method from a user's file: the file is executed as if it lay beside the methods, and known by its content."""

import ast
import importlib.util
import os
import re
import sys
from collections.abc import Generator
from contextlib import contextmanager
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numba.core.dispatcher import Dispatcher

from ...core.compiled import FILE_MARK, store_as
from ...core.errors import InputError

_METHODS = __name__.rpartition(".")[0].rpartition(".")[0]
# What compiled code freezes: all else cannot change without a change of the file.
_PLAIN = (bool, int, float, complex, str, bytes, tuple, frozenset, type(None), np.ndarray, np.generic)


def content(path: Path) -> str:
    """Return a hash of a Python file and of what it imports from beside it.

    Raises
    ------
    InputError
        If the file is missing or cannot be read.
    """
    digest = blake2b(digest_size=8)
    for file in [path, *_imported_from_beside(path)]:
        digest.update(os.fsencode(file.name) + b"\0" + _read(file) + b"\0")
    return digest.hexdigest()


def execute(path: Path) -> ModuleType:
    """Return the module that a Python file makes; one of the same content is not executed again.

    The file is executed as if it lay in the folder ``algorithms``, so that a copy of one of its files works as it is,
    and with its own folder in reach of ``import``.

    Raises
    ------
    InputError
        If the file is missing, is no Python file or raises an error.
    """
    stem = re.sub(r"\W", "_", path.stem)
    name = f"{_METHODS}{FILE_MARK}{stem}_{content(path)}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise InputError(f"method file {str(path)!r} is no Python file: give a file that ends in .py.")
    module = importlib.util.module_from_spec(spec)
    # Numba's cache finds the file's named tuples again by this name.
    sys.modules[name] = module
    try:
        with _importing_from(path):
            spec.loader.exec_module(module)
    except BaseException as error:
        del sys.modules[name]
        if isinstance(error, KeyboardInterrupt):
            raise
        raise InputError(
            f"method file {str(path)!r} cannot be executed, {type(error).__name__}: {error}: mend it and try again."
        ) from error
    _release_interpreter(module)
    return module


def raised_in(error: BaseException) -> str | None:
    """Return the user's file whose lines an error passed through; None if it is no such file's."""
    trace, file = error.__traceback__, None
    while trace:
        if FILE_MARK in trace.tb_frame.f_globals.get("__name__", ""):
            file = trace.tb_frame.f_code.co_filename
        trace = trace.tb_next
    return file


def _release_interpreter(module: ModuleType) -> None:
    """Let the compiled functions of a file run beside Python, so that an interrupt can end even one that is endless."""
    for function in _compiled_by(module):
        if not function.targetoptions.get("forceobj"):
            function.targetoptions["nogil"] = True


def _compiled_by(module: ModuleType) -> list[Dispatcher]:
    own = [thing for thing in vars(module).values() if isinstance(thing, Dispatcher)]
    return [function for function in own if function.py_func.__module__ == module.__name__]


def identity(module: ModuleType) -> str:
    """Return a hash of all that the compiled code of a user's file depends on: its content and its constants.

    A constant may come from elsewhere, such as the environment, and is frozen into compiled code; so is one of a file
    beside it.
    """
    beside = [sys.modules.get(file.stem) for file in _imported_from_beside(Path(module.__file__ or ""))]
    digest = blake2b(module.__name__.encode(), digest_size=16)
    for part in filter(None, [module, *beside]):
        for name, value in sorted(vars(part).items()):
            if isinstance(value, _PLAIN) and name[:2] != "__":
                digest.update(f"\0{part.__name__}.{name}\0".encode() + _told(value))
    return digest.hexdigest()


def _told(value: Any) -> bytes:
    """Return a constant as bytes, with every digit and every entry."""
    if isinstance(value, np.ndarray | np.generic):
        return f"{value.dtype} {value.shape} ".encode() + value.tobytes()
    if isinstance(value, tuple):
        return b"(" + b",".join(map(_told, value)) + b")"
    return repr(value).encode()


def store_compiled(module: ModuleType, *loops: Dispatcher) -> None:
    """Let the compiled functions of a user's file be stored on disk, and those that were made for it."""
    store_as(identity(module), *_compiled_by(module), *loops)


def _read(path: Path) -> bytes:
    if os.path.exists(path) and not os.path.isfile(path):
        raise InputError(f"method file {str(path)!r} cannot be read, it is no file: give the path of a Python file.")
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"method file {str(path)!r} does not exist: give the path of a Python file.") from None
    except (OSError, ValueError) as error:
        raise InputError(
            f"method file {str(path)!r} cannot be read, {error}: give the path of a Python file."
        ) from None


def _imported_from_beside(path: Path, seen: frozenset[Path] = frozenset()) -> list[Path]:
    """Return the files in the folder of a file that it imports, and those that they import."""
    found: list[Path] = []
    for name in _imported_by(_read(path)):
        beside = path.parent / f"{name}.py"
        if beside.is_file() and beside not in {path, *seen, *found}:
            found += [beside, *_imported_from_beside(beside, seen | {path, *found, beside})]
    return list(dict.fromkeys(found))


@lru_cache(maxsize=32)
def _imported_by(source: bytes) -> list[str]:
    """Return the first words of the names of all that a text imports, sorted."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return []  # executing it says what is wrong
    wanted = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    wanted |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not node.level}
    return sorted({name.partition(".")[0] for name in wanted if name})


@contextmanager
def _importing_from(path: Path) -> Generator[None]:
    """Let a file import what lies beside it, as it is now and not as an earlier file of that name was."""
    for beside in _imported_from_beside(path):
        sys.modules.pop(beside.stem, None)
    folder = str(path.parent.resolve())
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)

"""The decorator of every compiled function, with a cache on disk that notices every edit.

Numba stores a compiled function under the source of its own file and does not notice that a function it calls, in
another file, has changed. So the cache lives in a folder named after all sources that are compiled: an edit in any of
them opens a new folder.
"""

import os
import secrets
import shutil
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import numba
import numba.core.config as numba_config
from numba.core.bytecode import FunctionIdentity
from numba.core.dispatcher import Dispatcher

from .sources import COMPILED, COMPUTED, cache_folder
from .stored import CheckedFiles

#: Dot products may be summed in any order and fused, but NaN and infinity keep their meaning.
REASSOCIATE = {"reassoc", "contract", "nsz"}
# Nobody asks for the address of a compiled function, for which Numba would make a second entrance to it.
_SETTINGS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True}
# Folders of users' files; one that is being written makes a new one with every edit.
_KEPT_FILES = 32
# Seconds for which a process may still be writing to the folder that it has chosen.
_IN_USE = 3600.0
#: The mark in the name of a module that was executed from a user's file.
FILE_MARK = "._file_"
# Numba makes its settings at run time, so no type checker knows them.
config: Any = numba_config
# The symbols of compiled code hold the names of functions and argument types and a number, which Numba counts from 1 in
# every process. Then code from the disk and fresh code for another type of the same name, as every method's Params is,
# may have one symbol, and one of the two is run in the place of the other: numba/numba#10486. Numbers at random differ.
setattr(FunctionIdentity, "_unique_ids", iter(partial(secrets.randbits, 62), None))  # noqa: B010 - it is private


@cache
def _is_writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def njit(function: Callable[..., Any] | None = None, **options: Any) -> Any:
    """Compile a function with Numba: cached on disk, without the GIL, IEEE division.

    Parameters
    ----------
    function : callable
        A free function of scalars, arrays and named tuples.
    **options
        Passed on to :func:`numba.njit`, for example ``fastmath=REASSOCIATE``.
    """
    if function is None:
        return lambda wrapped: njit(wrapped, **options)
    folder = cache_folder("compiled")
    # What a foreign function calls from beside it is not seen here: only its loader can say when it may be stored.
    stored = all(check(getattr(function, "__module__", "")) for check in (is_ours, _notices_edits)) and _is_writable(
        folder
    )
    with _storing_in(folder):
        compiled = numba.njit(cache=stored, **_SETTINGS, **options)(function)
    if stored and is_compiled(compiled):
        _check_files(compiled)
        _leave_foreign_types_out(compiled)
    return compiled


def is_compiled(function: Any) -> bool:
    """Return whether Numba has taken a function; with ``NUMBA_DISABLE_JIT=1`` it leaves each as it is."""
    return isinstance(function, Dispatcher)


def is_ours(module: str) -> bool:
    """Return whether a module is one of the package, no file of a user's that was executed as one.

    Examples
    --------
    >>> is_ours("rootkappa.algorithms.scaffnew"), is_ours("rootkappa.algorithms._file_mine"), is_ours("mine")
    (True, False, False)
    """
    return module.partition(".")[0] == __name__.partition(".")[0] and FILE_MARK not in module


def _notices_edits(module: str) -> bool:
    """Return whether the cache would notice edits beside a module: it is in no folder that may only call."""
    return not set(module.split(".")[1:2]) & (set(COMPUTED) - set(COMPILED))


def store_as(identity: str, *functions: Any) -> None:
    """Let compiled functions of a user's file be stored, for whoever has the same identity.

    Parameters
    ----------
    identity : str
        A hash of everything on which the compiled code depends.
    *functions : Dispatcher
        Not compiled yet.
    """
    base = cache_folder("compiled") / "files"
    folder = base / identity
    if not _is_writable(folder):
        return
    _remove_old(base, folder)
    with _storing_in(folder):
        for function in filter(is_compiled, functions):
            function.enable_caching()
            _check_files(function)


def _remove_old(base: Path, used: Path) -> None:
    """Remove the folders of files that nobody has used for an hour, but for the last few; others may do the same."""
    try:
        os.utime(used)
        ages = sorted((time.time() - folder.stat().st_mtime, folder) for folder in base.iterdir())
    except OSError:
        return  # another process is clearing up
    for age, folder in ages[_KEPT_FILES:]:
        if age > _IN_USE:
            shutil.rmtree(folder, ignore_errors=True)


def uncached(function: Any) -> Any:
    """Return a copy of a compiled function that shares nothing with it, to be stored elsewhere."""
    if not is_compiled(function):
        return function
    return numba.njit(**_SETTINGS)(function.py_func)


@contextmanager
def _storing_in(folder: Path) -> Generator[None]:
    """Let Numba, which reads its folder while it decorates, store there; without one of ours it would miss edits."""
    before = config.CACHE_DIR
    config.CACHE_DIR = str(folder)
    try:
        yield
    finally:
        config.CACHE_DIR = before


def _check_files(compiled: Any) -> None:
    """Let a function's cache notice damage to its files, and do without a file where there is no room for one."""
    store = compiled._cache
    impl = store._impl
    store._cache_file = CheckedFiles(impl.locator.get_cache_path(), impl.filename_base, impl.locator.get_source_stamp())
    save = store.save_overload

    def save_where_there_is_room(signature: Any, data: Any) -> None:
        with suppress(OSError):  # else it is compiled again next time
            save(signature, data)

    store.save_overload = save_where_there_is_room


def _leave_foreign_types_out(compiled: Any) -> None:
    """Keep code for the named tuples of a user's file out of the cache of a shared function.

    The index of a function's cache names the classes of all its arguments and is read as a whole: one that another
    process cannot import would stop every other use of the function.
    """
    store = compiled._cache
    save = store.save_overload

    def save_known(signature: Any, data: Any) -> None:
        if all(_is_known(part, compiled.py_func.__module__) for part in data.signature.args):
            save(signature, data)

    store.save_overload = save_known


def _is_known(part: Any, module: str) -> bool:
    """Return whether the package, or the function's own module, defines every named tuple in a type."""
    if not isinstance(part, numba.types.BaseTuple):
        return True
    home = getattr(getattr(part, "instance_class", None), "__module__", module)
    inside: Any = part
    return (is_ours(home) or home == module) and all(_is_known(inner, module) for inner in inside)

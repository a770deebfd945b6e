"""The decorator of every compiled function, with a cache on disk that notices every edit.

Numba stores a compiled function under the source of its own file and does not notice that a function it calls, in
another file, has changed. So the cache lives in a folder named after all sources of the package: an edit anywhere
opens a new folder.
"""

import shutil
from collections.abc import Callable
from functools import cache
from hashlib import blake2b
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import numba
import numba.core.config as numba_config
from platformdirs import user_cache_path

#: Dot products may be summed in any order and fused, but NaN and infinity keep their meaning.
REASSOCIATE = {"reassoc", "contract", "nsz"}
_KEPT_FOLDERS = 3
# Numba makes its settings at run time, so no type checker knows them.
config: Any = numba_config


def package_sources() -> list[Path]:
    """Return the Python files of the package, without its tests, in a fixed order."""
    root = Path(__file__).resolve().parents[1]
    folders = ("core", "problems", "algorithms", "theory", "sweeps")
    return sorted(file for folder in folders for file in (root / folder).rglob("*.py"))


@cache
def sources_digest() -> str:
    """Return a hash of all sources that a computed number can depend on."""
    digest = blake2b(digest_size=8)
    for file in package_sources():
        digest.update(f"{file.parent.name}/{file.name}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()


@cache
def cache_folder(kind: str) -> Path:
    """Return the folder on disk for results of one kind that only the present sources may read.

    The folders of older sources are removed, but for the last two: a second checkout may be using them.
    """
    base = user_cache_path("rootkappa") / kind
    folder = base / sources_digest()
    try:
        if not folder.exists() and base.exists():
            stale = sorted(base.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
            for path in stale[_KEPT_FOLDERS - 1 :]:
                shutil.rmtree(path, ignore_errors=True)
    except OSError:
        pass  # the folder may not be read, or another process is clearing it up
    return folder


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
    before = config.CACHE_DIR
    folder = cache_folder("compiled")
    # Without a folder of ours Numba would take one beside the sources, which misses edits: then compile every time.
    # Numba reads the folder while it decorates, so nobody else's functions move.
    config.CACHE_DIR = str(folder)
    try:
        compiled = numba.njit(cache=_is_writable(folder), nogil=True, error_model="numpy", **options)(function)
    finally:
        config.CACHE_DIR = before
    _leave_foreign_types_out(compiled, function.__module__)
    return compiled


def _leave_foreign_types_out(compiled: Any, module: str) -> None:
    """Keep code for the named tuples of a user's file out of the cache of a function that lives elsewhere.

    The index of a function's cache names the classes of all its arguments and is read as a whole: one that another
    process cannot import would stop every other use of the function.
    """
    store = compiled._cache
    if not hasattr(store, "_impl"):
        return  # nothing is stored
    save = store.save_overload

    def save_known(signature: Any, data: Any) -> None:
        if all(_is_known(part, module) for part in data.signature.args):
            save(signature, data)

    store.save_overload = save_known


def _is_known(part: Any, module: str) -> bool:
    """Return whether the package, or the function's own module, defines every named tuple in a type."""
    if not isinstance(part, numba.types.BaseTuple):
        return True
    home = getattr(getattr(part, "instance_class", None), "__module__", module)
    ours = home.partition(".")[0] == __name__.partition(".")[0] and "._file_" not in home
    inside: Any = part
    return (ours or home == module) and all(_is_known(inner, module) for inner in inside)

"""The sources of the package, and what is kept on disk of them: under their hash, so that an edit is noticed.

Nothing here is slow to import: what is kept can be shown at once.
"""

import json
import shutil
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from .files import write_whole

#: The folders whose functions are compiled; those above them only call them, so that an edit there compiles nothing.
COMPILED = ("core", "problems", "algorithms")
#: The folders on which a computed number can depend.
COMPUTED = (*COMPILED, "theory", "sweeps")
_KEPT_FOLDERS = 3


def package_sources(folders: tuple[str, ...] = COMPUTED) -> list[Path]:
    """Return the Python files of these folders of the package in a fixed order."""
    root = Path(__file__).resolve().parents[1]
    return sorted(file for folder in folders for file in (root / folder).rglob("*.py"))


@cache
def sources_digest(folders: tuple[str, ...] = COMPUTED) -> str:
    """Return a hash of all sources in these folders, by default of all that a computed number can depend on."""
    digest = blake2b(digest_size=8)
    for file in package_sources(folders):
        digest.update(f"{file.parent.name}/{file.name}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()


@cache
def cache_folder(kind: str, folders: tuple[str, ...] = COMPILED) -> Path:
    """Return the folder on disk for results of one kind that only the present sources in these folders may read.

    The folders of older sources are removed, but for the last two: a second checkout may be using them.
    """
    base = user_cache_path("rootkappa") / kind
    folder = base / sources_digest(folders)
    try:
        if not folder.exists() and base.exists():
            stale = sorted(base.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
            for path in stale[_KEPT_FOLDERS - 1 :]:
                shutil.rmtree(path, ignore_errors=True)
    except OSError:
        pass  # the folder may not be read, or another process is clearing it up
    return folder


def kept(name: str, make: Callable[[], Any]) -> Any:
    """Return what follows from the sources alone, as JSON knows it: made once for these sources, and then read.

    Parameters
    ----------
    name : str
        What it is called.
    make : callable
        ``make()`` returns it, of lists, mappings, texts and numbers.
    """
    # Draws may be others in another NumPy.
    file = cache_folder("kept", COMPUTED) / f"{name} {version('numpy')}.json"
    with suppress(OSError, ValueError):
        return json.loads(file.read_text(encoding="utf-8"))
    content = json.dumps(make())
    with suppress(OSError):  # else it is made again next time
        write_whole(file, content.encode())
    return json.loads(content)

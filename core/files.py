"""The files that a command writes: writable before the first computation, and whole whenever they are there."""

import errno
import json
import os
from contextlib import suppress
from pathlib import Path

from .errors import InputError


def checked_folder(path: str | os.PathLike[str]) -> Path:
    """Return a folder that files can be written to, made with the first of them; anything else is an InputError."""
    folder = Path(path)
    check_writable(folder / "any")
    return folder


def check_writable(file: Path) -> None:
    """Raise an InputError if a file could not be written: better now than after an hour of computing.

    Folders that are missing are made when something is written, so that a command that is refused leaves nothing.
    """
    if os.path.isdir(file):
        raise InputError(f"output {str(file)!r} is a folder: give the path of a file.")
    if is_special(file) and os.access(file, os.W_OK):
        return  # a pipe is not opened to try it: that would wait for its reader
    try:
        with suppress(FileNotFoundError):
            os.stat(file)  # names that are too long
        folder = next(folder for folder in file.absolute().parents if os.path.lexists(folder))
        part = folder / _beside(file).name
        part.touch()
        part.unlink()
    except OSError as error:
        named = file if error.errno == errno.ENAMETOOLONG else file.parent
        raise InputError(
            f"output {str(named)!r} cannot be written ({error.strerror}): give a folder that you can write to."
        ) from None


def write_whole(file: Path, content: bytes) -> None:
    """Write a file so that nobody ever sees a part of it: beside its place first, then moved there.

    Parameters
    ----------
    file : Path
        Its folder is made if it is missing. What is no plain file, such as ``/dev/stdout``, cannot be replaced and is
        written to.
    content : bytes
        All of it.

    Raises
    ------
    OSError
        If it cannot be written; a file of that name is then left as it was.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     write_whole(Path(folder, "a.json"), b"[]")
    ...     [(path.name, path.read_bytes()) for path in Path(folder).iterdir()]
    [('a.json', b'[]')]
    """
    if is_special(file):
        file.write_bytes(content)
        return
    part = _beside(file)
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        part.write_bytes(content)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def write_text(file: Path, text: str) -> None:
    """Write a text with :func:`write_whole`; where that fails, an InputError says so.

    The name of a file may hold bytes that are no text: they are written as JSON writes them.
    """
    try:
        write_whole(file, text.encode(errors="backslashreplace"))
    except OSError as error:
        raise InputError(
            f"output {str(file)!r} cannot be written ({error.strerror}): give a file on a disk with room for it."
        ) from None


def write_json(file: Path, records: object) -> None:
    """Write records as JSON with :func:`write_text`."""
    write_text(file, f"{json.dumps(records, indent=1, ensure_ascii=False)}\n")


def _beside(file: Path) -> Path:
    return file.with_name(f".{file.name}.{os.getpid()}.part")


def is_special(file: Path) -> bool:
    """Return whether a path is that of something else than a file, such as a pipe, which is written to only once."""
    return os.path.islink(file) or (os.path.exists(file) and not os.path.isfile(file))

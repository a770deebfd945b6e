"""A file to start from: a method with a theorem of its own, or a copy of a shipped one."""

import os
import re
from pathlib import Path

from ...core.errors import InputError
from ...core.files import check_writable, write_whole
from .method import get

_TEMPLATE = Path(__file__).with_name("template.txt")


def template(like: str | None = None) -> str:
    """Return the text of a method's file that can be verified as it is.

    Parameters
    ----------
    like : str, optional
        The name of a shipped method to copy; by default a method that states a theorem of its own.

    Raises
    ------
    InputError
        If there is no such method.

    Examples
    --------
    >>> template("scaffnew").splitlines()[15]
    'from rootkappa.algorithms.parts import Coin, Dense, average, communicate, implements, letters'
    """
    if like is None:
        return _TEMPLATE.read_text(encoding="utf-8")
    text = Path(get(like).module.__file__ or "").read_text(encoding="utf-8")
    root = __name__.partition(".")[0]
    text = re.sub(r"^from \.\.(\w)", rf"from {root}.\1", text, flags=re.MULTILINE)
    text = re.sub(r"^from \.(\w)", rf"from {root}.algorithms.\1", text, flags=re.MULTILINE)
    return re.sub(r"^from \. import", f"from {root}.algorithms import", text, flags=re.MULTILINE)


def write_template(path: Path, like: str | None = None) -> None:
    """Write such a file; one that is there is left alone.

    Raises
    ------
    InputError
        If the file exists, cannot be written or does not end in .py, its folder is missing, or there is no method to
        copy.
    """
    if path.suffix != ".py":
        raise InputError(f"file {str(path)!r} is no Python file: give a name that ends in .py.")
    if os.path.lexists(path):
        raise InputError(f"file {str(path)!r} exists, and nothing is written over it: give another name.")
    if not os.path.isdir(path.parent):
        raise InputError(
            f"folder {str(path.parent)!r} of the file does not exist: make it first, or give a path in one that does."
        )
    text = template(like)
    check_writable(path)
    write_whole(path, text.encode())

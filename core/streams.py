"""What is printed: on streams that no print fails on, without what a terminal would take for a command."""

import io
from typing import Any


class _Lasting(io.RawIOBase):
    """A stream that outlasts its reader: what nobody takes any more is dropped."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._raw.fileno()

    def isatty(self) -> bool:
        return self._raw.isatty()

    def write(self, data: Any, /) -> int:
        try:
            return self._raw.write(data)
        except OSError:
            return len(data)


def lasting(stream: Any) -> Any:
    """Return a text stream to the same place on which no print fails.

    Parameters
    ----------
    stream : text stream or None
        Standard output or error. What has no file behind it is returned as it is.

    Returns
    -------
    text stream or None
        What its encoding lacks becomes a question mark, and what cannot be written is dropped.

    Examples
    --------
    >>> from tempfile import TemporaryFile
    >>> with TemporaryFile("w", encoding="ascii") as stream:
    ...     print("κ", file=lasting(stream))
    """
    buffer = getattr(stream, "buffer", None)
    raw = getattr(buffer, "raw", buffer)  # unbuffered Python has no layer between
    if not isinstance(raw, io.RawIOBase):
        return stream
    stream.flush()
    lasts = io.BufferedWriter(_Lasting(raw))
    # Written through: some libraries print on the stream and some on the buffer below it.
    return io.TextIOWrapper(lasts, stream.encoding, "replace", line_buffering=raw.isatty(), write_through=True)


def printable(text: str) -> str:
    """Return a text whose control characters are written as escapes: the name of a file may hold any.

    Examples
    --------
    >>> printable(f"κ{chr(27)}[31mred") == f"κ{chr(92)}x1b[31mred"
    True
    """
    return "".join(mark if mark.isprintable() or mark in "\n\t" else repr(mark)[1:-1] for mark in text)

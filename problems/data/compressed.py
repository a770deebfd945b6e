"""Compressed files, undone in full and up to a size: what follows the data is no padding by courtesy."""

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable
from io import BytesIO
from typing import Any

SUFFIXES = (".xz", ".gz", ".bz2")
"""How the name of a compressed file ends."""

LARGEST = 2**30
"""Bytes that a file may expand to: a few hundred kB can hold gigabytes of one repeated line."""


class TooLarge(ValueError):
    """What a file holds expands beyond the size that was asked for."""


def decompress(data: bytes, suffix: str, limit: int = LARGEST) -> bytes:
    """Undo the compression that a file's suffix names; other suffixes leave the bytes as they are.

    Parameters
    ----------
    data : bytes
        What the file holds: one compressed stream or several, and the padding that the format allows.
    suffix : str
        ".gz", ".bz2", ".xz", or anything else for plain data.
    limit : int
        How many bytes may come out.

    Returns
    -------
    bytes

    Raises
    ------
    TooLarge
        If more bytes than that come out.
    ValueError
        If the compressed data is corrupt, cut short, or followed by something else.

    Examples
    --------
    >>> import gzip
    >>> decompress(gzip.compress(b"+1 1:2"), ".gz")
    b'+1 1:2'
    """
    undo = {".gz": _gzip, ".bz2": _bz2, ".xz": _xz}.get(suffix)
    if undo is None:
        return data
    try:
        plain = undo(data, limit + 1)
    except (EOFError, OSError, ValueError, MemoryError, lzma.LZMAError, zlib.error) as error:
        raise ValueError(f"not a complete {suffix} file") from error
    if len(plain) > limit:
        raise TooLarge(f"larger than {limit} bytes once it is decompressed")
    return plain


def _gzip(data: bytes, room: int) -> bytes:
    with gzip.GzipFile(fileobj=BytesIO(data)) as file:
        return file.read(room)


def _bz2(data: bytes, room: int) -> bytes:
    return _streams(data, room, bz2.BZ2Decompressor, lambda rest: rest)


def _xz(data: bytes, room: int) -> bytes:
    return _streams(data, room, lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ), _without_xz_padding)


def _streams(data: bytes, room: int, new: Callable[[], Any], without_padding: Callable[[bytes], bytes]) -> bytes:
    """Return up to so many bytes of one or more streams; the libraries' own functions ignore what is no stream."""
    parts: list[bytes] = []
    while True:
        stream = new()
        parts.append(stream.decompress(data, room))
        room -= len(parts[-1])
        if room == 0:
            return b"".join(parts)
        if not stream.eof:
            raise EOFError("cut short")
        data = without_padding(stream.unused_data)
        if not data:
            return b"".join(parts)


def _without_xz_padding(rest: bytes) -> bytes:
    """Return what follows the null bytes that may stand behind a stream, in fours."""
    left = rest.lstrip(b"\0")
    if (len(rest) - len(left)) % 4:
        raise ValueError("the padding is no multiple of four bytes")
    return left

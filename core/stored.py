"""Compiled code on disk that is what was stored: whatever else lies in its place is compiled again."""

import pickle
from hashlib import blake2b
from pathlib import Path
from typing import Any

from numba.core.caching import IndexDataCacheFile

_DIGEST = 16


class CheckedFiles(IndexDataCacheFile):
    """The files of one compiled function, each behind a hash of its content.

    Numba takes what it finds: a file that was cut short, damaged or replaced would stop every later run, and object
    code with one bit turned would be run.
    """

    def _load_index(self) -> dict[Any, str]:
        try:
            version, stamp, overloads = self._unpacked(Path(self._index_path))
        except OSError:
            return {}
        return overloads if (version, stamp) == (self._version, self._source_stamp) else {}

    def _save_index(self, overloads: dict[Any, str]) -> None:
        self._write(self._index_path, (self._version, self._source_stamp, overloads))

    def _load_data(self, name: str) -> Any:
        return self._unpacked(Path(self._data_path(name)))

    def _save_data(self, name: str, data: Any) -> None:
        self._write(self._data_path(name), data)

    def _write(self, path: str, thing: Any) -> None:
        content: bytes = self._dump(thing)
        with self._open_for_write(path) as file:
            file.write(_digest(content) + content)

    def _unpacked(self, path: Path) -> Any:
        """Return what a file holds; if that is not what was stored the file is removed, and an OSError says so."""
        packed = path.read_bytes()
        digest, content = packed[:_DIGEST], packed[_DIGEST:]
        try:
            if digest == _digest(content):
                return pickle.loads(content)
        except Exception:
            pass  # it names a class that is gone, which raises whatever looking for it hits
        path.unlink(missing_ok=True)
        raise OSError(f"{path} is damaged")


def _digest(content: bytes) -> bytes:
    return blake2b(content, digest_size=_DIGEST).digest()

"""The verdicts that a command has finished, in its files whenever it ends."""

from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from .common import say

if TYPE_CHECKING:
    from ..theory.verdict import Verdict


class Finished:
    """Verdicts that are written as they come; an interrupt leaves those that were finished, and says how many.

    Parameters
    ----------
    files : sequence of Path
        Where to: each is written beside its place and then moved there.
    count : int
        How many methods there are, each counted on each problem.
    """

    def __init__(self, files: Sequence[Path], count: int) -> None:
        self._files, self._count, self._done = files, count, 0
        self._begun: tuple[str, int, int, str] | None = None
        self._partial = list["Verdict"]()
        self.verdicts = list["Verdict"]()
        """Those of methods that were finished."""

    def begin(self, method: str, kinds: int, what: str = "kinds of evidence") -> "Callable[[list[Verdict]], None]":
        """Return what is to be told the verdicts on a method after each of so many kinds of evidence, or others."""
        finished = 0

        def heard(verdicts: "list[Verdict]") -> None:
            nonlocal finished
            finished += 1
            self._partial, self._begun = verdicts, (method, finished, kinds, what)

        self._begun = method, 0, kinds, what
        return heard

    def add(self, verdicts: "list[Verdict]") -> None:
        """Take and write the verdicts on a method."""
        self.verdicts += verdicts
        self._done += 1
        self._begun, self._partial = None, []
        self._write(self.verdicts)

    def _write(self, verdicts: "list[Verdict]") -> None:
        from ..core.files import write_json

        for file in self._files:
            write_json(file, [verdict.record() for verdict in verdicts])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: TracebackType | BaseException | None) -> None:
        if kind is None or not issubclass(kind, KeyboardInterrupt) or not self._files:
            return
        found = self.verdicts + self._partial
        self._write(found)
        told = f"{len(found)} finished verdicts are in {' and '.join(map(str, self._files))}, with those of "
        told += f"{self._done} of {self._count} methods in full"
        told += " (each counted on each problem)" if self._count > 1 else ""
        if self._begun is not None:
            method, finished, kinds, what = self._begun
            told += f" and of {finished} of {kinds} {what} of {method}"
        say(f"{told}.", True)

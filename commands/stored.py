"""What commands do with stored results: draw them, time them, and complete a study."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from .. import plots
from .common import command_line

if TYPE_CHECKING:
    from ..algorithms import Clock
    from ..core.errors import InputError
    from ..sweeps import ProblemSpec, Store


def clock_of(text: str | None) -> "Clock | None":
    """Return the clock that an option describes."""
    from ..algorithms import Clock

    return None if text is None else Clock.read(text)


def timed(
    store: "Store", clock: "Clock", keys: Iterable[str] | None = None, *, runs_files: bool = False
) -> "list[InputError]":
    """Store what paths lack of seconds by a clock, and return why some still do."""
    from ..sweeps.clocks import add_seconds
    from ..terminal import progress_bars

    with progress_bars() as bars:
        task = bars.add_task("seconds", total=None)
        return add_seconds(
            store,
            clock,
            keys,
            runs_files=runs_files,
            progress=lambda done, total: bars.update(task, completed=done, total=total),
        )


def drawn(
    kind: str, store: "Store", keys: list[str] | None, folder: Path, refused: list[Exception], **told: str
) -> list[Path]:
    """Write the figures of one kind; what cannot be drawn stops no other."""
    return plots.write(kind, store, keys, folder, command_line(), lambda _, error: refused.append(error), **told)


def studied(study: str, store: "Store", specs: "list[ProblemSpec]") -> list[str]:
    """Compute what the store lacks of a study, and return the keys of all of it."""
    from ..sweeps import run_cells
    from ..sweeps.studies import study_cells
    from ..terminal import progress_bars

    cells = study_cells(study, specs)
    with progress_bars() as bars:
        task = bars.add_task(study, total=len(cells))
        run_cells(cells, store, lambda done: bars.update(task, completed=done))
    return [cell.key() for cell in cells]

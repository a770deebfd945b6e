"""Simulated seconds beside stored paths: drawn again from each path's seed, and kept as a column of its trace."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from ..algorithms.driver.method import find, names
from ..algorithms.driver.run import seconds
from ..algorithms.parts.clock import Clock
from ..core.errors import InputError
from ..theory.case import Case
from ..theory.theorem import promised_by
from ..theory.verify import blaming
from .cells import Cell
from .store import Store

if TYPE_CHECKING:
    import pandas as pd


def column(clock: Clock) -> str:
    """Return the name of a trace's column of seconds by a clock.

    Examples
    --------
    >>> column(Clock(speeds=1.0))
    'seconds by compute=1ms up=1Mbit down=10Mbit latency=50ms speeds=1'
    """
    return f"seconds by {clock}"


def add_seconds(
    store: Store,
    clock: Clock,
    keys: Iterable[str] | None = None,
    *,
    runs_files: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> list[InputError]:
    """Add seconds by a clock to the traces of a store that have none; only what is drawn is computed for it.

    Parameters
    ----------
    store : Store
        Where the paths are.
    clock : Clock
        The clock.
    keys : iterable of str, optional
        Of the cells; by default of all.
    runs_files : bool
        Whether a user's files may be run that the cells name: only who has named them himself wants that.
    progress : callable, optional
        Called with how many cells are done, and of how many.

    Returns
    -------
    list of InputError
        For each method that has paths without seconds now: why.
    """
    cells, name = store.cells(keys), column(clock)
    traces = dict(iter(store.traces(cells["key"]).groupby("key")))
    refused: dict[str, InputError] = {}
    for place, (_, row) in enumerate(cells.iterrows()):
        own = traces.get(row["key"])
        if own is not None and (name not in own or own[name].isna().any()):
            try:
                store.add(row["key"], name, _seconds(row, own, clock, runs_files))
            except InputError as error:
                refused.setdefault(row["method"], error)
        if progress:
            progress(place + 1, len(cells))
    return list(refused.values())


def _seconds(row: "pd.Series", trace: "pd.DataFrame", clock: Clock, runs_files: bool) -> Any:
    """Return when the recorded rounds of a path end."""
    method = row["method"]
    if isinstance(row.get("study"), str):
        raise InputError(f"paths of the study {row['study']} have no seconds: run rootkappa sweep {method} --clock.")
    if not runs_files and method not in names():
        raise InputError(
            f"paths of {method} have no seconds by {clock}, and no file is run that a store names: run rootkappa sweep "
            f"{method} --clock {str(clock)!r} with its other options."
        )
    cell = Cell.from_row(row)
    if cell.key() != row["key"]:
        raise InputError(
            f"paths of {method} are of other code or other data than there are now: run again what has made them."
        )
    found = find(method)
    with blaming(found):
        case = Case(found, promised_by(found), cell.spec.build(), dict(cell.changes), cell.seed)
        # What is declared is what was sent, unless a method says what it has sent in fact.
        bits = [trace[name].to_numpy() for name in ("bits_up", "bits_down")] if hasattr(found.module, "spent") else None
        return seconds(case.method, case.problem, case.params, trace["round"].astype(int), cell.seed, clock, bits)

"""One SQLite file that holds every finished cell of a sweep: its configuration, its result and its trace."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, Self

from ..algorithms.driver.trace import COLUMNS as TRACE_COLUMNS
from ..core.errors import InputError, complaint

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

# "RKap": marks the file as ours in its header, so that no other program's database is ever written to.
_APPLICATION = 0x524B6170
_VERSION = 2
_BUSY_SECONDS = 60.0

# The trace's columns have no declared type because SQLite turns -0.0 into 0.0 in a column declared REAL; the
# check keeps them typed. NaN is stored as NULL.
_SCHEMA = (
    """CREATE TABLE cells (
        cell INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE,
        configuration TEXT NOT NULL, result TEXT NOT NULL, cell_sum TEXT, trace_sum TEXT)""",
    f"""CREATE TABLE points (
        cell INTEGER NOT NULL REFERENCES cells ON DELETE CASCADE, place INTEGER NOT NULL,
        {", ".join(f"{name} CHECK (typeof({name}) IN ('real', 'null'))" for name in TRACE_COLUMNS)},
        PRIMARY KEY (cell, place)) WITHOUT ROWID""",
    f"""CREATE VIEW traces AS
        SELECT key, {", ".join(TRACE_COLUMNS)} FROM points JOIN cells USING (cell) ORDER BY cell, place""",
    f"PRAGMA application_id = {_APPLICATION}",
    f"PRAGMA user_version = {_VERSION}",
)
# What only some traces have, such as a promise; a store made before there was any is given the table when it is opened.
_OBSERVED = """CREATE TABLE IF NOT EXISTS observed (
    cell INTEGER NOT NULL REFERENCES cells ON DELETE CASCADE, name TEXT NOT NULL, place INTEGER NOT NULL,
    value CHECK (typeof(value) IN ('real', 'null')),
    PRIMARY KEY (cell, name, place)) WITHOUT ROWID"""


# Without it whatever is written would be looked for in all that is there. A store that was made before is given it too.
_FOUND_BY = "CREATE INDEX IF NOT EXISTS configurations ON cells (configuration)"

_INSERTED = "INSERT INTO cells (key, configuration, result, cell_sum, trace_sum) VALUES (?, ?, ?, ?, ?)"
# So many rows are inserted by one statement, whose values are fewer than any SQLite takes: each statement lets another
# thread have the interpreter, and to get it back takes longer than to insert a row.
_ROWS_AT_ONCE = 64

# The first format had no sums: what stands in such a store when it is opened to be written to is taken for true.
_SUMS = ("ALTER TABLE cells ADD COLUMN cell_sum TEXT", "ALTER TABLE cells ADD COLUMN trace_sum TEXT")
_HEADER = b"SQLite format 3\0"
# What says that a file may not be used now; any other error means that it does not hold what it should.
_OBSTACLES = {
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_TOOBIG,
}  # fmt: skip


class Store:
    """The finished cells of a sweep, in one SQLite file.

    No cell is written in more than one transaction: a process that is killed leaves whole cells only. The threads of
    one process may share a store, and two processes may open the same file. Each cell and each trace has a hash beside
    it, so that damage is noticed when they are read.

    Parameters
    ----------
    path : str or os.PathLike
        The file. It and its folder are created if they do not exist.
    read_only : bool
        Whether the file is only read: it has to exist, and nothing is written beside it.

    Raises
    ------
    InputError
        If the file cannot be created, read or written, is damaged, or is not a Rootkappa store.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder, Store(f"{folder}/sweep.sqlite") as store:
    ...     store.put("a1", {"method": "scaffnew", "kappa": 100.0}, {"rounds": 61}, None)
    ...     print(store.cells().to_string(index=False))
    key   method  kappa  rounds
     a1 scaffnew  100.0      61
    """

    def __init__(self, path: str | os.PathLike[str], *, read_only: bool = False) -> None:
        self.path = Path(path)
        self._lock = RLock()
        try:
            if not read_only:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            self._refuse_other_files()
            self._connection = self._connected(read_only)
        except (OSError, ValueError, sqlite3.Error) as error:
            raise error if isinstance(error, InputError) else self._unusable(error) from error
        try:
            with self._errors_told():
                self._prepare(read_only)
            self._identity = self._present_identity()
        except BaseException:
            self.close()
            raise

    def _refuse_other_files(self) -> None:
        """Refuse what SQLite would take for an empty database, and write over."""
        if os.path.exists(self.path) and not os.path.isfile(self.path):
            raise self._unusable("it is no file")
        if os.path.isfile(self.path):
            with self.path.open("rb") as file:
                header = file.read(len(_HEADER))
            if header not in (b"", _HEADER):
                raise self._foreign("is not a SQLite database")

    def _connected(self, read_only: bool) -> sqlite3.Connection:
        # An absolute path: sqlite3 reads names such as ":memory:" in its own way.
        place = self.path.absolute()
        if read_only:
            if not os.path.isfile(place):
                raise self._unusable("it does not exist")
            # Without a log beside it nobody is writing to the file, and SQLite need not write beside it either.
            has_log = any(os.path.exists(f"{place}{end}") for end in ("-wal", "-journal"))
            place = place.as_uri() + ("?mode=ro" if has_log else "?immutable=1")
        return sqlite3.connect(
            place, uri=read_only, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; a store that is closed cannot be used again."""
        with self._lock:
            self._connection.close()

    def keys(self) -> set[str]:
        """Return the keys of the finished cells; one whose result says that it ``failed`` is none."""
        return {key for key, _, result in self._listed(None)[0] if result.get("failed") is None}

    def put(
        self,
        key: str,
        configuration: dict[str, Any],
        result: dict[str, Any],
        trace: pd.DataFrame | Mapping[str, NDArray[np.float64]] | None,
    ) -> None:
        """Write one finished cell, in one transaction; it replaces a cell of the same key or configuration.

        Parameters
        ----------
        key : str
            The cell's key.
        configuration, result : dict
            Field names to values that are str, int, float (NaN and infinities too), bool or None. No field is
            in both, and none is called ``key``.
        trace : pandas.DataFrame, mapping of str to ndarray of float64, or None
            The columns ``TRACE_COLUMNS`` and any others, in any order, of numbers; they are kept as float64.

        Raises
        ------
        InputError
            If a field or a column does not fit, or the file cannot be written.
        """
        self.put_all([(key, configuration, result, trace)])

    def put_all(self, cells: Iterable[tuple[str, dict[str, Any], dict[str, Any], Any]]) -> None:
        """Write some finished cells in one transaction, each given as the arguments of :meth:`put`.

        Raises
        ------
        InputError
            As of :meth:`put`; then none of them is written.
        """
        written = [_written(*cell) for cell in cells]
        with self._transaction("IMMEDIATE") as execute:
            for fields, rows, more in written:
                # The same configuration under another key was computed by older code, or from other data.
                execute("DELETE FROM cells WHERE key = ? OR configuration = ?", fields[:2])
                cell = execute(_INSERTED, fields).lastrowid
                self._insert("points", [(cell, place, *row) for place, row in enumerate(rows)])
                self._insert("observed", [(cell, *point) for point in more])
        if self._present_identity() != self._identity:
            raise InputError(
                f"store = {str(self.path)!r} was removed or replaced while it was written to, and what was computed "
                "is lost: leave it where it is, and run again."
            )

    def add(self, key: str, name: str, values: Iterable[float]) -> None:
        """Write one more column of the trace of a cell, in one transaction; it replaces one of the same name.

        Parameters
        ----------
        key : str
            The cell's key.
        name : str
            The column's name, none of ``TRACE_COLUMNS``.
        values : iterable of float
            One for each row of the trace.

        Raises
        ------
        InputError
            If there is no such cell, the column does not fit, or the file cannot be written.
        """
        column = [float(value) for value in values]
        with self._transaction("IMMEDIATE") as execute:
            self._listed([key])
            rows, _ = self._checked_trace(key)
            if len(column) != len(rows) or name in (*TRACE_COLUMNS, "key"):
                raise InputError(
                    f"column {name!r} of {len(column)} numbers does not fit a trace of {len(rows)} rows: give one "
                    "number for each row, under a name of its own."
                )
            cell = self._field("cell", key)
            execute("DELETE FROM observed WHERE cell = ? AND name = ?", (cell, name))
            self._insert("observed", [(cell, name, place, value) for place, value in enumerate(column)])
            execute("UPDATE cells SET trace_sum = ? WHERE cell = ?", (_trace_sum(*self._trace(key)), cell))

    def cells(self, keys: Iterable[str] | None = None) -> pd.DataFrame:
        """Return one row a cell: ``key``, the fields of the configuration, the fields of the result.

        The order of rows and columns depends on the cells alone, not on when they were written: the
        configuration's columns sort the rows, from left to right.

        Parameters
        ----------
        keys : iterable of str, optional
            The cells, in the order that is wanted. Without it: all cells.

        Returns
        -------
        pandas.DataFrame
            Columns of int, of bool and of float have those types; a column of floats holds NaN for a field
            that is None or missing. Any other column has dtype object and holds the values as they are.

        Raises
        ------
        InputError
            If a key is not in the store.
        """
        import pandas as pd

        cells, fields, answers = self._listed(keys)
        columns = {"key": pd.Series([key for key, _, _ in cells], dtype=object)}
        for name in [*fields, *answers]:
            columns[name] = _column([(given | found).get(name) for _, given, found in cells])
        return pd.DataFrame(columns)

    def traces(self, keys: Iterable[str] | None = None) -> pd.DataFrame:
        """Return the traces of some cells, one below the other.

        Parameters
        ----------
        keys : iterable of str, optional
            The cells, in the order that is wanted. Without it: all cells, in the order of `cells`.

        Returns
        -------
        pandas.DataFrame
            ``key``, the columns ``TRACE_COLUMNS`` and, sorted, whatever else one of these traces has (float64; NaN in
            those that do not have it). A cell without a trace has no rows.

        Raises
        ------
        InputError
            If a key is not in the store.
        """
        import numpy as np
        import pandas as pd

        names, blocks, others = [], [np.empty((0, len(TRACE_COLUMNS)))], {}
        with self._transaction("DEFERRED"):
            for key, _, _ in self._listed(keys)[0]:
                rows, observed = self._checked_trace(key)
                for name, place, value in observed:
                    others.setdefault(name, {})[len(names) + place] = value
                names += [key] * len(rows)
                # The shape is given because a trace may have no rows; None becomes NaN.
                blocks.append(np.array(rows, dtype=np.float64).reshape(len(rows), len(TRACE_COLUMNS)))
        frame = pd.DataFrame(np.concatenate(blocks), columns=list(TRACE_COLUMNS))
        frame.insert(0, "key", pd.Series(names, dtype=object))
        for name in sorted(others):
            frame[name] = pd.Series(others[name], index=frame.index, dtype="float64")
        return frame

    def _prepare(self, read_only: bool) -> None:
        """Create the tables in a new file; refuse a foreign file before anything is written to it."""
        execute = self._connection.execute
        execute("PRAGMA foreign_keys = ON")
        # In WAL mode a killed process loses nothing that it committed, even without a sync after each commit.
        execute("PRAGMA synchronous = NORMAL")
        if self._is_empty() and not read_only:
            with self._transaction("IMMEDIATE"):
                if self._is_empty():  # another process may have been faster
                    for statement in _SCHEMA:
                        execute(statement)
        (application,) = execute("PRAGMA application_id").fetchone()
        (version,) = execute("PRAGMA user_version").fetchone()
        if application != _APPLICATION:
            raise self._foreign("is a SQLite database of another program")
        if version not in range(1, _VERSION + 1):
            raise self._foreign(f"is a store of format {version} where this version reads {_VERSION}")
        self._has_sums = version > 1
        if read_only:
            return
        execute(_OBSERVED)
        execute(_FOUND_BY)
        if not self._has_sums:
            self._add_sums()
        deadline = time.monotonic() + _BUSY_SECONDS
        while execute("PRAGMA journal_mode").fetchone() != ("wal",):
            try:
                execute("PRAGMA journal_mode = WAL")
                break  # a file system without shared memory keeps its own mode, which is as safe
            except sqlite3.OperationalError:
                # The busy timeout does not cover this statement when two processes create the store together.
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)

    def _add_sums(self) -> None:
        with self._transaction("IMMEDIATE") as execute:
            if execute("PRAGMA user_version").fetchone() == (1,):  # another process may have been faster
                for statement in _SUMS:
                    execute(statement)
                for key, configuration, result in execute("SELECT key, configuration, result FROM cells").fetchall():
                    sums = _cell_sum(key, configuration, result), _trace_sum(*self._trace(key))
                    execute("UPDATE cells SET cell_sum = ?, trace_sum = ? WHERE key = ?", (*sums, key))
                execute(f"PRAGMA user_version = {_VERSION}")
        self._has_sums = True

    def _insert(self, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert rows into a table."""
        for first in range(0, len(rows), _ROWS_AT_ONCE):
            some = rows[first : first + _ROWS_AT_ONCE]
            places = ", ".join([f"({', '.join('?' * len(some[0]))})"] * len(some))
            self._connection.execute(f"INSERT INTO {table} VALUES {places}", [value for row in some for value in row])

    def _is_empty(self) -> bool:
        (application,) = self._connection.execute("PRAGMA application_id").fetchone()
        (tables,) = self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        return application == 0 and tables == 0

    @contextmanager
    def _transaction(self, mode: str) -> Generator[Any]:
        """Hold the lock and a transaction around a block; what the block raises undoes what it wrote."""
        with self._lock, self._errors_told():
            try:
                self._connection.execute(f"BEGIN {mode}")
                yield self._connection.execute
                self._connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _errors_told(self) -> Generator[None]:
        """Tell of what SQLite raises in one sentence."""
        try:
            yield
        except sqlite3.IntegrityError:
            raise  # a mistake in what was to be written
        except (sqlite3.Error, UnicodeError) as error:
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
            if code == sqlite3.SQLITE_NOTADB:
                raise self._foreign("is not a SQLite database") from error
            raise self._unusable(error) if code in _OBSTACLES else self._damaged(complaint(error)) from error

    def _listed(
        self, keys: Iterable[str] | None
    ) -> tuple[list[tuple[str, dict[str, Any], dict[str, Any]]], list[str], list[str]]:
        """Return some cells or all in their order, the configuration's columns and the result's columns."""
        sums = "cell_sum" if self._has_sums else "NULL"
        with self._lock, self._errors_told():
            texts = self._connection.execute(f"SELECT key, configuration, result, {sums} FROM cells").fetchall()
        held = {row[0]: self._checked_cell(*row) for row in texts}
        wanted = list(held if keys is None else dict.fromkeys(keys))
        for key in wanted:
            if key not in held:
                raise InputError(f"key = {key!r} is not in {self.path}: take keys that keys() lists.")
        cells = [held[key] for key in wanted]
        fields = _merged(configuration for _, configuration, _ in cells)
        answers = [name for name in _merged(result for _, _, result in cells) if name not in fields]
        if keys is None:
            cells.sort(key=lambda cell: ([_rank(cell[1].get(name)) for name in fields], cell[0]))
        return cells, fields, answers

    def _checked_cell(
        self, key: str, configuration: str, result: str, found: str | None
    ) -> tuple[str, dict[str, Any], dict[str, Any]]:
        given: Any = None
        answer: Any = None
        with suppress(TypeError, ValueError):
            given, answer = json.loads(configuration), json.loads(result)
        is_whole = isinstance(given, dict) and isinstance(answer, dict)
        if not is_whole or (self._has_sums and found != _cell_sum(key, configuration, result)):
            raise self._damaged(f"cell {key!r} is not what was written")
        return key, given, answer

    def _trace(self, key: str) -> tuple[list[tuple[Any, ...]], list[tuple[str, int, Any]]]:
        """Return the rows of a trace, and what it has besides: name, place and value."""
        execute, select = self._connection.execute, f"SELECT {', '.join(TRACE_COLUMNS)} FROM points"
        cell = self._field("cell", key)
        rows = execute(f"{select} WHERE cell = ? ORDER BY place", (cell,)).fetchall()
        is_there = execute("SELECT count(*) FROM sqlite_master WHERE name = 'observed'").fetchone() != (0,)
        select = "SELECT name, place, value FROM observed WHERE cell = ? ORDER BY name, place"
        return rows, execute(select, (cell,)).fetchall() if is_there else []

    def _checked_trace(self, key: str) -> tuple[list[tuple[Any, ...]], list[tuple[str, int, Any]]]:
        rows, observed = self._trace(key)
        if self._has_sums and self._field("trace_sum", key) != _trace_sum(rows, observed):
            raise self._damaged(f"the trace of cell {key!r} is not what was written")
        return rows, observed

    def _field(self, name: str, key: str) -> Any:
        found = self._connection.execute(f"SELECT {name} FROM cells WHERE key = ?", (key,)).fetchone()
        if found is None:
            raise self._damaged(f"cell {key!r} is not found by its key")
        return found[0]

    def _present_identity(self) -> tuple[int, int] | None:
        try:
            status = self.path.stat()
        except OSError:
            return None
        return status.st_dev, status.st_ino

    def _unusable(self, error: Exception | str) -> InputError:
        return InputError(
            f"store = {str(self.path)!r} cannot be used ({error}): give the path of a file in a folder "
            "that you can write to, and let no other program hold it locked."
        )

    def _damaged(self, what: str) -> InputError:
        return InputError(
            f"store = {str(self.path)!r} is damaged ({what}): move it away, and run again to make it anew."
        )

    def _foreign(self, what: str) -> InputError:
        return InputError(f"store = {str(self.path)!r} {what}: give the path of a Rootkappa store or of a new file.")


def _written(
    key: str, configuration: dict[str, Any], result: dict[str, Any], trace: Any
) -> tuple[tuple[str, ...], list[list[float]], list[tuple[str, int, float]]]:
    """Return what of a cell is written: its own fields, the rows of its trace, and what else that has."""
    twice = ({"key"} & (configuration.keys() | result.keys())) | (configuration.keys() & result.keys())
    if twice:
        raise InputError(f"field {min(twice)!r} would be two columns of one table: rename one of the two.")
    texts = _encoded("configuration", configuration), _encoded("result", result)
    rows, observed = ([], {}) if trace is None else _rows(trace)
    more = [(name, place, x) for name, column in sorted(observed.items()) for place, x in enumerate(column)]
    return (key, *texts, _cell_sum(key, *texts), _trace_sum(rows, more)), rows, more


def _cell_sum(key: str, configuration: str, result: str) -> str:
    return _sum([key, configuration, result])


def _trace_sum(rows: Sequence[Sequence[Any]], observed: Sequence[tuple[str, int, Any]]) -> str:
    # SQLite keeps every NaN as NULL.
    numbers = [[None if value != value else value for value in row] for row in rows]
    return _sum([numbers, [(name, place, None if x != x else x) for name, place, x in observed]])


def _sum(content: list[Any]) -> str:
    # What damage has made of a number or a text may be anything.
    return blake2b(json.dumps(content, default=repr).encode(), digest_size=16).hexdigest()


def _encoded(part: str, fields: dict[str, Any]) -> str:
    """Return the fields as JSON text; Python's JSON knows NaN and Infinity and keeps every bit of a float."""
    return json.dumps({name: _plain(part, name, value) for name, value in fields.items()})


def _plain(part: str, name: str, value: Any) -> str | int | float | bool | None:
    if getattr(value, "ndim", None) == 0:
        value = value.item()  # a numpy scalar
    if value is None or isinstance(value, str | int | float | bool):
        return value
    raise InputError(f"{part}[{name!r}] = {value!r} cannot be stored: give text, a number, a bool or None.")


def _rows(trace: Any) -> tuple[list[list[float]], dict[str, list[float]]]:
    """Return the rows of the columns that every trace has, and the columns that it has besides."""
    given = [str(name) for name in trace]
    lacking = [name for name in TRACE_COLUMNS if name not in given]
    if lacking or len(set(given)) < len(given) or "key" in given:
        raise InputError(
            f"trace has the columns {', '.join(given) or '(none)'}: give {', '.join(TRACE_COLUMNS)}, "
            "and others if you like, but none twice and no key."
        )
    observed = [name for name in given if name not in TRACE_COLUMNS]
    if isinstance(trace, dict):
        columns = {name: trace[name].tolist() for name in (*TRACE_COLUMNS, *observed)}
        rows = list(map(list, zip(*(columns.pop(name) for name in TRACE_COLUMNS), strict=True)))
        return rows, columns
    try:
        numbers = trace.set_axis(given, axis="columns")[[*TRACE_COLUMNS, *observed]]
        table = numbers.to_numpy(dtype="float64", na_value=float("nan"))
    except (TypeError, ValueError) as error:
        raise InputError(f"trace holds a value that is not a number ({error}): give numbers only.") from error
    count = len(TRACE_COLUMNS)
    return table[:, :count].tolist(), dict(zip(observed, table[:, count:].T.tolist(), strict=True))


def _merged(dicts: Iterable[dict[str, Any]]) -> list[str]:
    """Return the names of all dicts; the order is that of the longest dict, then of what the others add."""
    shapes = sorted({tuple(fields) for fields in dicts}, key=lambda names: (-len(names), names))
    return list(dict.fromkeys(name for names in shapes for name in names))


def _rank(value: Any) -> tuple[int, Any]:
    """Return what a value sorts by: None, then False and True, then numbers, then NaN, then text."""
    if value is None:
        return 0, 0
    if isinstance(value, bool):
        return 1, value
    if isinstance(value, str):
        return 4, value
    return (2, value) if value == value else (3, 0)


def _column(values: list[Any]) -> pd.Series:
    import pandas as pd

    kinds = {type(value) for value in values}
    whole = [value for value in values if type(value) is int]
    # An int among floats becomes a float only if that loses nothing.
    if float in kinds and kinds <= {float, int, type(None)} and all(abs(value) <= 2**53 for value in whole):
        return pd.Series(values, dtype="float64")
    if kinds == {int} and all(-(2**63) <= value < 2**63 for value in whole):
        return pd.Series(values, dtype="int64")
    return pd.Series(values, dtype="bool" if kinds == {bool} else object)

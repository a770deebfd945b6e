"""Data as people keep them: a table with a column of labels, maybe one of clients, and features in all others."""

import re
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from importlib.util import find_spec
from io import BytesIO
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...core.checks import as_number
from ...core.errors import InputError, complaint, shown, unknown
from . import libsvm
from .compressed import SUFFIXES

if TYPE_CHECKING:
    import pandas as pd

#: How the names of files that hold tables end; text may be compressed.
TEXT = (".csv", ".tsv")
BINARY = (".parquet", ".npz", ".npy")
_NUMBERS = (Real, Decimal, np.bool_)
# Names that are shown of columns at most.
_FEW = 8


class Table(NamedTuple):
    """What a table holds.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"age": [1.0, 2.0, 4.0], "hospital": ["b", "a", "b"], "y": ["no", "yes", "no"]})
    >>> table = of_frame(frame, label="y", client="hospital")
    >>> table.features.tolist(), table.labels.tolist(), table.clients.tolist()
    ([[1.0], [2.0], [4.0]], ['no', 'yes', 'no'], ['b', 'a', 'b'])
    """

    features: NDArray[np.float64]
    """The columns that are left, in their order, shape (N, features)."""
    labels: NDArray[Any]
    """Numbers or text, shape (N,)."""
    clients: NDArray[Any] | None
    """Each sample's client, numbers or text, shape (N,); None where no column was named."""
    names: tuple[str, ...]
    """What the features are called."""


def is_table(data: object) -> bool:
    """Return whether a path is that of a file with a table, by the end of its name."""
    suffixes = [suffix.lower() for suffix in Path(str(data)).suffixes[-2:]]
    last = suffixes[-1:] if not suffixes or suffixes[-1] not in SUFFIXES else suffixes[:-1]
    return last != [] and (last[0] in TEXT or suffixes[-1] in BINARY)


def read(path: str | Path, label: str | None, client: str | None = None) -> Table:
    """Return the table of a file.

    Parameters
    ----------
    path : str or Path
        Of a .csv or .tsv with a line of names, between which are tabs, semicolons or commas, plain, .gz, .bz2 or .xz;
        of a .parquet; of a .npz with arrays of one row a sample; or of a .npy, with records or of two dimensions, whose
        columns are then called 0, 1, ..., and the last ones also -1, -2, ...
    label, client : str
        The columns of labels and of clients; in a .npz the arrays.

    Raises
    ------
    InputError
        If the file cannot be read, or it holds no such columns or what is no number.
    """
    place = Path(path).expanduser()
    if label is None:
        raise InputError(
            f"{path} is a table of which no column is named as labels: give label = (--label), one of "
            f"{_listed(_columns(libsvm.stored_bytes(place), str(place)))}."
        )
    _refuse_values(label, "label", str(path))
    _refuse_values(client, "client", str(path))
    table = _read(libsvm.stored_bytes(place), str(place), label, client)
    # What is remembered is not handed out to be changed.
    return table._replace(features=table.features.copy(), labels=table.labels.copy())


def described(path: str | Path) -> str:
    """Return a sentence about the table of a file: how many rows, and what each column holds.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    frame = _frame(libsvm.stored_bytes(Path(path).expanduser()), str(path), None)
    columns = [f"{name} ({_kind(frame[name])})" for name in frame.columns]
    shown_ones = ", ".join(columns[:_FEW]) + (f" and {len(columns) - _FEW} more" if len(columns) > _FEW else "")
    return f"{Path(path).name}: a table of {len(frame)} rows with {shown_ones}."


def _kind(column: "pd.Series[Any]") -> str:
    missing, different = int(column.isna().sum()), column.nunique()
    is_number = getattr(column.dtype, "kind", "O") in "biuf"
    told = (
        "numbers" if is_number and different > _FEW else f"{different} different {'numbers' if is_number else 'texts'}"
    )
    return f"{told}, {missing} missing" if missing else told


@lru_cache(maxsize=2)
def _read(data: bytes, path: str, label: str, client: str | None) -> Table:
    """Return the table that bytes hold; they are what is remembered, no path decides."""
    return of_frame(_frame(data, path, client), label, client, path)


@lru_cache(maxsize=2)
def _columns(data: bytes, path: str) -> tuple[str, ...]:
    return tuple(map(str, _frame(data, path, None).columns))


def of_frame(frame: Any, label: Any, client: Any = None, name: str = "the table") -> Table:
    """Return the table of a data frame.

    Parameters
    ----------
    frame : pandas.DataFrame
        Or what has ``to_pandas()``.
    label, client : str
        The columns of labels and of clients.
    name : str
        What to call it in the sentence of an error.

    Raises
    ------
    InputError
        If a column is missing, or something in one cannot be used.
    """
    import pandas as pd

    given = frame.to_pandas() if hasattr(frame, "to_pandas") else frame
    if not isinstance(given, pd.DataFrame):
        raise InputError(f"frame = {shown(type(frame).__name__)} is no table: give a pandas.DataFrame.")
    given = given.reset_index(drop=True)
    twice = given.columns[given.columns.duplicated()]
    if len(twice):
        raise InputError(f"{name} has two columns {_text(twice[0])}: give each column a name of its own.")
    if len(given) == 0:
        raise InputError(f"{name} has no rows: give at least one sample for each client.")
    label, client = (_column(given, column, what, name) for column, what in ((label, "label"), (client, "client")))
    if label == client:
        raise InputError(f"label and client are both {_text(label)}: give two different columns of {name}.")
    names = [column for column in given.columns if column is not None and column not in (label, client)]
    if not names:
        raise InputError(f"{name} has no column of features beside {_text(label)}: give at least one.")
    features = np.column_stack([_feature(given[column], column, name, client is not None) for column in names])
    clients = None if client is None else _words(given[client], client, name)
    return Table(features, _words(given[label], label, name), clients, tuple(map(str, names)))


def features_of(frame: Any, names: Sequence[str], name: str = "features") -> NDArray[np.float64]:
    """Return the columns of a data frame that some names call, in the order of the names, shape (M, len(names)).

    Raises
    ------
    InputError
        If the frame lacks one of the columns, has others, or holds what is no finite number.

    Examples
    --------
    >>> import pandas as pd
    >>> features_of(pd.DataFrame({"size": [3.0], "age": [1.0]}), ["age", "size"]).tolist()
    [[1.0, 3.0]]
    """
    given = frame.to_pandas() if hasattr(frame, "to_pandas") else frame
    known = [str(one) for one in given.columns]
    for one in names:
        if known.count(one) != 1:
            there = "two columns" if one in known else "no column"
            raise InputError(f"{name} has {there} {_text(one)}, but the model is of {_listed(names)}: give these.")
    others = [one for one in known if one not in names]
    if others:
        raise InputError(
            f"{name} has the column {_text(others[0])}, but the model is of {_listed(names)}: leave out all others."
        )
    return np.column_stack([_feature(given.iloc[:, known.index(one)], one, name) for one in names])


def _column(frame: "pd.DataFrame", column: Any, what: str, name: str) -> Any:
    """Return a column's name as the table has it; a place from the end, such as "-1", where names are numbers."""
    if column is None and what == "client":
        return None
    _refuse_values(column, what, name)
    if not isinstance(column, bool) and column in frame.columns:
        return column
    known, word = [str(one) for one in frame.columns], str(column)
    if word in known:
        return frame.columns[known.index(word)]
    numbered = known == [str(place) for place in range(len(known))]
    if numbered and re.fullmatch(r"-\d{1,9}", word) and -len(known) <= int(word) < 0:
        return frame.columns[int(word)]
    raise (
        unknown(f"column, {what} =", column, known)
        if len(known) <= _FEW
        else InputError(f"{name} has no column {_text(column)} for {what}: it has {_listed(known)}.")
    )


def _refuse_values(column: Any, what: str, name: str) -> None:
    """Raise an InputError if what should name a column is no name, but for example the values of one."""
    try:
        hash(column)
    except TypeError:
        raise InputError(
            f"{what} = a {type(column).__name__} is no name of a column: give the name, with the values in {name}."
        ) from None


def _is_missing(value: Any) -> bool:
    import pandas as pd

    return value is None or value is pd.NA or value is pd.NaT


def _feature(column: "pd.Series[Any]", title: Any, name: str, has_clients: bool = True) -> NDArray[np.float64]:
    """Return a column as finite numbers."""
    kind = getattr(column.dtype, "kind", "O")
    if kind not in "biuf":
        strange = next((value for value in column if isinstance(value, str)), None)
        if strange is None:
            strange = next(
                (value for value in column if not isinstance(value, _NUMBERS) and not _is_missing(value)), None
            )
        if strange is not None:
            owned = "" if has_clients else "name it as client = (--client-column) if it says whose each sample is, "
            raise InputError(
                f"{name} has {shown(strange)} in its column {_text(title)}, which is no number: {owned}leave the "
                "column out, or make numbers of it, for example with pandas.get_dummies."
            )
        # A column of objects that are numbers.
        column = column.map(as_number).astype(np.float64)
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        found = "no number" if np.isnan(values[bad[0]]) else values[bad[0]]
        raise InputError(
            f"{name} has {found} in row {bad[0] + 1} of its column {_text(title)}: fill it in, or leave out "
            f"the {len(bad)} rows of that kind."
        )
    return values


def _words(column: "pd.Series[Any]", title: Any, name: str) -> NDArray[Any]:
    """Return labels or ids, numbers or text, none of them missing."""
    categories = getattr(column, "cat", None)
    if categories is not None:
        unused = [one for one in categories.categories if not (column == one).any()]
        if unused:
            raise InputError(
                f"{name} has no row with {shown(unused[0])}, a category of its column {_text(title)}: give it "
                "samples, or take it out with remove_unused_categories."
            )
        column = column.astype(categories.categories.dtype)
    # Objects that are all numbers, or all text.
    column = column.infer_objects()
    missing = np.flatnonzero(column.isna().to_numpy())
    if len(missing):
        raise InputError(
            f"{name} has nothing in row {missing[0] + 1} of its column {_text(title)}: fill it in, or leave out the "
            f"{len(missing)} rows of that kind."
        )
    if getattr(column.dtype, "kind", "O") in "biuf":
        return column.to_numpy(dtype=np.float64 if column.dtype.kind == "f" else np.int64)
    values = list(column)
    strange = next((value for value in values if not isinstance(value, str)), None)
    if strange is not None:
        raise InputError(
            f"{name} has {shown(strange)} among other kinds in its column {_text(title)}: give numbers "
            "only, or text only."
        )
    return np.array(values, dtype=str)


def _frame(data: bytes, path: str, client: str | None) -> "pd.DataFrame":
    """Return the bytes of a file as a data frame."""
    import pandas as pd

    if not data:
        raise InputError(f"{path} is empty: give a table with a row for each sample.")
    match Path(path).suffix.lower():
        case ".parquet":
            if find_spec("pyarrow") is None:
                raise InputError(
                    f"{path} is read by pyarrow, which is not installed: run pip install pyarrow, or write it as .csv."
                )
            return _tried(path, "a Parquet file", lambda: pd.read_parquet(BytesIO(data), engine="pyarrow"))
        case ".npy":
            array = _tried(path, "a .npy file of numbers or text", lambda: np.load(BytesIO(data), allow_pickle=False))
            return _frame_of_array(array, path)
        case ".npz":
            return _tried(path, "a .npz file of numbers or text", lambda: _frame_of_arrays(data, path))
        case _:
            return _frame_of_text(libsvm.decoded(data, path, "a table in UTF-8"), path, client)


def _tried(path: str, what: str, reading: Any) -> Any:
    """Return what is read; whatever a library raises on damaged bytes becomes one sentence."""
    try:
        return reading()
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"{path} is not {what} ({complaint(error)}): write it anew, or give it as .csv.") from None


def _frame_of_text(text: bytes, path: str, client: str | None) -> "pd.DataFrame":
    """Return a table of text; ids of clients stay as they are written, so that 007 is not 7."""
    import pandas as pd

    head = text.split(b"\n", 1)[0]
    separator = next((one for one in "\t;," if one.encode() in head), ",")

    def parsed(**options: Any) -> Any:
        return pd.read_csv(BytesIO(text), sep=separator, encoding="utf-8", skipinitialspace=True, **options)

    names = [str(name) for name in _tried(path, "a table", lambda: parsed(header=None, nrows=1, dtype=str)).iloc[0]]
    twice = next((name for place, name in enumerate(names) if name in names[:place]), None)
    if twice is not None:
        raise InputError(f"{path} has two columns {_text(twice)}: give each column a name of its own.")
    kinds: Any = {client: str} if client else None
    return _tried(path, "a table", lambda: parsed(index_col=False, dtype=kinds, low_memory=False, on_bad_lines="error"))


def _frame_of_array(array: NDArray[Any], path: str) -> "pd.DataFrame":
    """Return one array as a table: records by their fields, else columns by their places."""
    import pandas as pd

    if array.dtype.names:
        return pd.DataFrame({name: array[name] for name in array.dtype.names})
    if array.ndim != 2:
        raise InputError(f"{path} has shape {array.shape}: give an array of two dimensions, one row a sample.")
    return pd.DataFrame(array, columns=[str(place) for place in range(array.shape[1])])


def _frame_of_arrays(data: bytes, path: str) -> "pd.DataFrame":
    """Return arrays of one row a sample as one table; columns of a matrix X are called X[0], X[1] and so on."""
    import pandas as pd

    with np.load(BytesIO(data), allow_pickle=False) as arrays:
        columns: dict[str, Any] = {}
        for name in arrays.files:
            array = arrays[name]
            if array.ndim not in (1, 2):
                raise InputError(f"{path} has the array {name!r} of shape {array.shape}: give rows of samples only.")
            columns |= (
                {name: array} if array.ndim == 1 else {f"{name}[{k}]": array[:, k] for k in range(array.shape[1])}
            )
    lengths = {len(column) for column in columns.values()}
    if len(lengths) > 1:
        raise InputError(f"{path} has arrays of {min(lengths)} to {max(lengths)} rows: give one row for each sample.")
    return pd.DataFrame(columns)


def _text(title: object) -> str:
    return shown(title) if title is not None else "None"


def _listed(names: Any) -> str:
    names = [str(name) for name in names]
    return ", ".join(names) if len(names) <= _FEW else f"{', '.join(names[:_FEW])} and {len(names) - _FEW} more"

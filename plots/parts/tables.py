"""The tables that the figures draw, from stored results only."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ... import algorithms
from ...core.streams import printable
from ...sweeps import Cell, Store, families, slopes

if TYPE_CHECKING:
    import pandas as pd


# A name has no more words than these; what is longer describes.
_SHORT = 4


def convergence_tables(store: Store, cells: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield for each problem a name for its figure and the table of its traces.

    Parameters
    ----------
    store : Store
        Where the traces are.
    cells : pandas.DataFrame
        Rows of :meth:`rootkappa.sweeps.Store.cells`; those without a trace are left out.

    Yields
    ------
    (str, pandas.DataFrame)
        For example "a9a-kappa1000", behind the name of a study if there is one, and what
        :func:`rootkappa.plots.convergence.figure` takes.
    """
    traces = store.traces(cells["key"])
    sampled = cells[cells["key"].isin(traces["key"].unique())]
    groups = ((name, rows) for name, family in families(sampled) for _, rows in family.groupby("label", sort=False))
    for name, rows in groups:
        known = [column for column in ("key", "method", "changes", "seed", "broken") if column in rows]
        table = traces.merge(rows[known], on="key")
        named = [_entry(method, changes) for method, changes in zip(table["method"], table["changes"], strict=True)]
        first = rows.iloc[0]
        study = f"{first['study']}-" if isinstance(first.get("study"), str) else ""
        yield f"{study}{name}-kappa{first['kappa']:g}", table.assign(label=named)


def study_tables(store: Store, cells: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield for each problem a name for its figure and the paths of a study, with what is known of each.

    Parameters
    ----------
    store : Store
        Where the traces are.
    cells : pandas.DataFrame
        Rows of :meth:`rootkappa.sweeps.Store.cells` that belong to one study.

    Yields
    ------
    (str, pandas.DataFrame)
        For example "a9a-kappa1000", and the traces below each other, beside the fields of their cells.
    """
    for name, family in families(cells):
        for kappa, rows in family.groupby("kappa", sort=False):
            yield f"{name}-kappa{kappa:g}", store.traces(rows["key"]).merge(rows, on="key")


def point_tables(cells: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame, pd.DataFrame]]:
    """Yield for each study and problem a name for its figure, its points, and the cells that they are from.

    Parameters
    ----------
    cells : pandas.DataFrame
        Rows of :meth:`rootkappa.sweeps.Store.cells`; those without points are left out.

    Yields
    ------
    (str, pandas.DataFrame, pandas.DataFrame)
        For example "drift-a9a-kappa1000", and what :func:`rootkappa.plots.study.figure` takes.
    """
    import pandas as pd

    if "points" not in cells:
        return
    for name, family in families(cells.dropna(subset=["points"])):
        for kappa, rows in family.groupby("kappa", sort=False):
            tables = [pd.DataFrame(json.loads(text)) for text in rows["points"]]
            yield f"{rows['study'].iloc[0]}-{name}-kappa{kappa:g}", pd.concat(tables, ignore_index=True), rows


def exponent_tables(cells: pd.DataFrame, axis: str) -> Iterator[tuple[str, pd.DataFrame, pd.DataFrame]]:
    """Yield for each family of problems its name, its points and its slopes.

    Parameters
    ----------
    cells : pandas.DataFrame
        From :class:`rootkappa.sweeps.Store`.
    axis : str
        A column of results, such as "rounds".

    Yields
    ------
    (str, pandas.DataFrame, pandas.DataFrame)
        For example "quadratic-exact", and what :func:`rootkappa.plots.exponent.figure` takes.
    """
    import pandas as pd

    if axis not in cells:
        return
    for name, rows in families(cells.dropna(subset=[axis])):
        if rows["kappa"].nunique() < 2:
            continue
        named = rows.assign(
            method=[_entry(method, changes) for method, changes in zip(rows["method"], rows["changes"], strict=True)],
            value=rows[axis],
        )
        points = named.groupby(["method", "kappa"], sort=False, as_index=False)["value"].mean()
        found = [record for record in slopes(rows, [axis]) if record["axis"] == axis]
        fitted = pd.DataFrame(found, columns=["slope", "low", "high", "promised"], dtype=float)
        fitted["method"] = [_entry(record["method"], record["changes"]) for record in found]
        yield f"{name}-{'exact' if rows['exact'].all() else 'sampled'}", points, fitted


def letter_tables(cells: pd.DataFrame, axis: str) -> Iterator[tuple[str, dict[str, str], pd.DataFrame]]:
    """Yield for each letter of a method with three values or more on one problem a name, words and its points.

    Parameters
    ----------
    cells : pandas.DataFrame
        From :class:`rootkappa.sweeps.Store`; those that differ from what is prescribed in one numeric letter count, and
        those that do not differ at all.
    axis : str
        A column of results, such as "rounds".

    Yields
    ------
    (str, dict, pandas.DataFrame)
        For example "scaffnew-p-quadratic-kappa10000", and what :func:`rootkappa.plots.letter.figure` takes.
    """
    import pandas as pd

    if axis not in cells or "params" not in cells:
        return
    for name, family in families(cells.dropna(subset=[axis])):
        for (method, kappa), rows in family.groupby(["method", "kappa"], sort=False):
            changes = [dict(Cell.from_row(row).changes) for row in rows.to_dict("records")]
            named = dict.fromkeys(next(iter(change)) for change in changes if len(change) == 1)
            for letter in named:
                found = [
                    _point(row, change, letter, axis) for (_, row), change in zip(rows.iterrows(), changes, strict=True)
                ]
                points = pd.DataFrame([point for point in found if point is not None])
                if points["value"].nunique() < 3:
                    continue
                first = rows.iloc[0]
                how = "Exact, from the worst start" if first["exact"] else f"Paths of {rows['seed'].nunique()} seeds"
                caption = f"{how}, until V has fallen to ε = {first['epsilon']:g} of its start; {first['label']}."
                title = f"{shown_name(method)}, κ = {kappa:g}"
                about = {"method": printable(method), "letter": letter, "caption": caption, "title": title}
                yield f"{Path(method).stem}-{letter}-{name}-kappa{kappa:g}", about, points


def _point(row: pd.Series, changes: dict[str, Any], letter: str, axis: str) -> dict[str, Any] | None:
    """Return one measurement of a letter; None of a cell that is about another, or of no number."""
    if set(changes) - {letter}:
        return None
    values = {name: text for name, _, text in (part.partition("=") for part in str(row["params"]).split(", "))}
    value = changes.get(letter, _number(values.get(letter, "")))
    if not isinstance(value, int | float):
        return None
    return {"value": float(value), "cost": float(row[axis]), "prescribed": not changes}


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def shown_name(method: str) -> str:
    """Return the name of a method as it is written in papers: its file's ``NAME``, or what its docstring begins with.

    Examples
    --------
    >>> shown_name("scaffnew"), shown_name("scaffold_1"), shown_name("sparse_proxskip_l1"), shown_name("./mine.py")
    ('Scaffnew', 'SCAFFOLD with option I', 'sparse_proxskip_l1', './mine.py')
    """
    if method not in algorithms.names():
        return printable(method)
    module = algorithms.get(method).module
    first = re.split(r"[:,.(]", module.__doc__ or "", maxsplit=1)[0].strip()
    return str(getattr(module, "NAME", first if 0 < len(first.split()) <= _SHORT else method))


def _entry(method: str, changes: str) -> str:
    # Between two dollars there would be mathematics, and a file's name may hold anything.
    return printable(f"{method} {changes}" if changes else method).replace("$", r"\$")

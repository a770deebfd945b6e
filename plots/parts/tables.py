"""The tables that the figures draw, from stored results only."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ...core.streams import printable
from ...sweeps import Store, families, slopes

if TYPE_CHECKING:
    import pandas as pd


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
        table = traces.merge(rows[["key", "method", "changes", "seed"]], on="key")
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


def _entry(method: str, changes: str) -> str:
    # Between two dollars there would be mathematics, and a file's name may hold anything.
    return printable(f"{method} {changes}" if changes else method).replace("$", r"\$")

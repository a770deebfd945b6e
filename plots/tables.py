"""The tables that the figures draw, from stored results only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..sweeps import families, slopes

if TYPE_CHECKING:
    import pandas as pd


def convergence_tables(cells: pd.DataFrame, traces: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield for each problem a name for its figure and the table of its traces.

    Parameters
    ----------
    cells, traces : pandas.DataFrame
        From :class:`rootkappa.sweeps.Store`.

    Yields
    ------
    (str, pandas.DataFrame)
        For example "a9a-kappa1000", and what :func:`rootkappa.plots.convergence.figure` takes.
    """
    sampled = cells[cells["key"].isin(traces["key"].unique())]
    groups = ((name, rows) for name, family in families(sampled) for _, rows in family.groupby("label", sort=False))
    for name, rows in groups:
        about = rows[["key", "method", "changes", "seed", "rho", "floor", "step_column"]]
        table = traces.merge(about, on="key")
        steps = table["round"].where(table["step_column"] == "round", table["iteration"])
        named = [_entry(method, changes) for method, changes in zip(table["method"], table["changes"], strict=True)]
        fallen = table["rho"] ** steps
        promise = fallen + table["floor"] * (1.0 - fallen)
        yield f"{name}-kappa{rows['kappa'].iloc[0]:g}", table.assign(label=named, promise=promise)


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
        found = [record for record in slopes(rows) if record["axis"] == axis]
        fitted = pd.DataFrame(found, columns=["slope", "low", "high", "promised"], dtype=float)
        fitted["method"] = [_entry(record["method"], record["changes"]) for record in found]
        yield f"{name}-{'exact' if rows['exact'].all() else 'sampled'}", points, fitted


def _entry(method: str, changes: str) -> str:
    return f"{method} {changes}" if changes else method

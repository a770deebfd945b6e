"""The tables that the figures draw, from stored results only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..sweeps.sweep import slopes

if TYPE_CHECKING:
    import pandas as pd

# Cells that agree in everything but these belong into one figure of exponents.
_VARIED = {"key", "method", "kappa", "changes", "seed", "label", "params", "rho", "step_column"}
_RESULTS = {"rounds", "iterations", "floats", "gradients"}


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
    for _, rows in sampled.groupby("label", sort=False):
        about = rows[["key", "method", "changes", "seed", "rho", "step_column"]]
        table = traces.merge(about, on="key")
        steps = table["round"].where(table["step_column"] == "round", table["iteration"])
        named = [_entry(method, changes) for method, changes in zip(table["method"], table["changes"], strict=True)]
        first = rows.iloc[0]
        data = first["problem"] if first["problem"] == "quadratic" else Path(first["data"]).name
        yield f"{data}-kappa{first['kappa']:g}", table.assign(label=named, promise=table["rho"] ** steps)


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
        The family, and what :func:`rootkappa.plots.exponent.figure` takes.
    """
    import pandas as pd

    if axis not in cells:
        return
    fixed = [name for name in cells.columns if name not in _VARIED | _RESULTS]
    for _, rows in cells.dropna(subset=[axis]).groupby(fixed, sort=False, dropna=False):
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
        first = rows.iloc[0]
        family = f"{first['problem']}-{'exact' if first['exact'] else 'sampled'}"
        yield family, points, fitted


def _entry(method: str, changes: str) -> str:
    return f"{method} {changes}" if changes else method

"""The tables that the figures draw, from stored results only."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.streams import printable
from ...sweeps import Cell, Store, families, slopes
from ...sweeps.names import shown_name, shown_names

if TYPE_CHECKING:
    import pandas as pd


def convergence_tables(store: Store, cells: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame, str]]:
    """Yield for each problem a name for its figure, the table of its traces and words for the problem.

    Parameters
    ----------
    store : Store
        Where the traces are.
    cells : pandas.DataFrame
        Rows of :meth:`rootkappa.sweeps.Store.cells`; those without a trace are left out.

    Yields
    ------
    (str, pandas.DataFrame, str)
        For example "a9a-kappa1000", behind the name of a study if there is one, what
        :func:`rootkappa.plots.convergence.figure` takes, and the problem with its κ as a sentence.
    """
    traces = store.traces(cells["key"])
    sampled = cells[cells["key"].isin(traces["key"].unique())]
    groups = ((name, rows) for name, family in families(sampled) for _, rows in family.groupby("label", sort=False))
    for name, rows in groups:
        known = [column for column in ("key", "method", "changes", "seed", "broken") if column in rows]
        table = traces.merge(rows[known], on="key")
        names = shown_names(table["method"])
        named = [
            _entry(names[method], changes) for method, changes in zip(table["method"], table["changes"], strict=True)
        ]
        first = rows.iloc[0]
        study = f"{first['study']}-" if isinstance(first.get("study"), str) else ""
        about = f"{_sentence(name, first.get('label'), first['kappa'])}."
        yield f"{study}{name}-kappa{first['kappa']:g}", table.assign(label=named), about


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


def exponent_tables(cells: pd.DataFrame, axis: str) -> Iterator[tuple[str, pd.DataFrame, pd.DataFrame, dict[str, Any]]]:
    """Yield for each family of problems its name, its points, its slopes and words.

    Parameters
    ----------
    cells : pandas.DataFrame
        From :class:`rootkappa.sweeps.Store`.
    axis : str
        A column of results, such as "rounds".

    Yields
    ------
    (str, pandas.DataFrame, pandas.DataFrame, dict)
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
        names = shown_names(rows["method"])
        pairs = dict.fromkeys(zip(rows["method"], rows["changes"], strict=True))
        titles = {_entry(method, changes): _entry(names[method], changes) for method, changes in pairs}
        labels = [label for label in rows["label"] if isinstance(label, str)] if "label" in rows else []
        where = re.sub(r" kappa=\S+", "", _sentence(name, next(iter(labels), None)))
        about = {"caption": f"{where}; ε = {_told_epsilon(rows)}; {_how(rows)}.", "titles": titles}
        yield f"{name}-{'exact' if rows['exact'].all() else 'sampled'}", points, fitted, about


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
                how = _how(rows)
                told = f"{how[0].upper()}{how[1:]}, until V has fallen to ε = {first['epsilon']:g} of its start"
                caption = f"{told}; {printable(first['label'])}."
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


def _how(rows: pd.DataFrame) -> str:
    """Return whether costs are exact, or of how many paths each."""
    if rows["exact"].all():
        return "exact, from the worst start"
    count = rows["seed"].nunique()
    return f"paths of {count} seed{'s' if count > 1 else ''}"


def _told_epsilon(rows: pd.DataFrame) -> str:
    return " or ".join(f"{value:g}" for value in sorted(rows["epsilon"].unique(), reverse=True))


def _sentence(name: str, label: Any, kappa: float | None = None) -> str:
    """Return a problem in words, with its condition number where its label has none."""
    told = printable(label) if isinstance(label, str) and label else printable(name)
    told += f", κ = {kappa:g}" if kappa is not None and "kappa" not in told else ""
    return f"{told[0].upper()}{told[1:]}" if told else ""


def _entry(method: str, changes: str) -> str:
    # Between two dollars there would be mathematics, and a file's name may hold anything.
    return printable(f"{method} {changes}" if changes else method).replace("$", r"\$")

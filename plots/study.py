"""A study of points: panels side by side, the methods before their controls and what theory says."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter

from ..sweeps.studies import Panel
from .parts.style import PROMISED, caption_below, dashes, hue, legend_above, rows
from .parts.tables import point_tables

if TYPE_CHECKING:
    import pandas as pd

    from ..sweeps import Store

OPTIONS = ()
"""What :func:`drawn` can be told."""

# Up to so many points each carries a marker; a line of more would be hidden by them.
_FEW = 16
_DECADES = 500.0
# Curves that differ by less are drawn as one.
_SAME = 1e-9
_GREYS = ("0.25", "0.5", "0.68")
_DARK = ("0.0", "0.3")


def drawn(store: Store, cells: pd.DataFrame) -> Iterator[tuple[str, Figure]]:
    """Yield a name and a figure for each study and problem."""
    for name, points, known in point_tables(cells):
        panels = [Panel(*panel) for panel in json.loads(known["panels"].iloc[0])]
        words = [known["about"].iloc[0], f"{known['label'].iloc[0]}.", *known["caption"]]
        yield name, figure(points, panels, " ".join(filter(None, dict.fromkeys(words))))


def figure(points: pd.DataFrame, panels: Sequence[Panel], caption: str) -> Figure:
    """Draw the points of a study.

    Parameters
    ----------
    points : pandas.DataFrame
        One row a point, with the columns ``panel``, ``curve``, ``role``, ``x``, ``y``, ``low`` and ``high``, see
        :mod:`rootkappa.sweeps.studies`. A curve looks the same in each panel, and those that are the same in all of
        them are one, with the names of all.
    panels : sequence of Panel
        From left to right, in rows of three at most.
    caption : str
        What stands below.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> import pandas as pd
    >>> rows = {"panel": "gap", "curve": ["mine", "theirs"], "role": ["method", "control"], "x": 1.0, "y": [1.0, 2.0]}
    >>> result = figure(pd.DataFrame(rows), [Panel("gap", "rounds", "F - F*")], "One round.")
    >>> result.axes[0].get_ylabel(), [text.get_text() for text in result.legends[0].get_texts()]
    ('F - F*', ['mine', 'theirs'])
    """
    points = _told_once(points.reindex(columns=[*points.columns, *({"low", "high"} - {*points.columns})]))
    curves = points.drop_duplicates("curve")[["curve", "role"]]
    # What the study is about comes first in the legend and last on the canvas.
    ordered = [(name, role) for kind in _LOOKS for name, role in curves.to_numpy() if role == kind]
    looks = {name: _LOOKS[role]([one for one, other in ordered if other == role].index(name)) for name, role in ordered}
    with rows(len(panels)) as (result, every):
        for panel, axes in zip(panels, every, strict=True):
            _frame(axes, panel)
            for name, _ in reversed(ordered):
                own = points[(points["panel"] == panel.title) & (points["curve"] == name)].sort_values("x")
                if len(own):
                    _draw(axes, own, looks[name], panel)
            for axis in (axes.xaxis, axes.yaxis):
                _few_decades(axis)
        legend_above(result, [_entry(name, look) for name, look in looks.items()])
        caption_below(result, caption)
    return result


def _told_once(points: pd.DataFrame) -> pd.DataFrame:
    """Return the points, measured curves that are the same to rounding as one with the names of all."""
    kept: dict[str, list[str]] = {}
    # What the study is about keeps its look beside a control that is the same.
    roles = points.drop_duplicates("curve").set_index("curve")["role"]
    for name in sorted(
        (name for name, role in roles.items() if role != "reference"), key=lambda name: roles[name] != "method"
    ):
        twin = next((other for other in kept if _are_same(points, name, other)), name)
        kept.setdefault(twin, []).append(name)
    told = {first: " = ".join(names) for first, names in kept.items()}
    dropped = {name for names in kept.values() for name in names[1:]}
    points = points[~points["curve"].isin(dropped)]
    return points.assign(curve=points["curve"].replace(told))


def _are_same(points: pd.DataFrame, one: str, other: str) -> bool:
    """Return whether two curves have the same points in every panel."""
    a, b = (points[points["curve"] == name].sort_values(["panel", "x"]) for name in (one, other))
    if list(a["panel"]) != list(b["panel"]):
        return False
    columns = ["x", "y", "low", "high"]
    return np.allclose(a[columns].astype(float), b[columns].astype(float), rtol=_SAME, atol=0.0, equal_nan=True)


def _method(place: int) -> dict[str, Any]:
    return {**hue(place), "linewidth": 2.0, "markersize": 4.6, "zorder": 3.0}


def _control(place: int) -> dict[str, Any]:
    # The numbers of dashes and of greys have no common factor, so that twelve differ.
    look = {"color": _GREYS[place % len(_GREYS)], "linestyle": dashes()[(place + 1) % len(dashes())]}
    return {**hue(place), **look, "linewidth": 1.1, "markersize": 3.6, "zorder": 2.5}


def _reference(place: int) -> dict[str, Any]:
    # Above all lines, of which it hides little, being thin and dashed: where theory is right it lies on one of them.
    return {"color": _DARK[place % len(_DARK)], **PROMISED, "zorder": 3.5}


_LOOKS = {"method": _method, "control": _control, "reference": _reference}


def _frame(axes: Axes, panel: Panel) -> None:
    axes.set_title(panel.title, loc="left", fontsize="medium", fontweight="bold", pad=6)
    axes.set_xlabel(panel.x)
    axes.set_ylabel(panel.y)
    axes.set_xscale(panel.xscale)
    axes.set_yscale(panel.yscale)


def _few_decades(axis: Axis) -> None:
    """Label more than powers of ten where a logarithmic axis has fewer than three of them."""
    low, high = axis.get_view_interval()
    if axis.get_scale() == "log" and high < _DECADES * low:
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axis.set_major_formatter("{x:g}")
        axis.set_minor_formatter(NullFormatter())


def _draw(axes: Axes, rows: pd.DataFrame, look: dict[str, Any], panel: Panel) -> None:
    x, y, low, high = (rows[name].to_numpy(dtype=float) for name in ("x", "y", "low", "high"))
    shown = np.isfinite(y) & np.isfinite(x) & ((y > 0) | (panel.yscale != "log")) & ((x > 0) | (panel.xscale != "log"))
    x, y, low, high = (values[shown] for values in (x, y, low, high))
    has_interval = np.isfinite(low) & np.isfinite(high)
    marker = look.get("marker") if len(x) <= _FEW or panel.marks == "points" else None
    style = {**look, "marker": marker, "linestyle": look["linestyle"]}
    if panel.marks == "points" and marker:
        # An interval that reaches below 0 has no lower end on a logarithmic axis.
        ends = np.maximum([np.where(has_interval, y - low, 0.0), np.where(has_interval, high - y, 0.0)], 0.0)
        axes.errorbar(x, y, ends, **{**style, "linewidth": 0.7}, elinewidth=look["linewidth"] * 0.6, capsize=2.0)
        return
    if has_interval.any():
        floor = y.min() * 1e-3 if panel.yscale == "log" else -np.inf
        band = {
            "color": look["color"],
            "alpha": 0.16 if look["zorder"] == 3.0 else 0.08,
            "linewidth": 0,
            "zorder": look["zorder"] - 1.0,
        }
        axes.fill_between(x, np.maximum(low, floor), high, where=has_interval, **band)
    axes.plot(x, y, **style)


def _entry(name: str, look: dict[str, Any]) -> Artist:
    return Line2D([], [], label=name.replace("$", r"\$"), **look)

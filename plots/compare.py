"""What methods cost to a target: one line each, cheapest first, with the interval over their paths."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogFormatterSciNotation, LogLocator, NullFormatter

from ..core.errors import InputError
from ..sweeps.names import shown_names
from ..sweeps.races.compare import rows_of
from ..sweeps.races.prices import Price, Target
from .parts.style import caption_below, chart, legend_above

if TYPE_CHECKING:
    import pandas as pd

    from ..sweeps import Store

OPTIONS = ("axis",)
"""What :func:`drawn` can be told: what the cost is, as of ``compare --cost``."""

_COLOUR, _OTHER, _GREY = "#0072B2", "#D55E00", "0.55"
# On an axis of fewer decades than these more than powers of ten are labelled.
_DECADES = 300.0
_ENDS = {
    "slow": "not waited for", "budget": "the budget ended", "rests": "rest before the target",
    "diverged": "diverge", "unfit": "do not run here", "failed": "failed",
}  # fmt: skip


def drawn(store: Store, cells: pd.DataFrame, axis: str = "bits") -> Iterator[tuple[str, Figure]]:
    """Yield a name and a figure for each problem and target that was compared on."""
    price = Price.read(axis)
    if "study" not in cells or not (cells["study"] == "compare").any():
        return
    own = cells[cells["study"] == "compare"]
    for (measure, value, share), rows in own.groupby(["measure", "target", "held_out"], sort=False):
        target = Target(measure, value, share or 0.25)
        label = next((one for one in rows["label"] if isinstance(one, str)), "")
        name = f"{measure}-{value:g}-{'-'.join(axis.replace('=', '').split(','))}"
        found = rows_of(rows, price, target)
        names = shown_names(row["method"] for row in found)
        named = [{**row, "method": names[row["method"]]} for row in found]
        yield name, figure(named, target.told, price.told, label)


def figure(rows: Sequence[Mapping[str, Any]], target: str, price: str, label: str) -> Figure:
    """Draw a comparison.

    Parameters
    ----------
    rows : sequence of dict
        As of :func:`rootkappa.sweeps.races.compare.compare`.
    target, price, label : str
        Where to arrive, what the cost is and on which problem, in words.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        If no method has arrived.

    Examples
    --------
    >>> row = {"how": "prescribed", "status": "arrived", "seeds": 3}
    >>> rows = [{"method": "a", "cost": 2.0, "low": 1.5, "high": 3.0, **row}]
    >>> result = figure(rows, "F(x) - F* <= 0.0001", "rounds", "quadratic")
    >>> [text.get_text() for text in result.axes[0].get_yticklabels()]
    ['a']
    """
    there = [row for row in rows if row["status"] == "arrived" and row["cost"] > 0.0]
    if not there:
        raise InputError(f"no method arrived at {target} on {label}: there is no cost to draw.")
    costs: dict[str, float] = {}
    for row in there:
        costs[row["method"]] = min(row["cost"], costs.get(row["method"], math.inf))
    methods = sorted(costs, key=lambda method: (costs[method], method))
    places = {method: len(methods) - 1 - place for place, method in enumerate(methods)}
    with chart(len(methods)) as (result, axes):
        axes.set_xscale("log")
        lines = axes.get_yaxis_transform()
        axes.hlines(list(places.values()), 0, 1, transform=lines, color="0.93", linewidth=0.5, zorder=0.5)
        for method, place in places.items():
            own = [row for row in there if row["method"] == method]
            if len(own) > 1:
                ends = [row["cost"] for row in own]
                axes.plot([min(ends), max(ends)], [place, place], color="0.8", linewidth=0.8, zorder=1.0)
            for row in own:
                _draw(axes, row, place)
        axes.set_yticks(list(places.values()), list(places))
        axes.set_ylim(-0.7, len(methods) - 0.3)
        axes.grid(axis="y", visible=False)
        low, high = axes.get_xlim()
        if high < _DECADES * low:
            axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
            axes.xaxis.set_major_formatter(
                LogFormatterSciNotation(labelOnlyBase=False, minor_thresholds=(math.inf, math.inf))
            )
            axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_xlabel(f"cost to {target}\n({price})".replace("$", r"\$").replace("<=", "≤").replace(">=", "≥"))
        hows = {row["how"] == "prescribed" for row in there}
        if len(hows) > 1:
            legend_above(result, [_entry("as prescribed", True), _entry("other letters, the best of a grid", False)])
        caption_below(result, _caption(rows, there, label))
    return result


def _draw(axes: Any, row: Mapping[str, Any], place: int) -> None:
    is_prescribed = row["how"] == "prescribed"
    if row["low"] < row["high"]:
        colour = _COLOUR if is_prescribed else _OTHER
        axes.plot([row["low"], row["high"]], [place, place], color=colour, linewidth=1.4, zorder=2.0)
        axes.plot([row["low"], row["high"]], [place, place], "|", color=colour, markersize=4.5, zorder=2.0)
    axes.plot([row["cost"]], [place], zorder=3.0, **_look(is_prescribed))


def _look(is_prescribed: bool) -> dict[str, Any]:
    if is_prescribed:
        return {"marker": "o", "color": _COLOUR, "markersize": 4.6, "linestyle": "none", "markeredgecolor": "white"}
    face = {"markerfacecolor": "white", "markeredgecolor": _OTHER, "markeredgewidth": 1.1}
    return {"marker": "D", "color": _OTHER, "markersize": 4.2, "linestyle": "none", **face}


def _entry(name: str, is_prescribed: bool) -> Line2D:
    return Line2D([], [], label=name, **_look(is_prescribed))


def _caption(rows: Sequence[Mapping[str, Any]], there: Sequence[Mapping[str, Any]], label: str) -> str:
    """Return the problem, what the bars are, and who is not there and why."""
    most = max(row["seeds"] for row in there)
    told = [f"{label}."]
    if any(row["low"] < row["high"] for row in there):
        told.append(f"Bars: 95 % intervals of the mean over up to {most} paths; without a bar nothing is random.")
    arrived = {row["method"] for row in there}
    for status, words in _ENDS.items():
        names = [row["method"] for row in rows if row["status"] == status and row["method"] not in arrived]
        if names:
            told.append(f"Not there, {words}: {', '.join(dict.fromkeys(names))}.")
    return " ".join(told)

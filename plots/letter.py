"""What an accuracy costs against one letter of a method, beside the value that the theory chooses."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from ..core.errors import InputError
from .parts.style import PROMISED, canvas, caption_below, columns_and_label, legend_above, looks, markers
from .parts.tables import letter_tables

if TYPE_CHECKING:
    import pandas as pd

    from ..sweeps import Store

OPTIONS = ("axis",)
"""What :func:`drawn` can be told."""

# A range of values beyond this factor is drawn in logarithms.
_WIDE = 4.0
# Costs within this factor are the same; an axis shows this range at least, so that they look it.
_SAME, _FLAT = 1.001, 1.5
# A longer label takes two lines.
_LONG = 30


def drawn(store: Store, cells: pd.DataFrame, axis: str = "rounds") -> Iterator[tuple[str, Figure]]:
    """Yield a name and a figure for each letter of a method of which there are three values or more."""
    columns_and_label(axis)
    for name, about, points in letter_tables(cells, axis):
        yield f"{axis}-{name}", figure(points, axis=axis, **about)


def figure(
    points: pd.DataFrame, method: str, letter: str, caption: str = "", axis: str = "rounds", title: str = ""
) -> Figure:
    """Draw the cost of an accuracy over the values of a letter.

    The least cost has a ring around it, and the theory's choice a dashed line through it.

    Parameters
    ----------
    points : pandas.DataFrame
        One row a measurement, with the columns ``value`` (of the letter), ``cost`` (infinite where the accuracy is not
        reached) and ``prescribed`` (whether the value is the theory's). Of several seeds the median is drawn, within a
        band from the lowest to the highest.
    method, letter : str
        For the labels.
    caption : str
        What stands below the axes: problem and accuracy.
    axis : str
        What ``cost`` counts.
    title : str
        What the legend calls the curve; by default the method.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        If the accuracy is reached with no value.

    Examples
    --------
    >>> import pandas as pd
    >>> points = pd.DataFrame({"value": [0.01, 0.1, 1.0], "cost": [90.0, 10.0, 95.0], "prescribed": False})
    >>> [text.get_text() for text in figure(points, "scaffnew", "p").legends[0].get_texts()]
    ['scaffnew', 'fewest: 10 at p = 0.1']
    """
    _, label = columns_and_label(axis)
    costs = points.groupby("value")["cost"]
    middle, low, high = costs.median(), costs.min(), costs.max()
    reached = middle[np.isfinite(middle) & (middle > 0)]
    if reached.empty:
        raise InputError(f"the accuracy is reached with no value of {letter}: take others, or a smaller kappa.")
    values, best = reached.index.to_numpy(dtype=float), reached.idxmin()
    # Where it makes no difference the theory's choice is the best one.
    chosen = points[points["prescribed"]]["value"].unique()[:1].tolist()
    best = next((value for value in chosen if middle[value] <= reached[best] * _SAME), best)
    never = [f"{value:g}" for value in middle.index.difference(reached.index)]
    (look,) = looks([method])
    with canvas() as (result, axes):
        if values.max() > _WIDE * values.min():
            axes.set_xscale("log")
        elif all(value.is_integer() for value in values):
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_yscale("log")
        bottom, top = (bounds[reached.index] for bounds in (low, high))
        if top.max() < _FLAT**2 * bottom.min():
            axes.set_ylim(bottom.min() / _FLAT, top.max() * _FLAT)
        axes.set_xlabel(letter)
        axes.set_ylabel(f"{label}{chr(10) if len(label) > _LONG else ' '}to ε")
        axes.plot(values, reached, color=look.colour, linewidth=1.3, zorder=2, **markers(look, 0))
        band = [bounds[reached.index].to_numpy(dtype=float) for bounds in (low, high)]
        if np.any(band[1] > band[0]):
            axes.fill_between(values, *band, color=look.colour, alpha=0.15, linewidth=0)
        line = {"color": look.colour, "linewidth": 1.3, **markers(look, 0)}
        handles = [Line2D([], [], label=title or method, **line)]
        ring = {"marker": "o", "markersize": 11, "markerfacecolor": "none", "markeredgecolor": "#D55E00"}
        ring |= {"markeredgewidth": 1.2, "linestyle": ""}
        axes.plot([best], [reached[best]], zorder=4, **ring)
        told = f"fewest: {_count(reached[best])} at {letter} = {best:.4g}"
        handles.append(Line2D([], [], label=told, **ring))
        for value in chosen:
            cost = middle[value]
            reads = f"{_count(cost)} at" if math.isfinite(cost) else "never with"
            axes.axvline(value, color="0.35", zorder=1, **PROMISED)
            handles.append(Line2D([], [], color="0.35", label=f"theory: {reads} {letter} = {value:.4g}", **PROMISED))
        legend_above(result, handles)
        said = [caption, f"Not reached with {letter} = {', '.join(never)}." if never else ""]
        if any(said):
            caption_below(result, " ".join(filter(None, said)))
    return result


def _count(cost: float) -> str:
    return f"{cost:,.0f}" if cost >= 100 else f"{cost:.3g}"

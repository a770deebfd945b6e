"""How the cost of an accuracy grows with the condition number, beside the growth that a theorem promises."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ..core.errors import InputError
from .parts.style import (
    BEHIND,
    MOST_LINES,
    PROMISED,
    Look,
    canvas,
    caption_below,
    columns_and_label,
    covered,
    legend_above,
    looks,
    markers,
    panels,
    width,
)
from .parts.tables import exponent_tables

if TYPE_CHECKING:
    import pandas as pd

    from ..sweeps import Store

OPTIONS = ("axis",)
"""What :func:`drawn` can be told."""

# How far the promised line reaches beyond the points, as a factor of the condition number.
_REACH = 2.0


def drawn(store: Store, cells: pd.DataFrame, axis: str = "rounds") -> Iterator[tuple[str, Figure]]:
    """Yield a name and a figure for each family of problems of which there is more than one condition number."""
    columns_and_label(axis)
    for name, points, slopes, about in exponent_tables(cells, axis):
        yield f"{axis}-{name}", figure(points, slopes, axis, **about)


def figure(
    points: pd.DataFrame,
    slopes: pd.DataFrame,
    axis: str = "rounds",
    caption: str = "",
    titles: Mapping[str, str] | None = None,
) -> Figure:
    """Draw the cost of an accuracy over the condition number, both logarithmic.

    Each method has its measured points with the fitted line through their geometric middle, and through the
    same middle the promised slope, thin and dashed in the same colour; it reaches beyond the points, so that
    it shows where it agrees with the fit. More than 8 methods get a panel each, with all others in grey.

    Parameters
    ----------
    points : pandas.DataFrame
        One row a measurement, with the columns ``method``, ``kappa`` (the condition number) and ``value``
        (the cost until the accuracy was reached). Rows that are not positive and finite are left out.
    slopes : pandas.DataFrame
        One row a method, with the columns ``method``, ``slope``, ``low`` and ``high`` (its interval) and
        ``promised``; NaN where there is none.
    axis : {"rounds", "iterations", "floats", "bits", "gradients"}, default "rounds"
        What ``value`` counts.
    caption : str, optional
        What stands below the axes: problem and accuracy.
    titles : mapping of str to str, optional
        What the legend calls the methods; by default what they are called in the tables.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        If the axis is unknown, or no point is positive and finite.

    Examples
    --------
    >>> import pandas as pd
    >>> points = pd.DataFrame({"method": "scaffnew", "kappa": [1e2, 1e4], "value": [50, 500]})
    >>> slopes = pd.DataFrame({"method": ["scaffnew"], "slope": 0.5, "low": 0.49, "high": 0.51})
    >>> slopes["promised"] = 0.5
    >>> figure(points, slopes).legends[0].get_texts()[0].get_text()
    'scaffnew: 0.500 [0.490, 0.510], promised 1/2'
    """
    _, label = columns_and_label(axis)
    numbers = points[["kappa", "value"]].to_numpy(dtype=float)
    usable = (np.isfinite(numbers) & (numbers > 0)).all(axis=1)
    if not usable.any():
        raise InputError(
            "points has no row with a positive finite kappa and value: measure a cost at one kappa at least."
        )
    names = points["method"].to_numpy()
    methods = list(dict.fromkeys([*names, *slopes["method"]]))
    # Logarithms from here on: the lines are straight, and their middle is the geometric one.
    clouds = [np.log10(numbers[usable & (names == method)]) for method in methods]
    fits = {row.method: row for row in slopes.itertuples(index=False)}

    everything = np.concatenate(clouds)
    corner, extent = everything.min(axis=0), np.maximum(np.ptp(everything, axis=0), 0.3)
    styles = looks(methods)
    layers = covered([(cloud - corner) / extent for cloud in clouds], [look.colour for look in styles])

    told = {method: (titles or {}).get(method, method) for method in methods}
    xlabel, ylabel = "condition number κ", f"{label} to ε"
    explained = [Line2D([], [], color="0.4", label="promised slope", **PROMISED)]
    explained = explained if any(math.isfinite(fit.promised) for fit in fits.values()) else []
    if len(methods) <= MOST_LINES:
        with canvas() as (result, axes):
            axes.set_xscale("log")
            axes.set_yscale("log")
            axes.set_xlabel(xlabel)
            axes.set_ylabel(ylabel)
            handles = [
                _draw(axes, told[method], cloud, fits.get(method), layer, look)
                for method, cloud, layer, look in zip(methods, clouds, layers, styles, strict=True)
            ]
            legend_above(result, [*handles, *explained])
            if caption:
                caption_below(result, caption)
        return result
    entries = [_entry(told[method], fits.get(method), "\n") for method in methods]
    with panels(entries, xlabel, ylabel, caption) as (result, every):
        for method, cloud, look, axes in zip(methods, clouds, styles, every, strict=True):
            axes.set_xscale("log")
            axes.set_yscale("log")
            for other in clouds:
                if other is not cloud:
                    axes.plot(*10.0**other.T, **BEHIND)
            _draw(axes, told[method], cloud, fits.get(method), 0, look)
        legend_above(result, [*explained, Line2D([], [], label="the others", **BEHIND)])
    return result


def _draw(axes: Axes, method: str, cloud: np.ndarray, fit, layer: int, look: Look) -> Line2D:
    """Draw the points of a method, their line and the promised one, and return the legend's entry."""
    line = {"color": look.colour, "linewidth": width(layer), "linestyle": look.linestyle}
    if len(cloud):
        if fit is not None and math.isfinite(fit.slope):
            axes.plot(*_line(cloud, fit.slope, 1.0), **line)
        if fit is not None and math.isfinite(fit.promised):
            axes.plot(*_line(cloud, fit.promised, _REACH), color=look.colour, **PROMISED)
        axes.plot(*10.0**cloud.T, color=look.colour, linestyle="", zorder=3, **markers(look, layer))
    return Line2D([], [], label=_entry(method, fit), **line, **markers(look, layer))


def _line(cloud: np.ndarray, slope: float, reach: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the two ends of the line of a slope through the geometric middle of the points."""
    middle = cloud.mean(axis=0)
    x = np.array([cloud[:, 0].min(), cloud[:, 0].max()]) + np.array([-1, 1]) * math.log10(reach)
    return 10.0**x, 10.0 ** (middle[1] + slope * (x - middle[0]))


def _entry(method: str, fit, separator: str = ": ") -> str:
    if fit is None or not math.isfinite(fit.slope):
        text = f"{method}{separator}no slope"
    else:
        text = f"{method}{separator}{fit.slope:.3f}"
        if math.isfinite(fit.low) and math.isfinite(fit.high):
            text += f" [{fit.low:.3f}, {fit.high:.3f}]"
    if fit is not None and math.isfinite(fit.promised):
        text += f", promised {_fraction(fit.promised)}"
    return text


def _fraction(value: float) -> str:
    """Return 0.5 as 1/2 and 1.0 as 1, as papers write an exponent, and other numbers with three digits."""
    near = Fraction(value).limit_denominator(12)
    return str(near) if abs(near - value) < 1e-9 else f"{value:.3g}"

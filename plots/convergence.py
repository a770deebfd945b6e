"""How fast methods converge, along what it costs them, beside what their theorems promise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import LogLocator, NullFormatter, NullLocator

from ..problems.errors import InputError, unknown
from .style import PROMISED, canvas, columns_and_label, covered, legend_above, looks

if TYPE_CHECKING:
    import pandas as pd

MEASURES = {
    "lyapunov": "Lyapunov function, relative to its start",
    "distance": "distance to the solution, relative to its start",
    "gap": "objective gap, relative to its start",
}
"""What a trace measures, with the label of its axis."""

# Below this lies nothing but the rounding of squares in double precision; above the other lies a method that has
# diverged, and showing how far would flatten all the others.
_LOWEST, _HIGHEST = 1e-32, 1e6

# The longest curve over the shortest from which on the shortest would be a sliver on a linear axis.
_LONG = 8.0

_POINTS = 1500


class _Curve(NamedTuple):
    """One label's seeds, on one grid; each array has shape (m,), NaN where nothing was measured."""

    label: str
    method: str
    x: np.ndarray
    middle: np.ndarray
    low: np.ndarray
    high: np.ndarray
    seeds: int
    promise_x: np.ndarray
    promise: np.ndarray


def figure(traces: pd.DataFrame, axis: str = "rounds", measure: str = "lyapunov") -> Figure:
    """Draw a measure of convergence along an axis of cost.

    Each label is one line: the median over its seeds, within a band from the lowest to the highest. What the
    theorem promises is a thin dashed line of the same colour. The horizontal axis is logarithmic if the longest
    curve is at least 8 times as long as the shortest, and linear otherwise.

    Parameters
    ----------
    traces : pandas.DataFrame
        One row a recorded round, in the order of recording, with the columns ``label`` (the legend's text),
        ``method``, ``seed``, those of a trace that the axis and the measure need, and optionally ``promise``: the
        theorem's bound on the Lyapunov function in that row relative to its start, NaN where there is none. It is
        drawn with the measure ``"lyapunov"`` only, of which it speaks.
    axis : {"rounds", "iterations", "floats", "bits", "gradients"}, default "rounds"
        The cost; floats and bits are those sent and received.
    measure : {"lyapunov", "distance", "gap"}, default "lyapunov"
        What is drawn, relative to its first value. Zeros and values that are not finite are left out.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        If the axis or the measure is unknown, or no trace has a positive value of the measure.

    Examples
    --------
    >>> import pandas as pd
    >>> rounds = np.arange(50)
    >>> traces = pd.DataFrame({"round": rounds, "lyapunov": 0.5**rounds, "promise": 0.6**rounds})
    >>> figure(traces.assign(label="scaffnew", method="scaffnew", seed=0)).axes[0].get_xlabel()
    'communication rounds'
    """
    costs, label = columns_and_label(axis)
    if measure not in MEASURES:
        raise unknown("measure", measure, MEASURES)
    curves = [
        _curve(str(name), rows, rows[list(costs)].sum(axis=1, skipna=False), measure)
        for name, rows in traces.groupby("label", sort=False)
    ]
    drawn = [curve for curve in curves if len(curve.x)]
    if not drawn:
        raise InputError(
            f"measure = {measure!r} has no positive value in any trace: take another of {', '.join(MEASURES)}."
        )
    ends = [_end(curve) for curve in drawn]
    logarithmic = max(ends) >= _LONG * min(ends)
    bottom = max(_LOWEST, min(np.nanmin(curve.low) for curve in drawn))
    top = min(_HIGHEST, max(1.0, *(np.nanmax(curve.high) for curve in drawn)))
    room = (top / bottom) ** 0.03 if bottom < top else 2.0

    several = max(curve.seeds for curve in curves)
    promised = any(len(curve.promise) for curve in drawn)
    entries = len(curves) + promised + (several > 1)
    widest = max(len(curve.label) for curve in curves)
    legend_columns = 3 if widest <= 20 else 2 if widest <= 34 else 1
    with canvas(entries, legend_columns) as (result, axes):
        axes.set_yscale("log")
        axes.set_ylim(bottom / room, top * room)
        if logarithmic:
            axes.set_xscale("log")
        axes.set_xlim(*_range(drawn, ends, logarithmic))
        axes.set_xlabel(label)
        axes.set_ylabel(MEASURES[measure])
        handles = _draw(axes, curves, logarithmic)
        if promised:
            handles.append(Line2D([], [], color="0.4", label="promised", **PROMISED))
        if several > 1:
            handles.append(
                Patch(color="0.4", alpha=0.3, linewidth=0, label=f"lowest to highest of {several} seeds")
            )
        legend_above(result, handles, legend_columns)
    return result


def _curve(label: str, rows: pd.DataFrame, costs: pd.Series, measure: str) -> _Curve:
    """Bring the seeds of one label onto one grid."""
    measured, promises = [], []
    for _, part in rows.groupby("seed", sort=False, dropna=False):
        x = costs.loc[part.index].to_numpy(dtype=float)
        y = part[measure].to_numpy(dtype=float)
        measured.append(_positive(x, y / y[0] if y[0] > 0 else np.full_like(y, np.nan)))
        if measure == "lyapunov" and "promise" in part:
            promises.append(_positive(x, part["promise"].to_numpy(dtype=float)))
    x, values = _common(measured)
    promise_x, promise = _common(promises)
    return _Curve(
        label, str(rows["method"].iloc[0]), x, *_spread(values), len(measured), promise_x, _spread(promise)[0]
    )


def _positive(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the places and logarithms of what a logarithmic axis can show."""
    keep = np.isfinite(x) & np.isfinite(y) & (y > 0)
    return x[keep], np.log10(y[keep])


def _common(seeds: Sequence[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Interpolate the seeds on the union of their places; shapes (m,) and (seeds, m).

    A seed that has ended keeps its last value, and the grid ends when half of the seeds have: up to there the median
    is that of all of them.
    """
    seeds = [(x, y) for x, y in seeds if len(x)]
    if len(seeds) < 2:
        return (seeds[0][0], seeds[0][1][None]) if seeds else (np.empty(0), np.empty((0, 0)))
    end = sorted(x[-1] for x, _ in seeds)[(len(seeds) - 1) // 2]
    grid = np.unique(np.concatenate([x for x, _ in seeds]))
    grid = grid[grid <= end]
    return grid, np.array([np.interp(grid, x, y) for x, y in seeds])


def _spread(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    if not values.size:
        return np.empty(0), np.empty(0), np.empty(0)
    return tuple(10.0 ** of(values, axis=0) for of in (np.median, np.min, np.max))


def _end(curve: _Curve) -> float:
    """Return where a curve comes within a factor of ten of its lowest: what follows is rest, or rounding."""
    return max(float(curve.x[np.argmax(curve.middle <= 10 * curve.middle.min())]), 1.0)


def _range(curves: Sequence[_Curve], ends: Sequence[float], logarithmic: bool) -> tuple[float, float]:
    """Return the limits of the horizontal axis: long after the last end there is nothing to see."""
    last = min(max(curve.x[-1] for curve in curves), 1.15 * max(ends))
    if not logarithmic:
        return 0.0, 1.02 * last or 1.0
    first = min(curve.x[curve.x > 0].min(initial=last) for curve in curves)
    return first, 1.1 * last


def _thin(x: np.ndarray, *ys: np.ndarray, logarithmic: bool) -> list[np.ndarray]:
    """Return no more points than the eye can resolve, and on a logarithmic axis none that it cannot hold."""
    keep = np.flatnonzero(x > 0) if logarithmic else np.arange(len(x))
    if len(keep) > _POINTS:
        space = np.geomspace if logarithmic else np.linspace
        places = space(x[keep[0]], x[keep[-1]], _POINTS)
        keep = keep[np.unique(np.minimum(np.searchsorted(x[keep], places), len(keep) - 1))]
    return [values[keep] for values in (x, *ys)]


def _draw(axes: Axes, curves: Sequence[_Curve], logarithmic: bool) -> list[Line2D]:
    """Draw the curves and return the legend's entries."""
    thinned = [_thin(c.x, c.middle, c.low, c.high, logarithmic=logarithmic) for c in curves]
    unit = axes.transLimits
    scale = axes.transScale
    paths = [
        (scale + unit).transform(np.column_stack([x, middle])) if len(x) else np.empty((0, 2))
        for x, middle, _, _ in thinned
    ]
    layers = covered([path[(path >= 0).all(axis=1) & (path <= 1).all(axis=1)] for path in paths])
    handles = []
    several = zip(curves, thinned, layers, looks([curve.method for curve in curves]), strict=True)
    for place, (curve, (x, middle, low, high), layer, look) in enumerate(several):
        # Markers sit at equal distances along the line, elsewhere on each line.
        every = (0.03 + 0.11 * (place * 0.618 % 1), 0.14) if len(x) > 12 else None
        (line,) = axes.plot(
            x,
            middle,
            color=look.colour,
            linestyle=look.linestyle,
            linewidth=1.3 + 1.9 * layer,
            marker=look.marker,
            markersize=4.0 + 2.5 * layer,
            markeredgecolor="white",
            markevery=every,
            label=curve.label if len(x) else f"{curve.label} (not measured)",
        )
        if curve.seeds > 1:
            axes.fill_between(x, low, high, color=look.colour, alpha=0.2, linewidth=0)
        handles.append(line)
        if len(curve.promise):
            promise = _thin(curve.promise_x, curve.promise, logarithmic=logarithmic)
            axes.plot(*promise, color=look.colour, **PROMISED)
    return handles

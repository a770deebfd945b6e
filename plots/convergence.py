"""How fast methods converge, along what it costs them, beside what their theorems promise."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator

from ..algorithms import Clock, Trace
from ..core.errors import InputError, unknown
from ..core.html import letters
from ..sweeps.clocks import column
from ..sweeps.names import shown_names
from .parts.style import (
    BEHIND,
    MOST_LINES,
    PROMISED,
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
from .parts.tables import convergence_tables

if TYPE_CHECKING:
    import pandas as pd

    from ..sweeps import Store

OPTIONS = ("axis", "measure", "clock")
"""What :func:`drawn` can be told."""

MEASURES = {
    "lyapunov": "relative Lyapunov function",
    "distance": "relative distance to the solution",
    "gap": "relative objective gap",
}
"""What a trace measures, with the label of its axis."""

# Below the first lies nothing but the rounding of squares in double precision; above the second lies a method
# that has diverged, and showing how far would flatten all the others.
_LOWEST, _HIGHEST = 1e-32, 1e6

# The longest curve over the shortest from which on the shortest would be a sliver on a linear axis.
_LONG = 8.0

_POINTS = 1500

# Curves that are nowhere further apart, relatively, are one.
_SAME = 1e-9

# Where paths have broken the promise.
_BROKEN = {"marker": "o", "markersize": 9, "markerfacecolor": "none", "markeredgecolor": "#D55E00", "linestyle": ""}
_BROKEN |= {"markeredgewidth": 1.5}


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
    broken_x: float = math.nan
    """Where paths refute the promise; NaN if they do not."""


def drawn(
    store: Store, cells: pd.DataFrame, axis: str = "rounds", measure: str = "lyapunov", clock: Clock | None = None
) -> Iterator[tuple[str, Figure]]:
    """Yield a name and a figure for each problem of which there are traces; along seconds, by a clock of theirs."""
    columns_and_label(axis)
    told = f" Seconds are simulated, each round as long as its slowest client: {clock}." if clock else ""
    for name, table, about in convergence_tables(store, cells):
        timed = table if clock is None else _timed(table, clock)
        yield f"{measure}-{axis}-{name}", figure(timed, axis, measure, about + told)


def _timed(table: pd.DataFrame, clock: Clock) -> pd.DataFrame:
    """Return the paths that have seconds by a clock."""
    name = column(clock)
    timed = table.rename(columns={name: "seconds"}).dropna(subset="seconds") if name in table else table.iloc[:0]
    if timed.empty:
        raise InputError(f"no path has seconds by {clock}: run rootkappa sweep with --clock {str(clock)!r} first.")
    return timed


def figure(
    traces: pd.DataFrame | Trace | Sequence[Trace], axis: str = "rounds", measure: str = "lyapunov", caption: str = ""
) -> Figure:
    """Draw a measure of convergence along an axis of cost.

    Each label is one line: the median over its seeds, within a band from the lowest to the highest. What the
    theorem promises is a thin dashed line of the same colour. The horizontal axis is logarithmic if the
    longest curve is at least 8 times as long as the shortest, and linear otherwise. More than 8 labels get a
    panel each, with all others in grey.

    Parameters
    ----------
    traces : pandas.DataFrame, Trace or sequence of Trace
        What :func:`rootkappa.algorithms.run` has returned; or a table, one row a recorded round, in the order of
        recording, with the columns ``label`` (the legend's text), ``method``, ``seed``, those of a trace that the axis
        and the measure need, and optionally ``promise``: the theorem's bound on the Lyapunov function in that row,
        relative to its start, NaN where there is none. It is drawn with the measure ``"lyapunov"`` only, of which it
        speaks; so is ``broken``, the round in which paths were found to refute it.
    axis : {"rounds", "iterations", "floats", "bits", "gradients", "seconds"}, default "rounds"
        The cost; floats and bits are those sent and received.
    measure : {"lyapunov", "distance", "gap"}, default "lyapunov"
        What is drawn, relative to its first value. Zeros and values that are not finite are left out.
    caption : str, optional
        What stands below the axes.

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
    table = _table([traces] if isinstance(traces, Trace) else traces)
    if not {*costs} <= {*table.columns}:
        raise InputError(f"axis = {axis!r} is not recorded in these traces: run them with a clock, or take another.")
    curves = [
        _curve(str(name), rows, rows[list(costs)].sum(axis=1, skipna=False), measure)
        for name, rows in table.groupby("label", sort=False)
    ]
    # In panels of their own they lie on nobody.
    curves = _told_once(curves) if len(curves) <= MOST_LINES else curves
    drawn = [curve for curve in curves if len(curve.x)]
    if not drawn:
        raise InputError(
            f"measure = {measure!r} has no positive value in any trace: take one of {', '.join(MEASURES)}."
        )
    ends = [_end(curve) for curve in drawn]
    logarithmic = max(ends) >= _LONG * min(ends)
    bottom = max(_LOWEST, min(np.nanmin(curve.low) for curve in drawn))
    top = min(_HIGHEST, max(1.0, *(np.nanmax(curve.high) for curve in drawn)))
    room = (top / bottom) ** 0.03 if bottom < top else 2.0

    def frame(axes: Axes) -> None:
        axes.set_xscale("log" if logarithmic else "linear")
        axes.set_yscale("log")
        axes.set_xlim(*_range(drawn, ends, logarithmic))
        axes.set_ylim(bottom / room, top * room)
        if top / bottom > 1e3:
            axes.yaxis.set_major_locator(FixedLocator(_powers(bottom, top).tolist()))

    if len(curves) <= MOST_LINES:
        with canvas() as (result, axes):
            frame(axes)
            axes.set_xlabel(label)
            axes.set_ylabel(MEASURES[measure])
            legend_above(result, [*_draw(axes, curves, logarithmic), *_explained(curves)])
            if caption:
                caption_below(result, caption)
        return result
    with panels([_title(curve) for curve in curves], label, MEASURES[measure], caption) as (result, every):
        for curve, axes in zip(curves, every, strict=True):
            frame(axes)
            for other in curves:
                if other is not curve:
                    axes.plot(*_thin(other.x, other.middle, logarithmic=logarithmic), **BEHIND)
            _draw(axes, [curve], logarithmic)
        legend_above(result, [*_explained(curves), Line2D([], [], label="the others", **BEHIND)])
    return result


def _table(traces: Any) -> pd.DataFrame:
    """Return traces as a table, each method and choice of letters under a label of its own."""
    import pandas as pd

    if isinstance(traces, pd.DataFrame):
        return traces
    given = list(traces)
    if not given or not all(isinstance(trace, Trace) for trace in given):
        raise InputError("traces are neither a table nor traces: give what algorithms.run returns.")
    told = [letters(trace.params._asdict()) for trace in given]
    # Letters tell apart what has one name.
    ways = {(trace.method, way) for trace, way in zip(given, told, strict=True)}
    names = shown_names(trace.method for trace in given)
    named = [
        f"{names[trace.method]}, {way}"
        if sum(method == trace.method for method, _ in ways) > 1
        else names[trace.method]
        for trace, way in zip(given, told, strict=True)
    ]
    frames = (
        trace.frame().assign(label=name, method=trace.method, seed=trace.seed)
        for trace, name in zip(given, named, strict=True)
    )
    return pd.concat(frames, ignore_index=True)


def _told_once(curves: Sequence[_Curve]) -> list[_Curve]:
    """Return the curves, those that are the same to rounding as one with the names of all."""
    kept: list[_Curve] = []
    for curve in curves:
        twin = next((place for place, other in enumerate(kept) if _are_same(curve, other)), None)
        if twin is None:
            kept.append(curve)
        else:
            kept[twin] = kept[twin]._replace(label=f"{kept[twin].label} = {curve.label}")
    return kept


def _are_same(one: _Curve, other: _Curve) -> bool:
    pairs = zip(one[2:6], other[2:6], strict=True)
    promises = (one.promise_x, other.promise_x), (one.promise, other.promise)
    return len(one.x) > 0 and all(
        a.shape == b.shape and np.allclose(a, b, rtol=_SAME, atol=0.0, equal_nan=True) for a, b in (*pairs, *promises)
    )


def _title(curve: _Curve) -> str:
    return curve.label if len(curve.x) else f"{curve.label} (not measured)"


def _explained(curves: Sequence[_Curve]) -> list[Artist]:
    """Return the legend's entries for what is drawn beside the lines."""
    handles: list[Artist] = []
    if any(len(curve.promise) for curve in curves):
        handles.append(Line2D([], [], color="0.4", label="promised", **PROMISED))
    if any(math.isfinite(curve.broken_x) for curve in curves):
        handles.append(Line2D([], [], label="refuted from here on", **_BROKEN))
    seeds = max(curve.seeds for curve in curves)
    if seeds > 1:
        handles.append(Patch(color="0.4", alpha=0.3, linewidth=0, label=f"range of {seeds} seeds"))
    return handles


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
    middle, low, high = _spread(values)
    method, broken = str(rows["method"].iloc[0]), _broken(rows, costs) if len(promise) else math.nan
    return _Curve(label, method, x, middle, low, high, len(measured), promise_x, _spread(promise)[0], broken)


def _broken(rows: pd.DataFrame, costs: pd.Series) -> float:
    """Return the cost at the round in which paths were found to refute the promise."""
    if "broken" not in rows:
        return math.nan
    late = costs[rows["round"] >= rows["broken"]]
    return float(late.min()) if len(late) else math.nan


def _positive(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the places and logarithms of what a logarithmic axis can show."""
    keep = np.isfinite(x) & np.isfinite(y) & (y > 0)
    return x[keep], np.log10(y[keep])


def _common(seeds: Sequence[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Interpolate the seeds on the union of their places; shapes (m,) and (seeds, m).

    A seed that has ended keeps its last value, and the grid ends when half of the seeds have: up to there the
    median is that of all of them.
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
    middle, low, high = (10.0 ** of(values, axis=0) for of in (np.median, np.min, np.max))
    return middle, low, high


def _end(curve: _Curve) -> float:
    """Return where a curve comes within a factor of ten of its lowest: what follows is rest, or rounding."""
    return max(float(curve.x[np.argmax(curve.middle <= 10 * curve.middle.min())]), 1.0)


def _range(curves: Sequence[_Curve], ends: Sequence[float], logarithmic: bool) -> tuple[float, float]:
    """Return the limits of the horizontal axis; long after the last end there is nothing to see but that all rest."""
    longest = max(curve.x[-1] for curve in curves)
    broken = [1.1 * curve.broken_x for curve in curves if math.isfinite(curve.broken_x)]
    last = min(longest, max([1.15 * max(ends), longest / 4, *broken]))
    if not logarithmic:
        return 0.0, 1.02 * last or 1.0
    # Nor is there before the first curve has begun to fall.
    falling = [curve.x[(curve.x > 0) & (curve.middle < 0.7)].min(initial=last) for curve in curves]
    return min(falling) / 2, 1.1 * last


def _powers(bottom: float, top: float) -> np.ndarray:
    """Return about seven powers of ten for the ticks, 1 among them."""
    low, high = math.floor(math.log10(bottom)), math.ceil(math.log10(top))
    step = -(-(high - low) // 7)
    return 10.0 ** np.arange(low // step * step, high + 1, step)


def _thin(x: np.ndarray, *ys: np.ndarray, logarithmic: bool) -> list[np.ndarray]:
    """Return no more points than the eye can resolve, and on a logarithmic axis none that it cannot hold."""
    keep = np.flatnonzero(x > 0) if logarithmic else np.arange(len(x))
    if len(keep) > _POINTS:
        space = np.geomspace if logarithmic else np.linspace
        places = space(x[keep[0]], x[keep[-1]], _POINTS)
        keep = keep[np.unique(np.minimum(np.searchsorted(x[keep], places), len(keep) - 1))]
    return [values[keep] for values in (x, *ys)]


def _draw(axes: Axes, curves: Sequence[_Curve], logarithmic: bool) -> list[Artist]:
    """Draw the curves, in the limits that the axes have, and return the legend's entries."""
    thinned = [_thin(c.x, c.middle, c.low, c.high, logarithmic=logarithmic) for c in curves]
    styles = looks([curve.method for curve in curves])
    # From data to units of the axes' width and height.
    unit = axes.transScale + axes.transLimits
    paths = [unit.transform(np.column_stack([x, middle])) for x, middle, _, _ in thinned]
    inside = [np.all((path >= 0) & (path <= 1), axis=1) for path in paths]
    shown = [path[keep] for path, keep in zip(paths, inside, strict=True)]
    layers = covered(shown, [look.colour for look in styles])
    handles: list[Artist] = []
    for place, (curve, (x, middle, low, high), look) in enumerate(zip(curves, thinned, styles, strict=True)):
        promise = _thin(curve.promise_x, curve.promise, logarithmic=logarithmic)
        promised = unit.transform(np.column_stack(promise))
        tight = covered([promised, shown[place]], ["promised", "measured"])[0]
        (line,) = axes.plot(
            x,
            middle,
            color=look.colour,
            linestyle=look.linestyle,
            linewidth=width(layers[place]) + 1.2 * tight,
            markevery=_marked(paths[place], inside[place], place),
            label=_title(curve),
            **markers(look, layers[place]),
        )
        handles.append(line)
        if math.isfinite(curve.broken_x):
            # On the line, at its own height there.
            height = 10.0 ** np.interp(curve.broken_x, curve.x, np.log10(curve.middle))
            axes.plot([curve.broken_x], [height], zorder=5, **_BROKEN)
        if curve.seeds > 1:
            axes.fill_between(x, low, high, color=look.colour, alpha=0.2, linewidth=0)
        if len(curve.promise):
            if tight:  # white gaps show the dashes on the curve that they coincide with
                axes.plot(*promise, color="white", linewidth=PROMISED["linewidth"])
            axes.plot(*promise, color=look.colour, **PROMISED)
    return handles


def _marked(path: np.ndarray, inside: np.ndarray, place: int) -> list[int]:
    """Return the points that carry a marker: at equal distances along the line, elsewhere on each line."""
    indices = np.flatnonzero(inside)
    if len(indices) <= 12:
        return indices.tolist()
    # Along the lowest value so far: a noisy line's length is in its noise, and would draw all markers there.
    envelope = np.column_stack([path[indices, 0], np.minimum.accumulate(path[indices, 1])])
    lengths = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(envelope, axis=0), axis=1))])
    # Multiples of the golden ratio are far apart, however many lines there are.
    shares = (np.arange(7) + 0.1 + 0.8 * (place * 0.618 % 1)) / 7
    return np.unique(indices[np.searchsorted(lengths, shares * lengths[-1]).clip(max=len(indices) - 1)]).tolist()

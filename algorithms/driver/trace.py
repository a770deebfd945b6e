"""What was measured along a run."""

import math
from dataclasses import dataclass, field
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np

from ...core.errors import unknown
from ...core.html import letters, table

if TYPE_CHECKING:
    import pandas as pd

#: The columns of a trace, in order.
COLUMNS = (
    "round", "iteration", "lyapunov", "distance", "gap",
    "floats_up", "floats_down", "bits_up", "bits_down", "gradients",
)  # fmt: skip

#: What a trace can be drawn along, with the columns that add up to it.
AXES = {
    "rounds": ("round",), "iterations": ("iteration",), "floats": ("floats_up", "floats_down"),
    "bits": ("bits_up", "bits_down"), "gradients": ("gradients",), "seconds": ("seconds",),
}  # fmt: skip


@dataclass(repr=False)
class Trace:
    """What was measured along one run.

    Attributes
    ----------
    method, problem : str
        The method's name and the problem's label.
    params : NamedTuple
        The method's parameters.
    seed : int
        The seed of the run.
    state : NamedTuple
        The state after the last round.
    model : ndarray, shape (d,)
        The model that the method hands out there.
    columns : tuple of str
        The names of what was recorded.
    """

    method: str
    problem: str
    params: Any
    seed: int
    state: Any
    model: np.ndarray = field(init=False)
    columns: tuple[str, ...] = COLUMNS
    rows: list[tuple[float, ...]] = field(default_factory=list, repr=False)

    def column(self, name: str) -> np.ndarray:
        """Return one column as an array, one entry for each recorded round."""
        position = self.columns.index(name)
        return np.array([row[position] for row in self.rows], dtype=float)

    def last(self, name: str) -> float:
        """Return the last recorded number of a column."""
        return self.rows[-1][self.columns.index(name)]

    def reached(self, axis: str, measure: str, fraction: float) -> float:
        """Return where a measure first falls to a fraction of its start, interpolated in its logarithm; NaN if nowhere.

        Parameters
        ----------
        axis, measure : str
            Columns, for example "round" and "lyapunov".
        fraction : float
            Between 0 and 1.
        """
        return self.at(axis, self.crossing(measure, fraction))

    def crossing(self, measure: str, fraction: float) -> tuple[int, float] | None:
        """Return the row in which a measure first is at a fraction of its start, and how far from the row before.

        The way from row to row is 1, in the measure's logarithm. None if it is so nowhere.
        """
        column = self.column(measure)
        fallen = column / column[0]
        there = np.flatnonzero(fallen <= fraction)
        if len(there) == 0:
            return None
        after = int(there[0])
        before, at = (math.log(max(value, 1e-300)) for value in fallen[[after - 1, after]])
        return after, (before - math.log(fraction)) / (before - at)

    def at(self, name: str, crossing: tuple[int, float] | None) -> float:
        """Return a column there, NaN if nowhere."""
        if crossing is None:
            return math.nan
        (after, share), position = crossing, self.columns.index(name)
        first, second = (float(self.rows[row][position]) for row in (after - 1, after))
        return first + share * (second - first)

    def plot(self, axis: str = "rounds", measure: str = "distance", axes: Any = None, **look: Any) -> Any:
        """Draw a measure along a cost, and return Matplotlib's axes.

        :func:`rootkappa.plots.convergence.figure` draws a trace as a figure for a paper.

        Parameters
        ----------
        axis : str
            "rounds", "iterations", "floats" or "bits" (sent and received), "gradients", "seconds", or a column.
        measure : str
            A column, such as "lyapunov", "distance" or "gap".
        axes : matplotlib.axes.Axes, optional
            Where to draw; new ones if not given.
        **look
            What ``axes.plot`` takes besides, such as ``color``.

        Raises
        ------
        InputError
            If the axis or the measure is none of the trace.
        """
        known = {name: columns for name, columns in AXES.items() if set(columns) <= {*self.columns}}
        known |= {name: (name,) for name in self.columns}
        if axis not in known:
            raise unknown("axis", axis, known)
        if measure not in self.columns:
            raise unknown("measure", measure, self.columns)
        if axes is None:
            from matplotlib import pyplot

            axes = pyplot.subplots()[1]
        x = np.sum([self.column(name) for name in known[axis]], axis=0)
        axes.plot(x, self.column(measure), **{"label": self.method, **look})
        axes.set(yscale="log", xlabel=axis, ylabel=measure)
        # In two lines no longer than the axes, a character being 0.6 of its height wide on average.
        points = 72.0 * axes.get_window_extent().width / axes.figure.dpi
        for size in ("medium", "small", "x-small", "xx-small"):
            title = axes.set_title(self.problem, fontsize=size)
            title.set_text(fill(self.problem, max(int(points / (0.6 * title.get_fontsize())), 1)))
            if title.get_text().count("\n") < 2:
                break
        return axes

    def __repr__(self) -> str:
        return f"<trace of {self._told}>"

    @property
    def _told(self) -> str:
        if not self.rows:
            return f"{self.method} on {self.problem}"
        return f"{self.method} on {self.problem}: {self.last('round'):g} rounds, distance {self.last('distance'):.3g}"

    def _repr_html_(self) -> str:
        last = zip(self.columns, (f"{number:.6g}" for row in self.rows[-1:] for number in row), strict=False)
        return table(
            f"{self.method} on {self.problem}",
            [("letters", letters(self.params._asdict())), ("seed", self.seed), *last],
        )

    def frame(self) -> "pd.DataFrame":
        """Return the trace as a table, one row for each recorded round.

        Columns: ``round``, ``iteration``; ``lyapunov``, the method's Lyapunov function; ``distance``, the norm of
        the error of the model that the method would hand out; ``gap``, its excess in the objective; and ``floats_up``,
        ``floats_down``, ``bits_up``, ``bits_down``, ``gradients`` of one client up to there. With a clock
        ``seconds`` follow, and what was observed besides.
        """
        import pandas as pd

        counts = {name: np.int64 for name in COLUMNS if name not in ("lyapunov", "distance", "gap")}
        return pd.DataFrame(self.rows, columns=list(self.columns)).astype(counts)

"""What all figures share: a method's look, the names of the axes, the layout and how a figure is saved."""

from __future__ import annotations

import math
import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from io import BytesIO
from pathlib import Path
from textwrap import fill
from typing import Any, NamedTuple

import numpy as np
from matplotlib import style as matplotlib_style
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ...algorithms.driver.trace import AXES
from ...core.errors import InputError, unknown
from ...core.files import write_whole

_LABELS = {
    "rounds": "communication rounds",
    "iterations": "iterations",
    "floats": "floats sent and received per client",
    "bits": "bits sent and received per client",
    "gradients": "local gradients",
    "seconds": "simulated seconds",
}

PROMISED = {"linestyle": (0, (2.5, 1.5)), "linewidth": 0.9}
"""How a promise is drawn, in each figure: thin and dashed, as no measured line is."""

# Okabe and Ito's colours, which colour-blind readers tell apart, without their yellow, faint on white.
_COLOURS = ("#000000", "#0072B2", "#D55E00", "#009E73", "#E69F00", "#56B4E9", "#CC79A7")
# Each marker with the factor that makes it look as large as the others.
_MARKERS = {"o": 1.0, "s": 0.95, "^": 1.25, "D": 0.95, "v": 1.25, "P": 1.6, "X": 1.55, "*": 1.6}
_DASHES = ("-", (0, (7, 2)), (0, (7, 2, 2, 2)), (0, (14, 3)))

# A look is a hash of the name, so a new method needs no entry anywhere and changes nobody else's look. The
# salts are picked such that methods that are likely to share a figure differ: the tests list them.
_COLOUR_SALT, _MARKER_SALT = 44820, 20142

# Of the image and of the layout alike: at another resolution text has another width, and a legend would be cut.
_DPI = 200

# In inches: one column of a paper, without the legend's height; and one panel of a page of them.
_WIDTH, _HEIGHT = 4.5, 2.8
_PANEL_WIDTH, _PANEL_HEIGHT, _PANEL_COLUMNS = 1.9, 1.35, 4

# Panels of one size that stand side by side.
_IN_A_ROW = 3

# Of a caption: its size in points, and how many of its characters fit into an inch at most.
_CAPTION, _CHARACTERS = 6.5, 20.0

MOST_LINES = 8
"""More lines than these get a panel each: nobody follows them through a heap."""

BEHIND = {"color": "0.82", "linewidth": 0.6, "zorder": 1.0}
"""How all other lines are drawn in the panel of one."""

# Lines that lie under more others than these are drawn no thicker: they would hide everything around them.
_LAYERS = 2

# The distance within which two points look like one, in units of the axes' width and height.
_NEAR = 0.012

_RC = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib: the same on each machine
    "font.size": 8,
    "axes.labelsize": 8.5,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "legend.fontsize": 7.5,
    "legend.frameon": False,
    "legend.borderpad": 0.1,
    "legend.borderaxespad": 0.5,
    "legend.handlelength": 2.6,
    "legend.columnspacing": 1.4,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.formatter.use_mathtext": True,
    "axes.formatter.limits": (-3, 5),
    "grid.color": "#e4e4e4",
    "grid.linewidth": 0.5,
    "lines.markeredgewidth": 0.45,
    "lines.dash_capstyle": "butt",
    "lines.scale_dashes": False,
    "figure.constrained_layout.use": True,
    "svg.fonttype": "path",  # text as outlines: no reader's fonts can move it
    "svg.hashsalt": "rootkappa",
}


class Look(NamedTuple):
    """How a measured line looks; its marker and dashes tell it apart without colour."""

    colour: str
    marker: str
    linestyle: str | tuple[int, tuple[int, ...]]


def looks(methods: Sequence[str]) -> list[Look]:
    """Return how each line of a figure looks.

    A method's colour and the marker of its first line, which is solid, depend on its name, so they are the same in each
    figure; but one that would share its colour with a method before it has the next colour that is free, if any is.
    Further lines of one colour differ in marker and dashes.

    Parameters
    ----------
    methods : sequence of str
        The method of each line, with or without parameters behind a space, in the order of drawing.

    Returns
    -------
    list of Look

    Examples
    --------
    >>> [look.marker for look in looks(["scaffnew", "nesterov", "scaffnew"])]
    ['X', '^', '*']
    """
    found: list[Look] = []
    colours: dict[str, str] = {}
    for method in methods:
        name = method.partition(" ")[0]  # without the parameters
        if name not in colours:
            first = _choice(name, _COLOUR_SALT, len(_COLOURS))
            preferred = [*_COLOURS[first:], *_COLOURS[:first]]
            colours[name] = next((one for one in preferred if one not in colours.values()), preferred[0])
        colour = colours[name]
        before = sum(other.colour == colour for other in found)
        marker = list(_MARKERS)[(_choice(name, _MARKER_SALT, len(_MARKERS)) + before) % len(_MARKERS)]
        found.append(Look(colour, marker, _DASHES[before % len(_DASHES)]))
    return found


def _choice(name: str, salt: int, count: int) -> int:
    digest = blake2b(name.encode(errors="replace"), digest_size=8, salt=salt.to_bytes(2, "big")).digest()
    return int.from_bytes(digest, "big") % count


def columns_and_label(axis: str) -> tuple[tuple[str, ...], str]:
    """Return the columns of a trace that add up to an axis, and its label; raise InputError if unknown."""
    if axis not in AXES:
        raise unknown("axis", axis, AXES)
    return AXES[axis], _LABELS[axis]


@contextmanager
def _frozen(width: float, height: float) -> Generator[Figure]:
    """Yield a figure of a size in inches, under the house's settings and no others, and then freeze its layout.

    Frozen, because each format and each further save would compute it again, a little differently.
    """
    with matplotlib_style.context(["default", _RC]):
        figure = Figure(figsize=(width, height), dpi=_DPI)
        FigureCanvasAgg(figure)
        yield figure
        engine = figure.get_layout_engine()
        if figure.axes and engine is not None:
            # What drawing does first; the rest of it would be done for nothing.
            engine.execute(figure)
        figure.set_layout_engine("none")


@contextmanager
def canvas() -> Generator[tuple[Figure, Axes]]:
    """Yield a figure of one column of a paper and its axes, and then freeze the layout."""
    with _frozen(_WIDTH, _HEIGHT) as figure:
        yield figure, figure.add_subplot()


@contextmanager
def chart(lines: int) -> Generator[tuple[Figure, Axes]]:
    """Yield a figure of one column of a paper with room for so many lines of text at its left, and its axes."""
    with _frozen(_WIDTH, 0.55 + 0.155 * max(lines, 4)) as figure:
        yield figure, figure.add_subplot()


@contextmanager
def grid(rows: int, columns: int) -> Generator[tuple[Figure, list[list[Axes]]]]:
    """Yield a figure of several axes, which share the horizontal axis in a column, and then freeze the layout."""
    with _frozen(1.65 * _WIDTH, 1.65 * _HEIGHT) as figure:
        yield figure, figure.subplots(rows, columns, sharex="col", squeeze=False).tolist()


@contextmanager
def panels(titles: Sequence[str], xlabel: str, ylabel: str, caption: str = "") -> Generator[tuple[Figure, list[Axes]]]:
    """Yield a figure of one panel for each title, all with the same axes, and then freeze the layout."""
    columns = min(_PANEL_COLUMNS, len(titles))
    rows = -(-len(titles) // columns)
    with _frozen(_PANEL_WIDTH * columns, _PANEL_HEIGHT * rows + 0.3) as figure:
        every = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        used, spare = every.ravel()[: len(titles)], every.ravel()[len(titles) :]
        for axes, title in zip(used, titles, strict=True):
            axes.set_title(title, loc="left", fontsize=6.5, pad=3)
        for axes in spare:
            axes.set_visible(False)
        # Where the last row ends early, the panels above its gap carry the labels of the shared axis.
        for axes in used[-columns:]:
            axes.tick_params(labelbottom=True)
        told = f"\n{fill(caption, int(_PANEL_WIDTH * columns * _CHARACTERS * 0.75))}" if caption else ""
        figure.supxlabel(xlabel + told, fontsize=_RC["axes.labelsize"])
        figure.supylabel(ylabel, fontsize=_RC["axes.labelsize"])
        yield figure, used.tolist()


@contextmanager
def rows(count: int) -> Generator[tuple[Figure, list[Axes]]]:
    """Yield a figure of so many panels in rows of three at most, each with axes of its own; then freeze the layout."""
    lines = math.ceil(count / _IN_A_ROW)
    columns = math.ceil(count / lines)
    panel = _WIDTH if columns == 1 else 0.8 * _WIDTH if columns == 2 else 0.65 * _WIDTH
    with _frozen(panel * columns, _HEIGHT * (0.4 + 0.6 * lines)) as figure:
        every = figure.subplots(lines, columns, squeeze=False).ravel().tolist()
        for unused in every[count:]:
            unused.set_axis_off()
        yield figure, every[:count]


def hue(place: int) -> dict[str, Any]:
    """Return colour, marker and solid line of the curve at a place in a figure whose curves are not methods alone.

    Examples
    --------
    >>> hue(0)["color"] != hue(1)["color"], hue(0)["linestyle"]
    (True, '-')
    """
    colours, named = (*_COLOURS[1:], _COLOURS[0]), list(_MARKERS)
    return {
        "color": colours[place % len(colours)],
        "linestyle": _DASHES[place // len(colours) % len(_DASHES)],
        "marker": named[place % len(named)],
        "markeredgecolor": "white",
    }


def dashes() -> tuple[Any, ...]:
    """Return the ways in which lines of one colour are told apart."""
    return _DASHES


def caption_below(figure: Figure, caption: str) -> None:
    """Put a caption below the axes, in as many lines as it takes; the figure grows by their height."""
    width, height = figure.get_size_inches()
    agg: Any = figure.canvas
    text = ""
    # Letters are not all as wide as most.
    for characters in range(int(width * _CHARACTERS), 0, -1):
        text = fill(caption, characters).replace("$", r"\$")
        label = figure.supxlabel(text, x=0.01, ha="left", fontsize=_CAPTION, color="0.25", multialignment="left")
        if label.get_window_extent(agg.get_renderer()).x1 <= 0.99 * width * figure.dpi:
            break
    figure.set_size_inches(width, height + _CAPTION / 72 * 1.3 * (text.count("\n") + 1))


def legend_above(figure: Figure, handles: Sequence[Artist]) -> None:
    """Put the legend above the axes, where it covers no curve, in as many columns as fit.

    The figure grows by the legend's height, so the axes keep theirs.
    """
    agg: Any = figure.canvas
    renderer = agg.get_renderer()
    width, height = figure.get_size_inches()
    margins = 2 * _RC["legend.borderaxespad"] * _RC["legend.fontsize"] / 72
    for columns in (3, 2, 1):
        legend = figure.legend(handles=handles, loc="outside upper left", ncols=columns)
        size = legend.get_window_extent(renderer)
        needed = size.width / figure.dpi + margins
        if needed < width or columns == 1:
            break
        legend.remove()
    figure.set_size_inches(max(width, needed), height + size.height / figure.dpi)


def markers(look: Look, layer: int) -> dict[str, Any]:
    """Return how the markers of a line are drawn that lies under so many others."""
    size = (3.8 + 2.6 * min(layer, _LAYERS)) * _MARKERS[look.marker]
    return {"marker": look.marker, "markersize": size, "markeredgecolor": "white"}


def width(layer: int) -> float:
    """Return the width of a line that lies under so many others: it shows on both sides of them."""
    return 1.3 + 1.9 * min(layer, _LAYERS)


def covered(paths: Sequence[np.ndarray], colours: Sequence[str]) -> list[int]:
    """Return for each path how many later ones of another colour are drawn on top of it.

    Parameters
    ----------
    paths : sequence of ndarray, shape (m, 2)
        Points in units of the axes' width and height, in the order of drawing.
    colours : sequence of str
        The colour of each path.

    Returns
    -------
    list of int

    Examples
    --------
    >>> line = np.linspace([0, 0], [1, 1], 50)
    >>> covered([line, line + 0.5, line], ["red", "green", "blue"])
    [1, 0, 0]
    """
    even = [_evenly(path, np.linspace(0.0, 1.0, 300)) for path in paths]

    def lies_on(upper: int, lower: int) -> bool:
        if colours[upper] == colours[lower] or not len(even[upper]) or not len(even[lower]):
            return False
        distances = np.linalg.norm(even[lower][:, None] - even[upper][None], axis=2).min(axis=1)
        return bool(np.mean(distances < _NEAR) > 0.8)

    return [sum(lies_on(upper, lower) for upper in range(lower + 1, len(even))) for lower in range(len(even))]


def _evenly(path: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Return the points of a path, shape (m, 2), that lie at the given shares of its length."""
    if len(path) < 2:
        return path
    lengths = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    return np.column_stack([np.interp(shares * lengths[-1], lengths, values) for values in path.T])


def save(figure: Figure, stem: str | os.PathLike[str], command: str) -> list[Path]:
    """Write a figure as SVG and as PNG, and beside it the command that made it.

    The same figure gives the same bytes: no date, no random names, no version.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    stem : str or os.PathLike
        The files' common path without the ending; dots in it are kept. Its folder is created.
    command : str
        The command line that made the figure.

    Returns
    -------
    list of pathlib.Path
        ``stem.svg``, ``stem.png`` and ``stem.txt``.

    Raises
    ------
    InputError
        If a file cannot be written.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     [path.name for path in save(Figure(), f"{folder}/kappa_1e4.5", "rootkappa plot")]
    ['kappa_1e4.5.svg', 'kappa_1e4.5.png', 'kappa_1e4.5.txt']
    """
    stem = Path(stem)
    contents = {}
    # Ticks are made while a figure is drawn, by the settings of that moment.
    with matplotlib_style.context(["default", _RC]):
        for ending, metadata in (("svg", {"Date": None, "Creator": None}), ("png", {"Software": None})):
            buffer = BytesIO()
            figure.savefig(buffer, format=ending, dpi=_DPI, metadata=metadata)
            contents[ending] = buffer.getvalue()
    contents["txt"] = f"{command.rstrip()}\n".encode(errors="backslashreplace")
    try:
        stem.parent.mkdir(parents=True, exist_ok=True)
        paths = [stem.with_name(f"{stem.name}.{ending}") for ending in contents]
        for path, content in zip(paths, contents.values(), strict=True):
            write_whole(path, content)
    except (OSError, ValueError) as error:
        raise InputError(
            f"stem = {str(stem)!r} cannot be written ({error}): "
            "give a path in a folder that you can write to, without the ending."
        ) from error
    return paths

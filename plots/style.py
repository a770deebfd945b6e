"""What all figures share: the look of a method, the names of the axes, the layout and how a figure is saved."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import matplotlib
import numpy as np
from matplotlib import style as matplotlib_style
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..problems.errors import InputError, unknown

AXES = {
    "rounds": (("round",), "communication rounds"),
    "iterations": (("iteration",), "iterations"),
    "floats": (("floats_up", "floats_down"), "floats sent and received per client"),
    "bits": (("bits_up", "bits_down"), "bits sent and received per client"),
    "gradients": (("gradients",), "local gradients"),
}
"""For each axis: the columns of a trace that add up to it, and its label."""

PROMISED = {"linestyle": (0, (2.5, 1.5)), "linewidth": 0.9}
"""How a promise is drawn, in each figure: thin and dashed, as no measured line is."""

# Okabe and Ito's colours, which colour-blind readers tell apart; without their yellow, which is faint on white.
_COLOURS = ("#000000", "#0072B2", "#D55E00", "#009E73", "#E69F00", "#56B4E9", "#CC79A7")
_MARKERS = "os^DvPX*"
_DASHES = (None, (7, 2), (7, 2, 2, 2), (14, 3))

# A look is a hash of the name, so a new method needs no entry anywhere and changes nobody else's look. The salts are
# picked such that the methods that ship all differ.
_COLOUR_SALT, _MARKER_SALT = 47186, 1

_WIDTH = 4.5
_PLOT_HEIGHT = 2.7
_ROW_HEIGHT = 0.16

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
    "legend.handlelength": 2.6,
    "legend.columnspacing": 1.4,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": "#e4e4e4",
    "grid.linewidth": 0.5,
    "lines.markeredgewidth": 0.6,
    "lines.dash_capstyle": "butt",
    "lines.scale_dashes": False,
    "figure.constrained_layout.use": True,
    "svg.fonttype": "path",  # text as outlines: no reader's fonts can move it
    "svg.hashsalt": "rootkappa",
}


class Look(NamedTuple):
    """How a measured line looks: its colour, and the marker and the dashes that tell it apart without colour."""

    colour: str
    marker: str
    linestyle: tuple[int, tuple[int, ...] | None]


def looks(methods: Sequence[str]) -> list[Look]:
    """Return how each line of a figure looks.

    A method's colour depends on its name alone, so it is the same in each figure; so are the marker and the dashes
    of the first line of that colour. Further lines of one colour differ in marker and dashes.

    Parameters
    ----------
    methods : sequence of str
        The method of each line, in the order of drawing.

    Returns
    -------
    list of Look

    Examples
    --------
    >>> [look.marker for look in looks(["scaffnew", "nesterov", "scaffnew"])]
    ['o', 's', 's']
    """
    found: list[Look] = []
    for method in methods:
        colour = _COLOURS[_choice(method, _COLOUR_SALT, len(_COLOURS))]
        before = sum(other.colour == colour for other in found)
        marker = _MARKERS[(_choice(method, _MARKER_SALT, len(_MARKERS)) + before) % len(_MARKERS)]
        found.append(Look(colour, marker, (0, _DASHES[before % len(_DASHES)])))
    return found


def _choice(name: str, salt: int, count: int) -> int:
    digest = blake2b(name.encode(errors="replace"), digest_size=8, salt=salt.to_bytes(2, "big")).digest()
    return int.from_bytes(digest, "big") % count


def columns_and_label(axis: str) -> tuple[tuple[str, ...], str]:
    """Return the columns of a trace that add up to an axis, and the axis' label; raise InputError if unknown."""
    if axis not in AXES:
        raise unknown("axis", axis, AXES)
    return AXES[axis]


@contextmanager
def canvas(entries: int, legend_columns: int) -> Iterator[tuple[Figure, Axes]]:
    """Yield a figure and its axes, under the house's settings and no others.

    Parameters
    ----------
    entries, legend_columns : int
        How many entries the legend will have, in how many columns: the figure grows by the height that they need.
    """
    rows = -(-entries // legend_columns)
    with matplotlib_style.context(["default", _RC]):
        figure = Figure(figsize=(_WIDTH, _PLOT_HEIGHT + _ROW_HEIGHT * rows))
        axes = figure.add_subplot()
        yield figure, axes
        # The layout is computed once and frozen, so that each format and each further save has the same.
        figure.draw_without_rendering()
        figure.set_layout_engine("none")


def legend_above(figure: Figure, handles: Sequence[Artist], legend_columns: int) -> None:
    """Put the legend above the axes, where it can cover no curve."""
    figure.legend(handles=handles, loc="outside upper left", ncols=legend_columns)


def covered(paths: Sequence[np.ndarray], near: float = 0.012, share: float = 0.5) -> list[int]:
    """Return for each path how many later ones are drawn on top of it.

    A path that is covered is drawn wider, so that it shows on both sides of what covers it.

    Parameters
    ----------
    paths : sequence of ndarray, shape (m, 2)
        Points in units of the axes' width and height, in the order of drawing.
    near : float, default 0.012
        The distance within which two points look like one.
    share : float, default 0.5
        A path is covered if more than this share of it is near the other.

    Returns
    -------
    list of int

    Examples
    --------
    >>> line = np.linspace([0, 0], [1, 1], 50)
    >>> covered([line, line + 0.5, line])
    [1, 0, 0]
    """
    even = [_even(path) for path in paths]

    def lies_on(upper: np.ndarray, lower: np.ndarray) -> bool:
        if not len(upper) or not len(lower):
            return False
        distances = np.linalg.norm(lower[:, None] - upper[None], axis=2).min(axis=1)
        return bool(np.mean(distances < near) > share)

    return [sum(lies_on(upper, lower) for upper in even[place + 1 :]) for place, lower in enumerate(even)]


def _even(path: np.ndarray, count: int = 300) -> np.ndarray:
    """Return points at equal distances along a path."""
    path = path[np.isfinite(path).all(axis=1)]
    if len(path) < 2:
        return path
    lengths = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    places = np.linspace(0.0, lengths[-1], count)
    return np.column_stack([np.interp(places, lengths, path[:, axis]) for axis in (0, 1)])


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
    with matplotlib.rc_context({"svg.hashsalt": _RC["svg.hashsalt"], "svg.fonttype": _RC["svg.fonttype"]}):
        for ending, metadata in (("svg", {"Date": None, "Creator": None}), ("png", {"Software": None})):
            buffer = BytesIO()
            figure.savefig(buffer, format=ending, dpi=200, metadata=metadata)
            contents[ending] = buffer.getvalue()
    contents["txt"] = f"{command.rstrip()}\n".encode()
    try:
        stem.parent.mkdir(parents=True, exist_ok=True)
        paths = [stem.with_name(f"{stem.name}.{ending}") for ending in contents]
        for path, content in zip(paths, contents.values(), strict=True):
            path.write_bytes(content)
    except (OSError, ValueError) as error:
        raise InputError(
            f"stem = {str(stem)!r} cannot be written ({error}): "
            "give a path in a folder that you can write to, without the ending."
        ) from error
    return paths

"""What pruning does to a method, by where it happens: the objective, and the sum of the control variates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from .parts.style import PROMISED, caption_below, grid, looks, width
from .parts.tables import study_tables

if TYPE_CHECKING:
    import pandas as pd

    from ..sweeps import Store

OPTIONS = ()
"""What :func:`drawn` can be told."""

# Below lies nothing but rounding.
_LOWEST = 1e-17
_TITLES = {"top-k": "pruned to k coordinates", "convex": "with λ ‖x‖₁"}
_LABELS = {"top-k": "F – F* when pruned", "convex": "F + λ ‖x‖₁ – minimum"}


def drawn(store: Store, cells: pd.DataFrame) -> Iterator[tuple[str, Figure]]:
    """Yield a name and a figure for each problem."""
    for name, table in study_tables(store, cells):
        yield name, figure(table)


def figure(traces: pd.DataFrame) -> Figure:
    """Draw objective and |Σ h_i| against rounds, on the left for top-k pruning, on the right for λ‖x‖₁.

    Parameters
    ----------
    traces : pandas.DataFrame
        One row a recorded round of each method, with the columns ``method``, ``kind`` ("top-k" or "convex"),
        ``pruning`` (the words for it), ``round``, ``objective``, ``sum`` and ``expected``, as in
        :func:`rootkappa.sweeps.studies.sparsity.trace`.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> import pandas as pd
    >>> rows = {"round": [0, 9], "objective": [1.0, 0.1], "sum": [0.0, 0.5], "expected": 0.0, "pruning": "naive"}
    >>> parts = [pd.DataFrame(rows).assign(kind=kind, method="mine") for kind in ("top-k", "convex")]
    >>> figure(pd.concat(parts)).axes[2].get_xlabel()
    'communication rounds'
    """
    kinds = list(_TITLES)
    with grid(2, len(kinds)) as (result, axes):
        for column, kind in enumerate(kinds):
            own = traces[traces["kind"] == kind]
            methods = list(dict.fromkeys(own["method"]))
            handles = []
            for method, look in zip(methods, looks(methods), strict=True):
                rows = own[own["method"] == method]
                # What fails is drawn last and thickest: it is what the figure is about.
                is_naive = "naive" in rows["pruning"].iloc[0]
                style = {
                    "color": look.colour,
                    "linestyle": look.linestyle,
                    "linewidth": width(int(is_naive)) * 0.8,
                    "zorder": 3 if is_naive else 2,
                }
                for row, measure in enumerate(("objective", "sum")):
                    values = np.maximum(rows[measure].to_numpy(), _LOWEST)
                    axes[row][column].plot(rows["round"], values, **style)
                handles.append(Line2D([], [], label=rows["pruning"].iloc[0], **style))
            if (own["expected"] > 0).any():
                axes[1][column].axhline(own["expected"].max(), color="0.4", **PROMISED)
                handles.append(Line2D([], [], color="0.4", label="|Σ ∇f(x*)|, which the prox needs", **PROMISED))
            _finish(axes[0][column], axes[1][column], kind)
            if kind == "top-k":
                # The variants hover at heights that differ by less than a power of ten: leave out how they start.
                late = own[own["round"] >= own["round"].max() / 2]
                axes[0][column].set_yscale("linear")
                axes[0][column].set_ylim(0.0, 1.3 * late["objective"].max())
            axes[0][column].legend(handles=handles, loc="lower left", bbox_to_anchor=(-0.02, 1.12))
        labels = [label for label in traces.get("label", ()) if isinstance(label, str)]
        if labels:
            # That of the plainest problem: the others add a term to it.
            caption_below(result, f"{min(labels, key=len)}.")
    return result


def _finish(above: Axes, below: Axes, kind: str) -> None:
    for axes in (above, below):
        axes.set_yscale("log")
        axes.margins(x=0.01)
    above.set_title(_TITLES[kind], loc="left", fontsize="medium", fontweight="bold", pad=6)
    above.set_ylabel(_LABELS[kind])
    above.tick_params(labelbottom=False)
    below.set_ylabel("|Σ h|")
    below.set_xlabel("communication rounds")

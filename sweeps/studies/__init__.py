"""Comparisons of more than one method, one file each; every module here is a study, found by being there.

The first line of its docstring says what is compared, and ``METHODS`` names the methods that it runs. It is one of two
kinds:

* ``trace(method, problem, seed)`` returns for one of them a dict of what is known beside its path, and the path: a
  trace's table with columns of the study's own. Its figure is the file of the same name in ``plots``.
* ``points(method, spec)`` returns, on a :class:`~rootkappa.sweeps.ProblemSpec`, such a dict and rows of a table of its
  own, one a point: ``panel``, the title of one of its ``PANELS``; ``curve``, the words of the legend; ``role``, of
  ``ROLES``; ``x``, ``y``; and, where there is an interval over seeds, its ends ``low`` and ``high``. All such studies
  have the same figure, ``plots/study.py``, below which stands what the dict knows as ``caption``, such as how many
  seeds there are, and as ``label``, where the problems are not the given one. Problems of other sizes, and other seeds,
  are derived from the given ones; ``SPEC`` is the problem where no other is asked for.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

from ...core.blas import one_blas_thread
from ...core.discover import discover
from ...core.errors import InputError, unknown
from ..cells import Cell
from ..problems import ProblemSpec

if TYPE_CHECKING:
    import pandas as pd

#: What a curve is to the reader: what the study is about, what it is held against, or what theory or a limit says.
ROLES = ("method", "control", "reference")
#: More panels than these, in two rows, nobody takes in.
MOST_PANELS = 6
#: What ``points`` of a study returns: what is known, and rows of its table, or the table.
Points = tuple[dict[str, Any], "Iterable[dict[str, Any]] | pd.DataFrame"]
_COLUMNS = ("panel", "curve", "role", "x", "y")
_INTERVAL = ("low", "high")


class Panel(NamedTuple):
    """One panel of a study's figure.

    Attributes
    ----------
    title : str
        Its title, by which the table names it.
    x, y : str
        The words at its axes.
    xscale, yscale : {"linear", "log"}
        How they count.
    marks : {"lines", "points"}
        Whether an interval is a band along a line, or a bar at each point.
    """

    title: str
    x: str
    y: str
    xscale: str = "linear"
    yscale: str = "log"
    marks: str = "lines"


@dataclass(frozen=True)
class StudyCell:
    """One method's part of a study, computed and stored like a cell of a sweep.

    Attributes
    ----------
    study, method : str
        Which study, and whose part.
    spec : ProblemSpec
        The problem; its seed is that of all paths as well.
    """

    study: str
    method: str
    spec: ProblemSpec

    def configuration(self) -> dict[str, Any]:
        """Return everything that defines the part, as one row of a table."""
        fields = self.spec.configuration()
        return {"method": self.method, **fields, "changes": "", "seed": self.spec.problem_seed, "study": self.study}

    def key(self) -> str:
        """Return the hash of the configuration, of the data and of the code that computes it."""
        same = Cell(self.method, self.spec, seed=self.spec.problem_seed)
        return blake2b(f"{self.study} {same.key()}".encode(), digest_size=16).hexdigest()

    @one_blas_thread()
    def compute(self) -> "tuple[dict[str, Any], pd.DataFrame | None]":
        """Return what is known, and the path; a study's own table stands among what is known."""
        study = _study(self.study)
        if not hasattr(study, "points"):
            return study.trace(self.method, self.spec.build(), self.spec.problem_seed)
        import pandas as pd

        known, rows = study.points(self.method, self.spec)
        titles = [panel.title for panel in study.PANELS]
        told = {"label": self.spec.build().label, "about": study.__doc__.partition("\n")[0], "caption": ""}
        table = json.dumps(_checked(pd.DataFrame(rows), titles).to_dict("list"))
        return {**told, **known, "panels": json.dumps(study.PANELS), "points": table}, None


def _checked(points: "pd.DataFrame", titles: list[str]) -> "pd.DataFrame":
    """Return a study's table with all columns in order; what cannot be drawn is an InputError."""
    missing = [name for name in _COLUMNS if name not in points]
    if missing:
        raise InputError(f"points lacks the columns {', '.join(missing)}: give {', '.join(_COLUMNS)}.")
    for name, allowed in (("panel", titles), ("role", ROLES)):
        for value in points[name].unique():
            if value not in allowed:
                raise unknown(name, value, allowed)
    if len(titles) > MOST_PANELS:
        raise InputError(f"PANELS has {len(titles)} panels, which nobody takes in: give {MOST_PANELS} at most.")
    full = points.reindex(columns=[*_COLUMNS, *_INTERVAL])
    return full.astype(dict.fromkeys(("x", "y", *_INTERVAL), float))


def names() -> list[str]:
    """Return the names of all studies, sorted.

    Examples
    --------
    >>> "sparsity" in names()
    True
    """
    return sorted(discover(__name__))


def summary(study: str) -> str:
    """Return what a study compares; an unknown study is an InputError.

    Examples
    --------
    >>> summary("sparsity")
    'What each way to prune does to the objective and to the sum of the control variates.'
    """
    return _study(study).__doc__.partition("\n")[0]


def methods(study: str) -> tuple[str, ...]:
    """Return the methods that a study runs; an unknown study is an InputError.

    Examples
    --------
    >>> "proxskip" in methods("sparsity")
    True
    """
    return tuple(_study(study).METHODS)


def usual_spec(study: str) -> ProblemSpec | None:
    """Return the problem that a study is about where no other is asked for; None if it has none of its own."""
    return getattr(_study(study), "SPEC", None)


def study_cells(study: str, specs: Sequence[ProblemSpec]) -> list[StudyCell]:
    """Return the parts of a study on some problems, for :func:`rootkappa.sweeps.run_cells`.

    Examples
    --------
    >>> [cell.method for cell in study_cells("sparsity", [ProblemSpec()])][0]
    'sparse_proxskip_server'
    """
    return [StudyCell(study, method, spec) for spec in specs for method in methods(study)]


def _study(name: str) -> Any:
    found = discover(__name__)
    if name not in found:
        raise unknown("study", name, found)
    return found[name]

"""Comparisons of more than one method, one file each; every module here is a study, found by being there.

The first line of its docstring says what is compared. It defines ``METHODS``, the names of the methods that it runs,
and ``trace(method, problem, seed)``, which returns for one of them a dict of what is to be known beside its path, and
the path: a trace's table, with columns of the study's own. Its figure is the file of the same name in ``plots``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from ...core.blas import one_blas_thread
from ...core.discover import discover
from ...core.errors import unknown
from ..cells import Cell
from ..problems import ProblemSpec

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class StudyCell:
    """One path of a study, computed and stored like a cell of a sweep.

    Attributes
    ----------
    study, method : str
        Which study, and whose path.
    spec : ProblemSpec
        The problem; its seed is that of the path as well.
    """

    study: str
    method: str
    spec: ProblemSpec

    def configuration(self) -> dict[str, Any]:
        """Return everything that defines the path, as one row of a table."""
        fields = self.spec.configuration()
        return {"method": self.method, **fields, "changes": "", "seed": self.spec.problem_seed, "study": self.study}

    def key(self) -> str:
        """Return the hash of the configuration, of the data and of the code that computes the path."""
        same = Cell(self.method, self.spec, seed=self.spec.problem_seed)
        return blake2b(f"{self.study} {same.key()}".encode(), digest_size=16).hexdigest()

    @one_blas_thread()
    def compute(self) -> "tuple[dict[str, Any], pd.DataFrame]":
        """Return what is known of the path, and the path."""
        return _study(self.study).trace(self.method, self.spec.build(), self.spec.problem_seed)


def names() -> list[str]:
    """Return the names of all studies, sorted.

    Examples
    --------
    >>> "sparsity" in names()
    True
    """
    return sorted(discover(__name__))


def methods(study: str) -> tuple[str, ...]:
    """Return the methods that a study runs; an unknown study is an InputError.

    Examples
    --------
    >>> "proxskip" in methods("sparsity")
    True
    """
    return tuple(_study(study).METHODS)


def study_cells(study: str, specs: Sequence[ProblemSpec]) -> list[StudyCell]:
    """Return the paths of a study on some problems, for :func:`rootkappa.sweeps.run_cells`.

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

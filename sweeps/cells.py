"""The cell of a sweep: one method on one problem with one seed, and how it is computed."""

import json
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..algorithms.driver.method import find, names
from ..core.compiled import sources_digest
from ..theory.case import Case
from ..theory.engines import exact
from ..theory.theorem import promised_by
from ..theory.verify import blaming
from .problems import ProblemSpec

if TYPE_CHECKING:
    import pandas as pd

_RECORDS = 400


@dataclass(frozen=True)
class Cell:
    """One computation of a sweep.

    Attributes
    ----------
    method : str
        The method's name, or the path of its Python file.
    spec : ProblemSpec
        The problem.
    changes : tuple of (str, float)
        Parameters that differ from what the theorem prescribes.
    epsilon : float
        The relative accuracy in the Lyapunov function, between 0 and 1.
    exact : bool
        Whether expectations are computed exactly, from the worst start; otherwise a path is sampled.
    seed : int
        Of the sampled path; 0 for an exact cell.
    """

    method: str
    spec: ProblemSpec
    changes: tuple[tuple[str, float], ...] = ()
    epsilon: float = 1e-6
    exact: bool = False
    seed: int = 0

    def configuration(self) -> dict[str, Any]:
        """Return everything that defines the cell, as one row of a table."""
        return {
            "method": self.method,
            **self.spec.configuration(),
            "changes": ",".join(f"{letter}={value!r}" for letter, value in self.changes),
            "epsilon": self.epsilon,
            "exact": self.exact,
            "seed": self.seed,
        }

    def key(self) -> str:
        """Return the hash of the configuration, of the data and of the code that computes the cell."""
        own_file = "" if self.method in names() else Path(self.method).read_text()
        full = [self.configuration(), own_file, self.spec.content(), sources_digest()]
        return blake2b(json.dumps(full).encode(), digest_size=16).hexdigest()

    def compute(self) -> tuple[dict[str, Any], "pd.DataFrame | None"]:
        """Return the cell's result, and its trace if it is a sampled one.

        Raises
        ------
        InputError
            If the method cannot run on the problem or exact moments cannot be had.
        """
        method = find(self.method)
        problem = self.spec.build()
        with blaming(method):
            case = Case(method, promised_by(method), problem, dict(self.changes), self.seed)
            case.check()
            about = {"label": problem.label, **_described(case)}
            if self.exact:
                times = exact.time_to_accuracy(case, self.epsilon)
                return {**times._asdict(), **about}, None
            trace = case.run(case.horizon(self.epsilon), record=_RECORDS, until=("lyapunov", self.epsilon))
            counts = {axis: trace.reached(column, "lyapunov", self.epsilon) for axis, column in _COUNTED.items()}
            return {**counts, **about}, case.frame(trace)


_COUNTED = {"rounds": "round", "iterations": "iteration", "floats": "floats_up", "gradients": "gradients"}


def _short(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:.6g}"


def _described(case: Case) -> dict[str, Any]:
    return {
        "params": ", ".join(f"{letter}={_short(value)}" for letter, value in case.params._asdict().items()),
        "rho": case.rho,
    }

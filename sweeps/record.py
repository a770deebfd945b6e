"""Keep in the store what verdicts rest on, in the same table as the cells of a sweep."""

from collections.abc import Iterable
from dataclasses import replace

from ..theory.engines.path import ACCURACY
from ..theory.verdict import Verdict
from .cells import Cell
from .problems import ProblemSpec
from .store import Store


def keep(store: Store, spec: ProblemSpec, verdicts: Iterable[Verdict], changes: dict[str, float]) -> None:
    """Store the traces and the points of verdicts on one problem.

    Parameters
    ----------
    store : Store
        Where to.
    spec : ProblemSpec
        The problem of the verdicts.
    verdicts : iterable of Verdict
        What was found; only path and exponent evidence has something to keep.
    changes : dict
        The parameters that differ from the prescribed ones.
    """
    for verdict in verdicts:
        base = Cell(verdict.method, spec, tuple(changes.items()), epsilon=ACCURACY)
        for trace in verdict.details.get("traces", ()):
            cell = replace(base, seed=trace.seed)
            about = {name: verdict.details[name] for name in ("rho", "floor", "step_column")}
            store.put(cell.key(), cell.configuration(), {"label": verdict.problem, **about}, trace.frame())
        for point in verdict.details.get("points", ()):
            family = replace(spec, kappa=point["kappa"], basis="common")
            cell = replace(base, spec=family, epsilon=verdict.details["epsilon"], exact=True)
            counts = {axis: point[axis] for axis in ("rounds", "iterations")}
            store.put(cell.key(), cell.configuration(), counts, None)

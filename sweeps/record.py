"""Keep in the store what verdicts rest on, in the same table as the cells of a sweep."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from ..theory.engines.path import ACCURACY
from ..theory.verdict import Verdict
from .cells import Cell
from .problems import ProblemSpec
from .store import Store


def keep(store: Store, spec: ProblemSpec, verdicts: Iterable[Verdict], changes: dict[str, Any]) -> list[str]:
    """Store the traces and the points of verdicts on one problem.

    Parameters
    ----------
    store : Store
        Where to. A trace gets a column ``promise`` beside its own: the promised V in each row, relative to its start.
    spec : ProblemSpec
        The problem of the verdicts.
    verdicts : iterable of Verdict
        What was found; only path and exponent evidence has something to keep.
    changes : dict
        The parameters that differ from the prescribed ones.

    Returns
    -------
    list of str
        The keys of what was stored.
    """
    keys = []
    for verdict in verdicts:
        base = Cell(verdict.method, spec, tuple(changes.items()), epsilon=ACCURACY)
        paths = zip(verdict.details.get("traces", ()), verdict.details.get("promises", ()), strict=True)
        for trace, promise in paths:
            cell, frame = replace(base, seed=trace.seed), trace.frame().assign(promise=promise)
            store.put(cell.key(), cell.configuration(), {"label": verdict.problem}, frame)
            keys.append(cell.key())
        for point in verdict.details.get("points", ()):
            family = replace(spec, kappa=point["kappa"], basis="common")
            cell = replace(base, spec=family, epsilon=verdict.details["epsilon"], exact=True)
            counts = {axis: point[axis] for axis in ("rounds", "iterations")}
            store.put(cell.key(), cell.configuration(), counts, None)
            keys.append(cell.key())
    return keys

"""Keep what verdicts rest on, in the same table as the cells of a sweep, and the verdicts until all are there."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ..algorithms.driver.method import find
from ..theory.engines.path import ACCURACY
from ..theory.theorem import promised_by
from ..theory.verdict import Verdict
from .cells import Cell, promises
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
        promised = promises(promised_by(find(verdict.method)))
        base = Cell(verdict.method, spec, tuple(changes.items()), epsilon=ACCURACY)
        paths = zip(verdict.details.get("traces", ()), verdict.details.get("promises", ()), strict=True)
        for trace, promise in paths:
            cell, frame = replace(base, seed=trace.seed), trace.frame().assign(promise=promise)
            broken = {name: verdict.details[name] for name in ("broken",) if name in verdict.details}
            store.put(cell.key(), cell.configuration(), {"label": verdict.problem, **broken}, frame)
            keys.append(cell.key())
        for point in verdict.details.get("points", ()):
            family = replace(spec, kappa=point["kappa"], basis="common")
            cell = replace(base, spec=family, epsilon=verdict.details["epsilon"], exact=True)
            counts = {axis: point[axis] for axis in ("rounds", "iterations")}
            store.put(cell.key(), cell.configuration(), {**counts, **promised}, None)
            keys.append(cell.key())
    return keys


# What of a verdict is data and nothing that was computed on the way.
_FIELDS = (
    "method", "evidence", "claim", "status", "known", "measured", "promised", "low", "high", "problem", "params",
    "seed", "sentence", "sensitivity", "alpha", "changed", "seconds",
)  # fmt: skip


class Records:
    """The verdicts of one command with what they rest on, in a folder: after an interrupt it goes on from there.

    Parameters
    ----------
    folder : Path
        Where to. ``verify.sqlite`` is the store for the figures; ``unfinished.sqlite`` holds the verdicts until
        :meth:`finish`.

    Raises
    ------
    InputError
        If one of the two cannot be written or is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self.store = Store(folder / "verify.sqlite")
        try:
            self._verdicts = Store(folder / "unfinished.sqlite")
            self._finished = self._verdicts.keys()
        except BaseException:
            self.store.close()
            raise
        self.keys: list[str] = []
        """The keys of what is in the store, in the order in which it was found."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: TracebackType | BaseException | None) -> None:
        self.store.close()
        self._verdicts.close()

    def found(
        self, method: str, spec: ProblemSpec, kinds: Sequence[str], changes: dict[str, Any], alpha: float
    ) -> list[Verdict] | None:
        """Return the verdicts that an interrupted command has found at this level; None if it had none."""
        key = _key(self._cell(method, spec, changes), kinds, alpha)
        if key not in self._finished:
            return None
        row = self._verdicts.cells([key]).iloc[0]
        self.keys += json.loads(row["keys"])
        return [Verdict(**fields) for fields in json.loads(row["verdicts"])]

    def keep(
        self,
        method: str,
        spec: ProblemSpec,
        kinds: Sequence[str],
        changes: dict[str, Any],
        verdicts: list[Verdict],
        alpha: float,
    ) -> None:
        """Keep the verdicts of one method on one problem, and what they rest on.

        Each that rests on what is drawn refutes what is right with the probability ``alpha`` at most.
        """
        cell = self._cell(method, spec, changes)
        keys = keep(self.store, spec, verdicts, changes)
        told = [{name: getattr(verdict, name) for name in _FIELDS} for verdict in verdicts]
        given = {**cell.configuration(), "kinds": ",".join(kinds), "alpha": alpha}
        result = {"verdicts": json.dumps(told, default=_number), "keys": json.dumps(keys)}
        self._verdicts.put(_key(cell, kinds, alpha), given, result, None)
        self.keys += keys

    def finish(self) -> None:
        """Forget the verdicts: the next command of this folder starts anew."""
        self._verdicts.close()
        self._verdicts.path.unlink(missing_ok=True)

    def _cell(self, method: str, spec: ProblemSpec, changes: dict[str, Any]) -> Cell:
        return Cell(method, spec, tuple(changes.items()))


def _key(cell: Cell, kinds: Sequence[str], alpha: float) -> str:
    return f"{cell.key()}{','.join(kinds)} {alpha!r}"


def _number(value: Any) -> Any:
    return value.item()  # a NumPy scalar

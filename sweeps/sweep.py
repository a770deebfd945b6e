"""Run the cells of a grid that are not in the store yet, and read the slopes off the finished ones."""

import math
import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import fields, replace
from itertools import chain, product
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ..algorithms.driver.method import Method, find, get, names
from ..algorithms.parts.rounds import EveryStep
from ..core.checks import as_list, checked_names, checked_values
from ..core.errors import InputError, complaint, shown
from ..problems.together import FEWEST_RUNS
from ..theory.case import Case
from ..theory.engines.affine import TooLarge, listed_outcomes
from ..theory.engines.exponent import SLACK_EXACT, SLACK_SAMPLED, fit, judged
from ..theory.engines.probe import NotAffine
from ..theory.theorem import promised_by
from ..theory.verify import blaming
from .cells import Cell, compute_together
from .letters import check_letters
from .problems import ProblemSpec
from .store import Store
from .workers import Cluster, Refused

if TYPE_CHECKING:
    import pandas as pd


# More than these would take weeks, and their list alone hours.
_MOST_CELLS = 1_000_000
# At most so many paths are computed in one go, and all of them kept when the last is done.
_MOST_TOGETHER = 32
# So many tasks a core are given out at once, and so many to an executor of whose cores nobody knows.
_OUT = 4
_MOST_OUT = 256
# So long a thread goes on to its next cells, in seconds: what is done meanwhile is stored together.
_TASK_SECONDS = 0.02
# A task is of so many groups at most, however fast they are.
_MOST_GROUPS = 256
# What ends a sweep, and is not the failure of a cell.
_STOPPING = (KeyboardInterrupt, Refused)
# What the cells of one family of problems have in common.
_FAMILY = ("study", "epsilon", "exact", *(field.name for field in fields(ProblemSpec) if field.name != "kappa"))


def grid_cells(
    methods: str | Iterable[str],
    specs: Any,
    letters: Mapping[str, Any],
    epsilon: float,
    seeds: int,
    exact: bool = False,
    timed: bool = False,
) -> list[Cell]:
    """Return the cells of all combinations.

    Parameters
    ----------
    methods : str or iterable of str
        Names of methods, or paths of Python files.
    specs : ProblemSpec or sequence of ProblemSpec
        The problems.
    letters : mapping of str to sequence
        A value or several of some letters, each for the methods that have it; all others are as the theory prescribes.
    epsilon : float
        The relative accuracy, between 0 and 1.
    seeds : int
        How many paths to sample for each combination.
    exact : bool
        Whether to compute exact moments instead, wherever the outcomes of a step can be listed.
    timed : bool
        Whether seconds will be simulated, which are drawn even where a method draws nothing: else all paths of such a
        method are one, which is computed once.

    Raises
    ------
    InputError
        If a method is unknown, no method has a letter, a value is outside its range, or the accuracy outside (0, 1).
    """
    if not 0 < epsilon < 1:
        raise InputError(f"epsilon = {shown(epsilon)} is no relative accuracy: give a number between 0 and 1.")
    specs, letters = as_list(specs), checked_values("letters", letters)
    found = {name: find(name) for name in checked_names("methods", methods)}
    check_letters(letters, {name: method.Params._fields for name, method in found.items()})
    own = {
        name: {letter: letters[letter] for letter in letters if letter in method.Params._fields}
        for name, method in found.items()
    }
    count = len(specs) * seeds * sum(math.prod(map(len, grids.values())) for grids in own.values())
    if count > _MOST_CELLS:
        raise InputError(
            f"the grid has {count} cells, with seeds = {seeds}: give fewer seeds, condition numbers or letters, for up "
            f"to {_MOST_CELLS} cells."
        )
    # A file or a partition that is wrong is so for every condition number.
    for spec in {replace(spec, kappa=specs[0].kappa): spec for spec in specs}.values():
        spec.build()
    cells = []
    for name, method in found.items():
        theorem, is_one_path = promised_by(method), not timed and _draws_nothing(method)
        choices = [tuple(zip(own[name], chosen, strict=True)) for chosen in product(*own[name].values())]
        # One way for all condition numbers: between two ways a slope would jump.
        listed = {
            changes: exact and all(_is_listed(method, spec, dict(changes)) for spec in specs) for changes in choices
        }
        for spec, changes in product(specs, listed):
            if changes:
                # The parameters' ranges are checked before the first cell is computed.
                with blaming(method):
                    Case(method, theorem, spec.build(), dict(changes), seed=0).check_rounds()
            for seed in range(1 if listed[changes] or is_one_path else seeds):
                cells.append(Cell(name, spec, changes, epsilon, exact=listed[changes], seed=seed))
    return list(dict.fromkeys(cells))


def _draws_nothing(method: Method) -> bool:
    """Return whether all paths of a method are one; a file may draw whatever it says."""
    random = method.random
    return method.is_shipped and isinstance(random, EveryStep) and not random.parts and method.draw == random.draw


def _is_listed(method: Method, spec: Any, changes: dict[str, Any]) -> bool:
    """Return whether exact moments may be had; what else stands against them is for the computation to say."""
    case = Case(method, promised_by(method), spec.build(), changes, seed=0)
    with blaming(method):
        case.check()
        try:
            listed_outcomes(case)
        except (NotAffine, TooLarge):
            return False
    return True


class Unreached(InputError):
    """A path was computed, and has no costs of the accuracy; the message says why."""


class Computable(Protocol):
    """What a store can be filled with: a cell of a sweep, or of a study."""

    def key(self) -> str: ...
    def configuration(self) -> dict[str, Any]: ...
    def compute(self) -> "tuple[dict[str, Any], pd.DataFrame | dict[str, np.ndarray] | None]": ...


def run_cells(
    cells: Sequence[Computable],
    store: Store,
    progress: Callable[[int], None] | None = None,
    executor: "Executor | Cluster | None" = None,
    failed: Callable[[Any, BaseException], None] | None = None,
) -> int:
    """Compute the cells that the store does not hold, and store them as they are done: within 20 ms, or one by one.

    A cell that fails stops no other. The store keeps why, and the next run tries it again.

    Parameters
    ----------
    cells : sequence of Cell
        The grid, or the cells of a study.
    store : Store
        Where results go to. Interrupted at any moment it holds whole cells, which are not computed again.
    progress : callable, optional
        Called with the number of finished cells in the store, first with those that are there already.
    executor : concurrent.futures.Executor or Cluster, optional
        What computes; by default a pool of threads, one a core: compiled code does not hold the GIL. Workers of
        :func:`cluster` are processes, of any number of machines. No bit depends on it.
    failed : callable, optional
        Called with a cell and the error in its place, :class:`Unreached` where a path has no costs. By default the
        first error that is none of these is raised when all other cells are done.

    Returns
    -------
    int
        How many cells were computed.

    Raises
    ------
    InputError
        If a cell cannot be computed, the files that it is made of change meanwhile, or a worker would compute something
        else.
    """
    keys = {cell.key(): cell for cell in cells}
    finished = store.keys()
    missing = {key: cell for key, cell in keys.items() if key not in finished}
    before = done = len(keys) - len(missing)
    errors: list[BaseException] = []
    if progress:
        progress(done)
    cores = os.cpu_count() or 1
    pool = executor or ThreadPoolExecutor(cores)
    is_cluster = isinstance(pool, Cluster)
    # An executor of somebody else's gets cells one by one: nobody knows what a result costs on its way.
    workers, seconds = (pool.workers, pool.task_seconds) if is_cluster else (cores, 0.0 if executor else _TASK_SECONDS)
    groups, many = deque(_groups(missing, workers)), 1
    # Nothing else may hold a future: each has its cells' results, and there may be many, so that few are out at once.
    window = _OUT * workers if is_cluster or executor is None else _MOST_OUT
    waiting, arrived = dict[Any, list[dict[str, Any]]](), SimpleQueue[Any]()
    is_interrupted = True
    try:
        while groups or waiting:
            while groups and len(waiting) < window:
                # At the end all workers have something to do.
                fair = min(many, math.ceil(len(groups) / workers))
                task = [groups.popleft() for _ in range(fair)]
                future = pool.submit(_worked, task, seconds)
                waiting[future] = task
                future.add_done_callback(arrived.put)
            future = arrived.get()
            task = waiting.pop(future)
            results = _results(task, future)
            del future
            # What there was no time for is done later, and tasks are as many groups as there is time for.
            groups.extendleft(reversed(task[len(results) :]))
            if seconds:
                many = min(max(many, 2 * len(task)), _MOST_GROUPS) if len(results) == len(task) else len(results)
            kept = _keep(store, task, results)
            del results
            for key, error in kept:
                if error is None:
                    done += 1
                elif failed:
                    failed(keys[key], error)
                elif not isinstance(error, Unreached):
                    errors.append(error)
                if progress:
                    progress(done)
        is_interrupted = False
    finally:
        for future, task in waiting.items():
            if not future.cancel() and future.done() and not isinstance(future.exception(), _STOPPING):
                _keep(store, task, _results(task, future))
        if isinstance(pool, ThreadPoolExecutor) and pool is not executor:
            pool.shutdown(wait=not is_interrupted)  # compiled code that was begun may take hours
    if errors:
        raise errors[0]
    return done - before


def _groups(missing: Mapping[str, Computable], workers: int) -> list[dict[str, Any]]:
    """Return what is computed in one go: cells whose paths may go together, enough groups for all cores, and others."""
    of: dict[Any, dict[str, Any]] = {}
    for key, cell in missing.items():
        of.setdefault(getattr(cell, "family", None) or key, {})[key] = cell
    size = max(FEWEST_RUNS, min(_MOST_TOGETHER, math.ceil(len(missing) / workers)))
    groups = list[dict[str, Any]]()
    for family in of.values():
        some = size if len(family) >= FEWEST_RUNS else 1
        whole = list(family.items())
        groups += [dict(whole[first : first + some]) for first in range(0, len(whole), some)]
    return groups


def _results(task: Sequence[Mapping[str, Any]], future: "Future[Any]") -> list[Any]:
    """Return what became of each group of a task, as far as there was time; an error of the task is that of each."""
    raised = future.exception()
    if isinstance(raised, _STOPPING):
        raise raised
    return [[raised] * len(group) for group in task] if raised else future.result()


def _keep(
    store: Store, task: Sequence[Mapping[str, Computable]], results: Sequence[Any]
) -> list[tuple[str, BaseException | None]]:
    """Store what became of the cells of a task, in one transaction.

    Returns the key of each with the error in its place if it failed; for the last groups there may have been no time.
    """
    kept, written = list[tuple[str, BaseException | None]](), list[Any]()
    keyed = [item for group, _ in zip(task, results, strict=False) for item in group.items()]
    for (key, cell), outcome in zip(keyed, chain.from_iterable(results), strict=True):
        if isinstance(outcome, BaseException):
            told = str(outcome) if isinstance(outcome, InputError) else complaint(outcome)
            written.append((key, cell.configuration(), {"failed": told}, None))
            kept.append((key, outcome))
        else:
            result, trace = outcome
            written.append((key, cell.configuration(), result, trace))
            kept.append((key, Unreached(result["failed"]) if "failed" in result else None))
    store.put_all(written)
    return kept


def _worked(groups: Sequence[Mapping[str, Any]], seconds: float) -> list[list[Any]]:
    """Return the outcomes of the first group, and of the next ones for as long as there is time."""
    until, results = time.monotonic() + seconds, list[list[Any]]()
    for group in groups:
        results.append(_outcomes(group))
        if time.monotonic() >= until:
            break
    return results


def _outcomes(group: Mapping[str, Any]) -> list[Any]:
    """Return the result of each cell, or whatever stopped it in its place, but for an interrupt."""
    try:
        return _computed(group)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return [error] * len(group)


def _computed(group: Mapping[str, Any]) -> list[Any]:
    """Return the result of each cell, or the error in its place; of a single one the error is raised."""
    if len(group) == 1:
        return [_checked(cell.compute(), key, cell) for key, cell in group.items()]
    try:
        results = compute_together(list(group.values()))
        return [_checked(result, key, cell) for result, (key, cell) in zip(results, group.items(), strict=True)]
    except Exception:
        # Which cells it is that fail shows where each is computed alone.
        return [_alone(key, cell) for key, cell in group.items()]


def _alone(key: str, cell: Computable) -> Any:
    try:
        return _computed({key: cell})[0]
    except Exception as error:
        return error


def _checked(result: Any, key: str, cell: Computable) -> Any:
    """Return the result of a cell, if it still is that of its key: files may be edited while a sweep runs."""
    if cell.key() != key:
        raise InputError(
            f"the data or the method file of {cell.configuration()} changed while they were used: run this again, and "
            "what is finished is not computed anew."
        )
    return result


def families(cells: "pd.DataFrame") -> "Iterator[tuple[str, pd.DataFrame]]":
    """Yield the cells of each family of problems, which differ in kappa only, with the family's name.

    Parameters
    ----------
    cells : pandas.DataFrame
        Rows of :meth:`Store.cells`.

    Yields
    ------
    (str, pandas.DataFrame)
        "quadratic", the name of the data, or "softmax" and that, and the rows.
    """
    if cells.empty:
        return
    fixed = [name for name in _FAMILY if name in cells.columns]
    for _, rows in cells.groupby(fixed, sort=False, dropna=False):
        first = rows.iloc[0]
        kind, data = first["problem"], first.get("data")
        yield kind if kind == "quadratic" else f"{'' if kind == 'logistic' else kind} {Path(data).name}".lstrip(), rows


def slopes(cells: "pd.DataFrame", besides: Iterable[str] = ()) -> list[dict[str, Any]]:
    """Return the fitted powers of kappa, one record for each family, method, choice of parameters and axis.

    Parameters
    ----------
    cells : pandas.DataFrame
        Rows of :meth:`Store.cells`.
    besides : iterable of str
        Axes for which a power is fitted also where none is promised, such as "bits".

    Returns
    -------
    list of dict
        ``method``, ``problem``, ``changes``, ``axis``, ``kappas``, how many, ``how`` ("exact" or the number of seeds),
        ``slope``, ``low``, ``high``, ``promised`` and ``status``: "confirmed", "refuted" or "inconclusive", and "not
        applicable" for fewer
        than three condition numbers or where nothing is promised, because the parameters are not the prescribed ones.
        Without a slope its numbers are None: a method that cannot reach the accuracy at all is refuted, a path that did
        not reach it is inconclusive.
    """
    records = []
    groups = (
        (problem, name, changes, rows)
        for problem, family in families(cells)
        for (name, changes), rows in family.groupby(["method", "changes"], sort=False)
    )
    for problem, name, changes, rows in groups:
        # Where no theorem speaks of the problem a slope is only measured.
        is_known = not changes and not ("unpromised" in rows and rows["unpromised"].notna().any())
        slack = SLACK_EXACT if rows["exact"].all() else SLACK_SAMPLED
        for axis, promised in {**dict.fromkeys(besides), **_promised(name, rows)}.items():
            is_told = is_known and promised is not None
            # Where every cell failed there are no costs.
            costs = rows[axis].astype(float) if axis in rows else np.nan
            table = rows.assign(cost=costs).pivot_table("cost", index="seed", columns="kappa", dropna=False)
            kappas, values = table.columns.to_numpy(), table.to_numpy()
            slope = None
            if len(kappas) < 3:
                status = "not applicable"
            elif not np.isfinite(values).all():
                status = "refuted" if np.isposinf(values).any() else "inconclusive"
            else:
                slope = fit(kappas, values)
                status = "not applicable" if promised is None else judged(slope, promised, slack)
            records.append(
                {
                    "method": name,
                    "problem": problem,
                    "changes": changes,
                    "axis": axis,
                    "kappas": len(kappas),
                    "how": "exact" if rows["exact"].all() else f"{rows['seed'].nunique()} seeds",
                    "slope": slope and slope.slope,
                    "low": slope and slope.low,
                    "high": slope and slope.high,
                    "promised": promised if is_told else None,
                    "status": status if is_told else "not applicable",
                }
            )
    return records


def _promised(method: str, rows: "pd.DataFrame") -> dict[str, float]:
    """Return the promised powers as they were stored with the cells: a store names files, and none of them is run."""
    stored = {
        name.removeprefix("promised_"): float(rows[name].dropna().iloc[0])
        for name in rows.columns
        if name.startswith("promised_") and rows[name].notna().any()
    }
    return stored or (promised_by(get(method)).exponents if method in names() else {})

"""Cells on other processes and other machines: Dask distributes them, the results are those of one process, to the bit.

A worker that could compute other numbers is refused by name: its sources are held against those of this process, and so
are the versions of what compiles and calculates, and every user's file. Data need not be where a worker is: a problem
of samples is sent to each worker once.
"""

import logging
import pickle
import re
import socket
import sys
from collections import OrderedDict
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from functools import cache, lru_cache
from importlib.metadata import version
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any

from ..algorithms.driver.files import content
from ..algorithms.driver.method import names
from ..core.errors import InputError, complaint
from ..core.sources import sources_digest
from ..problems import Problem
from .problems import ProblemSpec, given

# Packages in whose versions the bits of a result may differ.
_CALCULATING = ("numba", "numpy", "scipy", "scikit-learn")
# What is less than this is not worth a task of its own, of which Dask spends about a millisecond.
_TASK_SECONDS = 0.05
# So many problems are with the workers at once; cells of one problem follow one another.
_KEPT = 16
_PATIENCE = 10.0
# A terminal sends an interrupt to all processes, and ours ends the workers: they would tell of it as of an error.
_UNINTERRUPTED = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)"


class Refused(InputError):
    """A worker could compute other numbers than this process; no result of it is used."""


class Cluster:
    """Workers of Dask, in the place of the executor of :func:`rootkappa.sweeps.run_cells`.

    Parameters
    ----------
    client : distributed.Client
        Connected to a scheduler that has workers; :func:`cluster` makes one.

    Attributes
    ----------
    workers : int
        How many tasks are computed at once, above 0.
    task_seconds : float
        How long a task goes on to its next cells, in seconds.

    Raises
    ------
    Refused
        If there is no worker, or one has other sources or versions than this process.
    """

    task_seconds = _TASK_SECONDS

    def __init__(self, client: Any) -> None:
        self._client, self._pool = client, client.get_executor(pure=False)
        self._sent: OrderedDict[tuple[ProblemSpec, str], Any] = OrderedDict()
        here = identity()
        for worker, there in client.run(identity, on_error="return").items():
            if isinstance(there, BaseException):
                raise Refused(
                    f"worker {worker} has no Rootkappa that it can use ({complaint(there)}): install the same version "
                    "there, or start the worker where it is."
                )
            _check(worker, there, here)
        self.workers = sum(client.nthreads().values())

    def submit(
        self, function: Callable[[Sequence[Any], float], list[Any]], groups: Sequence[Mapping[str, Any]], s: float
    ) -> "Future[Any]":
        """Return the future of what a function of groups of cells by their keys, and of seconds, returns."""
        cells = [cell for group in groups for cell in group.values()]
        contents = {spec: found for spec in dict.fromkeys(cell.spec for cell in cells) if (found := spec.content())}
        sent = [self._send(spec, found) for spec, found in contents.items()]
        return self._pool.submit(_work, identity({cell.method for cell in cells}), function, groups, s, contents, *sent)

    def _send(self, spec: ProblemSpec, found: str) -> Any:
        """Return where Dask has a problem on the data of this content: with every worker, to whom it is sent once."""
        if (spec, found) not in self._sent:
            problem = spec.build()
            problem.solution()  # which a worker would have to find again
            self._sent[spec, found] = self._client.scatter(pickle.dumps(problem), broadcast=True, hash=False)
        self._sent.move_to_end((spec, found))
        while len(self._sent) > _KEPT:
            self._sent.popitem(last=False)
        return self._sent[spec, found]


@contextmanager
def cluster(where: str) -> Generator[Cluster]:
    """Connect to workers of Dask for as long as the block lasts.

    Parameters
    ----------
    where : str
        The address of a scheduler, such as "tcp://10.0.0.1:8786", which needs workers that have the same Rootkappa; or
        "local:4" for so many processes of this machine, which end with the block.

    Raises
    ------
    InputError
        If Dask is not installed, nobody answers at the address, or there is no worker.
    Refused
        If a worker could compute other numbers.

    Examples
    --------
    >>> from rootkappa.sweeps import Store, cluster, run_cells
    >>> def compute(cells):
    ...     with cluster("local:2") as workers, Store("out/sweep.sqlite") as store:
    ...         return run_cells(cells, store, executor=workers)
    """
    count = re.fullmatch(r"local:([1-9]\d{0,3})", where)
    if where.startswith("local") and ":" not in where.removeprefix("local:") and not count:
        raise InputError(f"dask = {where!r} is no number of processes: write local:4, or the address of a scheduler.")
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        raise InputError(
            f"dask = {where!r} needs Dask, which is not installed: pip install 'dask[distributed]'."
        ) from None
    logging.getLogger("distributed").setLevel(logging.ERROR)
    if count:
        _expect_interrupts()
        options: Any = {"threads_per_worker": 1, "dashboard_address": None, "silence_logs": logging.ERROR}
        options |= {"n_workers": int(count[1]), "preload": _UNINTERRUPTED}
        with LocalCluster(**options) as processes, Client(processes) as client:
            yield Cluster(client)
        return
    try:
        named = re.fullmatch(r"(?:tcp://)?\[?([^/\]]+)\]?:(\d+)", where)
        if named:  # a refusal is told at once where Dask would try again and again
            socket.create_connection((named[1], int(named[2])), _PATIENCE).close()
        client = Client(where, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError, OverflowError) as error:
        raise InputError(
            f"dask = {where!r} answers nothing ({complaint(error)}): give the address that dask scheduler tells."
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=_PATIENCE)
        except TimeoutError:
            raise InputError(f"dask = {where!r} has no workers: start some, by dask worker {where}.") from None
        yield Cluster(client)


def _expect_interrupts() -> None:
    """Start the process that tidies up behind processes such that it says nothing of those that an interrupt ended."""
    before = list(sys.warnoptions)
    sys.warnoptions.append("ignore::UserWarning:multiprocessing.resource_tracker")
    try:
        resource_tracker.ensure_running()
    finally:
        sys.warnoptions[:] = before


def identity(methods: Iterable[str] = ()) -> dict[str, str]:
    """Return what must be the same in two processes for them to compute the same, and some users' files among it.

    Examples
    --------
    >>> list(identity())[:2]
    ['sources of Rootkappa', 'numba']
    """
    files = sorted(set(methods) - set(names()))
    return {**_installed(), **{f"method file {path!r}": _file(path) for path in files}}


@cache
def _installed() -> dict[str, str]:
    return {"sources of Rootkappa": sources_digest(), **{name: version(name) for name in _CALCULATING}}


def _file(path: str) -> str:
    try:
        return content(Path(path))
    except InputError:
        return "none"


def _check(worker: str, there: Mapping[str, str], here: Mapping[str, str]) -> None:
    for what, wanted in here.items():
        if there.get(what) != wanted:
            raise Refused(
                f"worker {worker} has other {what} than this process, {there.get(what)} in the place of {wanted}: give "
                "both the same, for example on a disk that both read, and start the worker anew."
            )


def _work(
    here: Mapping[str, str],
    function: Callable[..., list[list[Any]]],
    groups: Sequence[Mapping[str, Any]],
    s: float,
    contents: Mapping[ProblemSpec, str],
    *packed: bytes,
) -> list[list[Any]]:
    """Do a task on a worker, if that is what this process takes it for: workers may come while a sweep runs."""
    from distributed import get_worker

    _check(get_worker().address, identity(cell.method for group in groups for cell in group.values()), here)
    with given(
        {spec: (content, _unpacked(one)) for (spec, content), one in zip(contents.items(), packed, strict=True)}
    ):
        return [[_portable(outcome) for outcome in outcomes] for outcomes in function(groups, s)]


@lru_cache(maxsize=_KEPT)
def _unpacked(packed: bytes) -> Problem:
    # Dask's own way would make arrays that nobody can write to, for which all code would be compiled once more.
    return pickle.loads(packed)


def _portable(outcome: Any) -> Any:
    """Return an outcome of a cell, or an error that can be sent in the place of one that cannot."""
    if isinstance(outcome, BaseException):
        try:
            pickle.loads(pickle.dumps(outcome))
        except Exception:
            return RuntimeError(complaint(outcome))
    return outcome

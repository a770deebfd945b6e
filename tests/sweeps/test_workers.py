"""Workers of Dask compute what threads compute, to the bit, or are refused."""

import sqlite3
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from rootkappa.core.errors import InputError
from rootkappa.sweeps import ProblemSpec, Store, cluster, grid_cells, problems, run_cells
from rootkappa.sweeps import sweep as sweep_module
from rootkappa.sweeps import workers as workers_module
from rootkappa.sweeps.workers import Cluster, Refused


@pytest.fixture(scope="module")
def processes():
    """A scheduler and two workers, each a process of its own, on the loopback."""
    pytest.importorskip("distributed", reason="Dask is not installed: pip install 'dask[distributed]'")
    with cluster("local:2") as workers:
        yield workers


@pytest.fixture
def data(tmp_path, monkeypatch):
    """The path of samples from here, which is none from where the workers are."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "samples").write_text("".join(f"{1 - 2 * (row % 2)} 1:{row} 2:{row % 3}\n" for row in range(12)))
    return "./samples"


def content(path):
    with Store(path) as store:
        traces = {key: rows.drop(columns="key").to_numpy().tobytes() for key, rows in store.traces().groupby("key")}
    with sqlite3.connect(path) as connection:
        texts = connection.execute("SELECT key, configuration, result FROM cells").fetchall()
    connection.close()
    return {key: (*rest, traces.get(key)) for key, *rest in texts}


def test_an_interrupted_sweep_of_processes_goes_on_to_the_bits_of_threads(processes, data, tmp_path):
    """Of a problem whose data the workers cannot read, too."""
    specs = [ProblemSpec(kappa=10.0, clients=3, dim=3), ProblemSpec("logistic", kappa=10.0, clients=3, data=data)]
    wanted = grid_cells(["scaffnew"], specs, {}, 0.1, 12)

    def interrupt(done):
        if done == 5:
            raise KeyboardInterrupt

    with Store("processes") as store:
        with pytest.raises(KeyboardInterrupt):
            run_cells(wanted, store, interrupt, processes)
        kept = len(store.keys())
        assert 5 <= kept < len(wanted)
        assert run_cells(wanted, store, executor=processes) == len(wanted) - kept
    with Store("threads") as store:
        run_cells(wanted, store)
    assert content("processes") == content("threads")


def test_a_worker_that_would_compute_something_else_is_refused_by_name(processes, data, tmp_path, monkeypatch):
    mine = tmp_path / "mine.py"
    mine.write_text("from rootkappa.algorithms.scaffnew import *\nclass Params(Params):\n    pass\n")
    spec = ProblemSpec(kappa=10.0, clients=3, dim=3)
    with Store("s.sqlite") as store:
        with pytest.raises(
            Refused, match=r"worker tcp://127\.0\.0\.1:\d+ has other method file './mine\.py' than this"
        ):
            run_cells(grid_cells(["./mine.py"], [spec], {}, 0.1, 3), store, executor=processes)
        installed = workers_module._installed() | {"numba": "0.1"}
        monkeypatch.setattr(workers_module, "_installed", lambda: installed)
        sentence = r"worker tcp://127\.0\.0\.1:\d+ has other numba than this process, [\d.]+ in the place of 0\.1: give"
        with pytest.raises(Refused, match=sentence):
            run_cells(grid_cells(["scaffnew"], [spec], {}, 0.1, 3), store, executor=processes)
        with pytest.raises(Refused, match=sentence):
            Cluster(processes._client)
        assert store.cells().empty


def test_sources_are_part_of_what_must_be_the_same(monkeypatch):
    here = workers_module._installed.__wrapped__()
    monkeypatch.setattr(workers_module, "sources_digest", lambda: "other")
    with pytest.raises(Refused, match="worker w has other sources of Rootkappa than this process, other in the place"):
        workers_module._check("w", workers_module._installed.__wrapped__(), here)
    workers_module._check("w", dict(here), here)


def test_a_problem_that_is_given_is_taken_whatever_its_data_are(data, tmp_path):
    spec = ProblemSpec("logistic", kappa=10.0, clients=3, data=data)
    known = spec.content(), spec.build()
    (tmp_path / "samples").unlink()
    with problems.given({spec: known}):
        assert (spec.content(), spec.build()) == known
    with pytest.raises(InputError, match="does not exist"):
        spec.build()


@pytest.mark.parametrize(
    ("where", "sentence"),
    [
        ("local:0", "dask = 'local:0' is no number of processes: write local:4"),
        ("local", "dask = 'local' is no number of processes"),
        ("nowhere", "dask = 'nowhere' answers nothing .*: give the address"),
        ("tcp://127.0.0.1:1", r"dask = 'tcp://127\.0\.0\.1:1' answers nothing \(ConnectionRefusedError"),
    ],
)
def test_an_address_that_is_none_is_refused(where, sentence):
    pytest.importorskip("distributed", reason="Dask is not installed: pip install 'dask[distributed]'")
    with pytest.raises(InputError, match=sentence), cluster(where):
        pass


def test_without_dask_a_sentence_says_how_to_get_it(monkeypatch, command, tmp_path):
    monkeypatch.setitem(sys.modules, "distributed", None)
    left = command("sweep", "nesterov", "--kappa", "10", "--dask", "local:2", "--store", tmp_path / "s.sqlite")
    assert left.code == 2
    assert "needs Dask, which is not installed: pip install 'dask[distributed]'" in left.errors


class Threads(Cluster):
    """A cluster in this process that counts its tasks, and how many are out at once."""

    task_seconds = 0.01

    def __init__(self):
        self.workers, self.out, self.most, self.sizes = 2, 0, 0, []
        self._lock, self.pool = threading.Lock(), ThreadPoolExecutor(2)

    def submit(self, function, groups, s):
        with self._lock:
            self.sizes.append(len(groups))
            self.out += 1
            self.most = max(self.most, self.out)
        future = self.pool.submit(function, groups, s)
        future.add_done_callback(self._back)
        return future

    def _back(self, _):
        with self._lock:
            self.out -= 1


class Counted:
    """A cell that computes next to nothing, or fails."""

    def __init__(self, name, counts):
        self.name, self.counts = name, counts

    def key(self):
        return f"{self.name}"

    def configuration(self):
        return {"seed": self.name}

    def compute(self):
        self.counts.append(self.name)
        if self.name % 100 == 7:
            raise SystemExit(self.name)
        return {"rounds": 1.0}, None


def test_tiny_cells_go_together_and_few_tasks_are_out_at_once(tmp_path):
    counts, failed, threads = [], [], Threads()
    wanted = [Counted(name, counts) for name in range(600)]
    with Store(tmp_path / "s.sqlite") as store, threads.pool:
        assert run_cells(wanted, store, executor=threads, failed=lambda cell, _: failed.append(cell.name)) == 594
        assert len(store.keys()) == 594
    assert sorted(counts) == list(range(600))
    assert sorted(failed) == [7, 107, 207, 307, 407, 507]
    assert max(threads.sizes) > 8
    assert threads.sizes[0] == 1
    assert threads.most <= sweep_module._OUT * threads.workers


def test_a_task_ends_with_the_cell_after_which_there_is_no_time(monkeypatch):
    now = iter(range(100))
    monkeypatch.setattr(sweep_module.time, "monotonic", lambda: next(now))
    groups = [{f"{name}": Counted(name, [])} for name in range(10)]
    assert [len(sweep_module._worked(groups, seconds)) for seconds in (0, 1, 3)] == [1, 1, 3]


def test_an_error_that_cannot_be_sent_becomes_one_that_can():
    class Inner(Exception):
        pass

    sent = workers_module._portable(Inner("sentence"))
    assert (type(sent), str(sent)) == (RuntimeError, "Inner: sentence")
    error = InputError("sentence")
    assert workers_module._portable(error) is error
    assert workers_module._portable(({}, None)) == ({}, None)

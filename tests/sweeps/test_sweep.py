"""A sweep computes what is missing and nothing else, and no stored bit depends on how it was computed."""

import math
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import weakref
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest

from rootkappa.core.errors import InputError
from rootkappa.sweeps import (
    Cell,
    ProblemSpec,
    Store,
    Unreached,
    cells,
    grid_cells,
    run_cells,
    slopes,
    sweep,
)
from rootkappa.sweeps import sweep as sweep_module
from rootkappa.sweeps.store import TRACE_COLUMNS

KAPPAS = (10.0, 20.0, 40.0)
MUTANTS = Path(__file__).parents[1] / "mutants"


def specs(kappas=KAPPAS, **options):
    return [ProblemSpec(kappa=kappa, clients=3, dim=3, **options) for kappa in kappas]


def small(methods=("scaffnew",), seeds=2, exact=False, **options):
    return grid_cells(methods, specs(**options), {}, 1e-6, seeds, exact)


def content(path):
    """What a store holds: the text of each cell and the bits of each trace, by key."""
    with Store(path) as store:
        traces = {key: rows.drop(columns="key").to_numpy().tobytes() for key, rows in store.traces().groupby("key")}
    with sqlite3.connect(path) as connection:
        texts = connection.execute("SELECT key, configuration, result FROM cells").fetchall()
    connection.close()
    return {key: (*rest, traces.get(key)) for key, *rest in texts}


def computed(path, wanted, **options):
    with Store(path) as store:
        return run_cells(wanted, store, **options)


def test_only_missing_cells_are_computed(tmp_path):
    path, wanted, seen = tmp_path / "s.sqlite", small(), []
    assert computed(path, wanted[:2]) == 2
    before = content(path)
    assert computed(path, wanted, progress=seen.append) == 4
    assert seen == [2, 3, 4, 5, 6]
    assert computed(path, wanted) == 0
    after = content(path)
    assert after.keys() == {cell.key() for cell in wanted}
    assert {key: after[key] for key in before} == before


def test_a_cell_that_is_asked_for_twice_is_computed_once(tmp_path):
    assert len(small(("scaffnew", "scaffnew"))) == len(small())
    assert computed(tmp_path / "s.sqlite", small() + small()) == 6


def test_neither_threads_nor_order_change_a_bit(tmp_path):
    wanted = small(("scaffnew", "fedavg")) + small(exact=True)
    computed(tmp_path / "a.sqlite", wanted)
    with ThreadPoolExecutor(1) as one:
        computed(tmp_path / "b.sqlite", wanted[::-1], executor=one)
    with ThreadPoolExecutor(5) as five:
        computed(tmp_path / "c.sqlite", sorted(wanted, key=lambda cell: (cell.seed, cell.key())), executor=five)
    first = content(tmp_path / "a.sqlite")
    # FedAvg draws nothing, so that all its seeds are one.
    assert len(first) == 6 + 3 + 3
    assert first == content(tmp_path / "b.sqlite") == content(tmp_path / "c.sqlite")


def test_whatever_defines_a_cell_is_in_its_key(tmp_path, monkeypatch):
    data = tmp_path / "data"
    data.write_text("+1 1:1\n-1 2:1\n")
    mine = tmp_path / "mine.py"
    mine.write_text("first")
    base = Cell("scaffnew", ProblemSpec())
    others = [
        Cell("fedavg", ProblemSpec()),
        Cell("scaffnew", ProblemSpec(kappa=101.0)),
        Cell("scaffnew", ProblemSpec(problem_seed=1)),
        Cell("scaffnew", ProblemSpec(heterogeneity=2.0)),
        Cell("scaffnew", ProblemSpec("logistic")),
        Cell("scaffnew", ProblemSpec("logistic", data=str(data))),
        Cell(str(mine), ProblemSpec()),
        Cell("scaffnew", ProblemSpec(), (("p", 0.1),)),
        Cell("scaffnew", ProblemSpec(), (("p", 0.1 + 1e-15),)),
        Cell("scaffnew", ProblemSpec(), epsilon=1e-7),
        Cell("scaffnew", ProblemSpec(), exact=True),
        Cell("scaffnew", ProblemSpec(), seed=1),
    ]
    keys = [cell.key() for cell in (base, *others)]
    assert len(set(keys)) == len(keys)
    # What belongs to another kind of problem is not.
    assert Cell("scaffnew", ProblemSpec(alpha=2.0, data="wine")).key() == base.key()
    data.write_text("+1 1:1\n-1 2:2\n")
    mine.write_text("second")
    changed = [cell.key() for cell in (base, *others)]
    assert [place for place, pair in enumerate(zip(keys, changed, strict=True)) if len(set(pair)) == 2] == [6, 7]
    monkeypatch.setattr(cells, "sources_digest", lambda: "other sources")
    assert not {cell.key() for cell in (base, *others)} & {*keys, *changed}


class Changing:
    """A cell whose data change while it is computed."""

    def __init__(self, file):
        self.file = file

    def key(self):
        return self.file.read_text()

    def configuration(self):
        return {"method": "changing"}

    def compute(self):
        self.file.write_text("second")
        return {"rounds": 1.0}, None


def test_nothing_is_stored_under_data_that_it_was_not_computed_from(tmp_path):
    file = tmp_path / "data"
    file.write_text("first")
    with pytest.raises(InputError, match=r"the data or the method file of .*'changing'.* changed while they were used"):
        computed(tmp_path / "s.sqlite", [Changing(file)])
    with Store(tmp_path / "s.sqlite") as store:
        assert not store.keys()


def test_other_sources_compute_anew_and_replace_the_old(tmp_path, monkeypatch):
    path, wanted = tmp_path / "s.sqlite", small(seeds=1)
    computed(path, wanted)
    before = content(path)
    monkeypatch.setattr(cells, "sources_digest", lambda: "other sources")
    assert computed(path, wanted) == 3
    after = content(path)
    assert not set(after) & set(before)
    assert sorted(after.values()) == sorted(before.values())


def test_a_cell_that_fails_keeps_the_finished_ones(tmp_path):
    wanted = small(seeds=1)
    # More clients than samples.
    wanted.insert(2, Cell("scaffnew", ProblemSpec("logistic", clients=1000)))
    with ThreadPoolExecutor(1) as one, pytest.raises(InputError, match="clients = 1000"):
        computed(tmp_path / "s.sqlite", wanted, executor=one)
    with Store(tmp_path / "s.sqlite") as store:
        assert {cell.key() for cell in wanted[:2]} <= store.keys() < {cell.key() for cell in wanted}
    assert computed(tmp_path / "s.sqlite", wanted[:2]) == 0


def test_all_cells_that_fail_are_told_and_the_first_is_raised_at_the_end(tmp_path):
    wanted = small(seeds=1)
    wrong = [Cell("scaffnew", ProblemSpec("logistic", clients=clients)) for clients in (1000, 2000)]
    path, told = tmp_path / "s.sqlite", []
    assert computed(path, [*wrong, *wanted], failed=lambda cell, error: told.append((cell, str(error)))) == 3
    assert {cell for cell, _ in told} == set(wrong)
    assert all("is more than the 569 samples" in sentence for _, sentence in told)
    with Store(path) as store:
        assert store.keys() == {cell.key() for cell in wanted}
        table = store.cells([cell.key() for cell in wrong])
    assert [f"clients = {clients}" in reason for clients, reason in zip((1000, 2000), table["failed"], strict=True)]
    # They are tried again, alone.
    with pytest.raises(InputError, match="samples"):
        computed(path, [*wrong, *wanted])
    assert computed(path, wanted) == 0


class Given(NamedTuple):
    """A cell whose result is known."""

    name: str
    result: Any

    def key(self):
        return self.name

    def configuration(self):
        return {"method": self.name}

    def compute(self):
        if isinstance(self.result, BaseException):
            raise self.result
        return self.result, None


def test_a_path_without_costs_is_not_finished_and_no_error_of_the_others(tmp_path):
    told = []
    lacking = Given("lacking", {"rounds": math.nan, "failed": "It diverged."})
    with Store(tmp_path / "s.sqlite") as store:
        assert run_cells([lacking, Given("right", {"rounds": 1.0})], store) == 1
        assert store.keys() == {"right"}
        assert run_cells([lacking], store, failed=lambda cell, error: told.append((cell, error))) == 0
    ((cell, error),) = told
    assert (cell, str(error)) == (lacking, "It diverged.")
    assert isinstance(error, Unreached)


@pytest.mark.parametrize("error", [SystemExit(0), ZeroDivisionError("x"), GeneratorExit()])
def test_whatever_a_cell_raises_stops_no_other(error, tmp_path):
    told = []
    wanted = [Given("a", error), *(Given(name, {"rounds": 1.0}) for name in "bcd")]
    with Store(tmp_path / "s.sqlite") as store:
        assert run_cells(wanted, store, failed=lambda *failure: told.append(failure)) == 3
        assert told == [(wanted[0], error)]
        assert store.cells(["a"])["failed"].iloc[0].startswith(type(error).__name__)


def test_what_was_begun_is_not_waited_for_after_an_interrupt(tmp_path):
    """What is done by then is kept."""
    begun, end = threading.Event(), threading.Event()

    class Endless(Given):
        def compute(self):
            begun.set()
            end.wait(20)
            return self.result, None

    def interrupt(done):
        if done == 1:
            begun.wait(20)
            raise KeyboardInterrupt

    started = time.monotonic()
    try:
        with Store(tmp_path / "s.sqlite") as store:
            with pytest.raises(KeyboardInterrupt):
                run_cells([Given("done", {"rounds": 1.0}), Endless("endless", {})], store, interrupt)
            assert time.monotonic() - started < 10
            assert store.keys() == {"done"}
    finally:
        end.set()


REASONS = {
    "draws cannot be negative": [(0, 0, 1.0, 1.0), (3, -5, 0.5, 1.0)],
    "had diverged by round 3": [(0, 0, 1.0, 1.0), (3, 5, math.inf, math.inf)],
    "V was 0.5 of its start after round 3, and not 1e-06": [(0, 0, 2.0, 1.0), (3, 5, 1.0, 1.0)],
    "No rate is promised with these letters, the factor is 1.5": [(0, 0, 2.0, 1.0), (3, 5, 1.0, 1.0)],
}


@pytest.mark.parametrize("words", REASONS)
def test_a_path_without_costs_says_why(words):
    rows = [(rnd, its, v, distance, 0.0, its, its, its, its, its) for rnd, its, v, distance in REASONS[words]]
    trace = SimpleNamespace(
        last=lambda name: rows[-1][TRACE_COLUMNS.index(name)],
        column=lambda name: np.array([row[TRACE_COLUMNS.index(name)] for row in rows]),
    )
    case = SimpleNamespace(rho=1.5 if "1.5" in words else 0.9)
    assert words in cells._reason(case, trace, 1e-6)


def test_what_is_promised_is_stored_and_read_from_there(tmp_path, monkeypatch):
    """A store names files, and whoever reads it runs none of them."""
    mine = tmp_path / "mine.py"
    mine.write_text("PROMISE = 'this file is not to be executed'\nraise SystemExit(7)\n")
    table = planted(str(mine), promised_rounds=0.4, promised_iterations=1.0)
    records = found(table)
    assert records["rounds"]["promised"] == 0.4
    assert records["rounds"]["status"] == "refuted"
    assert found(planted(str(mine))) == {}
    wanted = small(seeds=1)[:1]
    with Store(tmp_path / "s.sqlite") as store:
        run_cells(wanted, store)
        row = store.cells().iloc[0]
    assert (row["promised_rounds"], row["promised_iterations"]) == (0.5, 1.0)


CHILD = """
import sys, time
from concurrent.futures import ThreadPoolExecutor
from rootkappa.sweeps import ProblemSpec, Store, grid_cells, run_cells

def tell(done):
    print(done, flush=True)
    time.sleep(0.02)

specs = [ProblemSpec(kappa=kappa, clients=3, dim=3) for kappa in (10.0, 20.0, 40.0)]
with Store(sys.argv[1]) as store, ThreadPoolExecutor(2) as pool:
    run_cells(grid_cells(["scaffnew"], specs, {}, 1e-6, 20), store, tell, pool)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system cannot kill a process outright")
def test_a_killed_sweep_goes_on_to_the_same_bits(tmp_path):
    path, wanted = tmp_path / "killed.sqlite", small(seeds=20)
    # The tests' own import path, so that the child finds the same package.
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    arguments = [sys.executable, "-c", CHILD, str(path)]
    with subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, text=True) as process:
        while process.stdout.readline() != "7\n":
            assert process.poll() is None
        time.sleep(0.013)
        os.kill(process.pid, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    kept = content(path)
    assert 7 <= len(kept) < len(wanted)
    assert computed(path, wanted) == len(wanted) - len(kept)
    computed(tmp_path / "whole.sqlite", wanted)
    assert content(path) == content(tmp_path / "whole.sqlite")


def test_results_that_are_stored_are_not_kept(tmp_path, monkeypatch):
    class Result:
        pass

    def keep(store, task, results):
        kept.extend(map(weakref.ref, results))
        return [(key, None) for group in task[: len(results)] for key in group]

    kept, alive = [], []
    monkeypatch.setattr(sweep_module, "_computed", lambda group: Result())
    monkeypatch.setattr(sweep_module, "_keep", keep)
    with Store(tmp_path / "s.sqlite") as store:
        run_cells(small(seeds=20), store, lambda done: alive.append(sum(ref() is not None for ref in kept)))
    assert len(kept) == 60
    assert max(alive) <= 2


def test_what_takes_no_time_is_stored_together(tmp_path, monkeypatch):
    put_all, counts = Store.put_all, []

    def counted(store, cells):
        counts.append(len(cells))
        put_all(store, cells)

    monkeypatch.setattr(Store, "put_all", counted)
    wanted = [Given(f"{name}", {"rounds": 1.0}) for name in range(400)]
    with Store(tmp_path / "s.sqlite") as store:
        assert run_cells(wanted, store) == sum(counts) == 400
    # Tasks grow as long as there is time: one that is all alone in its 20 ms would need a machine at a standstill.
    assert len(counts) < 200


def test_what_draws_nothing_has_one_path_unless_seconds_are_drawn():
    counts = {}
    for timed in (False, True):
        cells_ = grid_cells(["nesterov", "scaffnew"], specs(KAPPAS[:1]), {}, 1e-3, 3, timed=timed)
        counts[timed] = Counter(cell.method for cell in cells_)
    assert counts == {False: {"nesterov": 1, "scaffnew": 3}, True: {"nesterov": 3, "scaffnew": 3}}
    mine = MUTANTS / "frozen_control_variates.py"
    assert len(grid_cells([str(mine)], specs(KAPPAS[:1]), {}, 1e-3, 3)) == 3


def test_the_grid_is_every_combination_and_a_letter_is_for_those_who_have_it():
    grid = {"p": [0.1, 0.5], "K": [1, 2, 5]}
    cells_ = grid_cells(["scaffnew", "fedavg", "gradient_descent"], specs(), grid, 1e-3, 2)
    # FedAvg draws nothing, so that all its paths are one.
    for method, letter, seeds in (("scaffnew", "p", (0, 1)), ("fedavg", "K", (0,))):
        found = [(cell.spec.kappa, cell.changes, cell.seed) for cell in cells_ if cell.method == method]
        assert found == [
            (kappa, ((letter, value),), seed) for kappa in KAPPAS for value in grid[letter] for seed in seeds
        ]
    assert {cell.changes for cell in cells_ if cell.method == "gradient_descent"} == {()}
    assert {cell.epsilon for cell in cells_} == {1e-3}
    exact = grid_cells(["scaffnew"], specs(), {}, 1e-3, 1, exact=True)
    assert [(cell.exact, cell.seed) for cell in exact] == [(True, 0)] * 3


def test_the_grid_of_two_letters_is_their_product():
    cells_ = grid_cells(["sparse_proxskip"], specs(KAPPAS[:1]), {"k": [1, 2], "p": [0.3, 0.5]}, 1e-3, 1)
    assert [dict(cell.changes) for cell in cells_] == [{"k": k, "p": p} for k in (1, 2) for p in (0.3, 0.5)]


def test_what_cannot_be_listed_is_sampled():
    many = [ProblemSpec(kappa=kappa, clients=10, dim=3) for kappa in KAPPAS]
    cells_ = grid_cells(["scaffnew", "tamuna"], many, {}, 1e-3, 2, exact=True)
    assert [(cell.method, cell.exact, cell.seed) for cell in cells_] == [
        *[("scaffnew", True, 0)] * 3,
        *[("tamuna", False, 0), ("tamuna", False, 1)] * 3,
    ]
    assert all(cell.exact for cell in grid_cells(["tamuna"], specs(), {}, 1e-3, 2, exact=True))


@pytest.mark.parametrize(
    ("methods", "letters", "epsilon", "sentence"),
    [
        (["scafnew"], {}, 1e-6, "unknown method 'scafnew'"),
        (["scaffnew"], {"p": [0.0]}, 1e-6, r"p = 0\.0 is out of range"),
        (["scaffnew"], {"p": [0.5, 2.0]}, 1e-6, r"p = 2\.0 is out of range"),
        (["scaffnew", "fedavg"], {"eta": [1.0]}, 1e-6, "unknown letter of scaffnew and fedavg 'eta'"),
        (["scaffnew"], {}, 0.0, r"epsilon = 0\.0"),
        (["scaffnew"], {}, 1.0, r"epsilon = 1\.0"),
        (["scaffnew"], {}, float("nan"), "epsilon = nan"),
        (["scaffnew"], {"p": [0.5, 1e-9]}, 1e-6, "a round of scaffnew with gamma = 1.0, p = 1e-09 is more than"),
    ],
)
def test_a_wrong_grid_is_refused_before_it_is_computed(methods, letters, epsilon, sentence):
    with pytest.raises(InputError, match=sentence):
        grid_cells(methods, specs(), letters, epsilon, 1)


def test_a_grid_that_nobody_could_compute_is_refused_at_once():
    with pytest.raises(InputError, match="the grid has 3000000000000 cells, with seeds = 1000000000000: give fewer"):
        grid_cells(["scaffnew"], specs(), {}, 1e-6, 10**12)
    with pytest.raises(InputError, match="the grid has 1200000 cells"):
        grid_cells(["scaffnew"], specs(), {"p": [0.1, 0.2], "gamma": [1.0] * 200}, 1e-6, 1000)
    with pytest.raises(InputError, match="missing does not exist"):
        grid_cells(["scaffnew"], [*specs(), ProblemSpec("logistic", data="./missing")], {}, 1e-6, 1)


def planted(method="scaffnew", rounds=0.5, iterations=1.0, seeds=1, scatter=0.0, kappas=(1e2, 1e3, 1e4, 1e5), **fields):
    """A table of cells whose slopes are known."""
    rng = np.random.default_rng(1)
    rows = [
        {
            "method": method,
            "problem": "quadratic",
            "changes": "",
            "exact": seeds == 1,
            "kappa": kappa,
            "seed": seed,
            "rounds": 7.0 * kappa**rounds * np.exp(scatter * rng.standard_normal()),
            "iterations": 3.0 * kappa**iterations * np.exp(scatter * rng.standard_normal()),
            **fields,
        }
        for kappa in kappas
        for seed in range(seeds)
    ]
    return pd.DataFrame(rows)


def found(table):
    return {record["axis"]: record for record in slopes(table)}


@pytest.mark.parametrize(("rounds", "status"), [(0.5, "confirmed"), (0.3, "confirmed"), (0.6, "refuted")])
def test_planted_slopes_are_found(rounds, status):
    records = found(planted(rounds=rounds))
    assert records["rounds"]["slope"] == pytest.approx(rounds, abs=1e-12)
    assert records["rounds"]["low"] == pytest.approx(rounds, abs=1e-6)
    assert records["rounds"]["high"] == pytest.approx(rounds, abs=1e-6)
    assert (records["rounds"]["promised"], records["rounds"]["status"]) == (0.5, status)
    assert (records["iterations"]["promised"], records["iterations"]["status"]) == (1.0, "confirmed")


def test_scattered_slopes_have_an_interval_around_the_truth():
    record = found(planted(seeds=8, scatter=0.05))["rounds"]
    assert record["low"] < 0.5 < record["high"]
    assert 0.001 < record["high"] - record["low"] < 0.05
    assert record["status"] == "confirmed"
    assert found(planted(seeds=8, scatter=1.5))["rounds"]["status"] == "inconclusive"


def test_what_cannot_be_fitted_says_why():
    missing, never = planted(), planted()
    missing.loc[1, "rounds"] = np.nan
    never.loc[1, "rounds"] = np.inf
    short = planted(kappas=(10.0, 20.0))
    changed = planted(changes="p=0.1")
    for table, status, slope, promised in (
        (missing, "inconclusive", None, 0.5),
        (never, "refuted", None, 0.5),
        (short, "not applicable", None, 0.5),
        (changed, "not applicable", 0.5, None),
    ):
        record = found(table)["rounds"]
        assert record["status"] == status
        assert record["promised"] == promised
        assert record["slope"] == (slope and pytest.approx(slope))
    assert found(missing)["iterations"]["status"] == "confirmed"


def test_families_of_problems_are_fitted_apart():
    table = pd.concat(
        [planted(), planted(rounds=0.3, problem="logistic", data="wine"), planted(rounds=0.4, dim=7)], ignore_index=True
    )
    rounds = [(record["problem"], record["slope"]) for record in slopes(table) if record["axis"] == "rounds"]
    assert rounds == [
        ("quadratic", pytest.approx(0.5)),
        ("wine", pytest.approx(0.3)),
        ("quadratic", pytest.approx(0.4)),
    ]


def test_methods_and_parameters_are_fitted_apart():
    table = pd.concat([planted(), planted("gradient_descent", 1.0), planted(rounds=0.9, changes="p=0.5")])
    records = [(record["method"], record["changes"], record["axis"]) for record in slopes(table)]
    assert len(records) == len(set(records)) == 6
    slopes_ = [record["slope"] for record in slopes(table) if record["axis"] == "rounds"]
    assert slopes_ == pytest.approx([0.5, 1.0, 0.9])


def test_a_method_file_is_swept_and_its_text_is_in_the_key(tmp_path):
    wrong = tmp_path / "wrong.py"
    shutil.copy(MUTANTS / "coins_models_of_heads.py", wrong)
    wanted = grid_cells([str(wrong)], specs((1e2, 1e3, 1e4)), {}, 1e-6, 1, exact=True)
    with Store(tmp_path / "s.sqlite") as store:
        assert run_cells(wanted, store) == 3
        records = {record["axis"]: record for record in slopes(store.cells())}
    assert records["rounds"]["method"] == str(wrong)
    assert (records["rounds"]["promised"], records["rounds"]["status"]) == (0.5, "refuted")
    assert records["iterations"]["status"] == "confirmed"
    keys = [cell.key() for cell in wanted]
    wrong.write_text(wrong.read_text() + "\n# Changed.\n")
    assert not set(keys) & {cell.key() for cell in wanted}


def test_a_method_file_that_raises_gets_one_sentence(tmp_path):
    broken = tmp_path / "broken.py"
    right = MUTANTS.parents[1] / "algorithms" / "scaffnew.py"
    broken.write_text(right.read_text().replace("average(X, scratch.mean)", "average(X, params)"))
    wanted = grid_cells([str(broken)], specs(), {}, 1e-6, 1)
    with pytest.raises(InputError, match=r"broken\.py raised TypingError: Failed in nopython mode.*mend the file"):
        computed(tmp_path / "s.sqlite", wanted)


def test_a_step_that_is_no_affine_map_is_sampled():
    spec = ProblemSpec(clients=3, dim=4, kappa=20.0)
    linear, other = (grid_cells([name], [spec], {}, 1e-3, 2, exact=True) for name in ("diana", "ef21"))
    assert [cell.exact for cell in linear] == [True]
    assert [cell.exact for cell in other] == [False, False]


def test_paths_that_may_go_together_are_computed_in_groups_with_the_results_of_one(tmp_path):
    spec = ProblemSpec("logistic", kappa=10.0)
    grid = grid_cells(["scaffnew"], [spec], {}, epsilon=0.5, seeds=18)
    grouped = sweep._groups({cell.key(): cell for cell in grid}, 2)
    assert [len(group) for group in grouped] == [9, 9]
    few = sweep._groups({cell.key(): cell for cell in grid[:7]}, 2)
    assert [len(group) for group in few] == [1] * 7
    together = sweep.compute_together(grid[:3])
    for cell, (result, trace) in zip(grid, together, strict=False):
        alone, frame = cell.compute()
        assert alone == result
        assert {name: column.tobytes() for name, column in frame.items()} == {
            name: column.tobytes() for name, column in trace.items()
        }


def test_of_a_group_only_the_cells_that_fail_do(monkeypatch):
    grid = grid_cells(["scaffnew"], [ProblemSpec("logistic", kappa=10.0)], {}, epsilon=0.5, seeds=3)
    compute = Cell.compute

    def fails_once(cell):
        if cell.seed == 1:
            raise InputError("seed 1")
        return compute(cell)

    def fails(_):
        raise InputError("one of them")

    monkeypatch.setattr(sweep, "compute_together", fails)
    monkeypatch.setattr(Cell, "compute", fails_once)
    outcomes = sweep._computed({cell.key(): cell for cell in grid})
    assert [isinstance(outcome, InputError) for outcome in outcomes] == [False, True, False]

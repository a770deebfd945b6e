"""Seconds beside stored paths are those of the runs, and no file is run that a store names."""

import numpy as np
import pandas as pd
import pytest

from rootkappa import algorithms, theory
from rootkappa.algorithms import Clock
from rootkappa.algorithms.driver.template import template
from rootkappa.core.errors import InputError
from rootkappa.sweeps import Cell, ProblemSpec, Store, run_cells
from rootkappa.sweeps.clocks import add_seconds, column
from rootkappa.sweeps.problems import KINDS
from rootkappa.sweeps.store import TRACE_COLUMNS

SPEC = ProblemSpec(kappa=20.0, clients=3, dim=3)
CLOCK = Clock(speeds="slowness(1,4)")


@pytest.mark.parametrize("kind", KINDS)
def test_a_cell_is_read_from_its_row(tmp_path, kind):
    spec = ProblemSpec(kind, kappa=20.0, clients=3, psi="L1(0.1)")
    cells = [
        Cell("tamuna", spec, (("p", 0.25), ("s", 2), ("C", "RandK(2)")), 1e-3, True, 0),
        Cell("fedavg", ProblemSpec(kappa=7.0), seed=2),
    ]
    with Store(tmp_path / "s.sqlite") as store:
        for cell in cells:
            store.put(cell.key(), cell.configuration(), {}, None)
        rows = store.cells([cell.key() for cell in cells])
    for cell, (_, row) in zip(cells, rows.iterrows(), strict=True):
        assert Cell.from_row(row).configuration() == cell.configuration()
        assert Cell.from_row(row).key() == row["key"] == cell.key()


@pytest.mark.parametrize("text", ["p=", "p=open('a')", "p=0.1)", "1"])
def test_parameters_that_no_cell_writes(text):
    row = pd.Series(Cell("scaffnew", SPEC).configuration() | {"changes": text})
    with pytest.raises(InputError, match="of a stored path are no parameters: run the sweep again"):
        Cell.from_row(row)


def test_the_seconds_of_a_stored_path_are_those_of_its_run(tmp_path):
    cell = Cell("scaffnew", SPEC, (("p", 0.5),), seed=3)
    with Store(tmp_path / "s.sqlite") as store:
        run_cells([cell, Cell("scaffnew", SPEC, exact=True)], store)
        assert add_seconds(store, CLOCK) == []
        stored = store.traces([cell.key()])
    case = theory.case("scaffnew", SPEC.build(), p=0.5)
    rounds = stored["round"].to_numpy(dtype=int)
    trace = algorithms.run(case.method, case.problem, case.params, int(rounds[-1]), 3, record=rounds, clock=CLOCK)
    np.testing.assert_array_equal(stored[column(CLOCK)], trace.column("seconds"))


def test_what_is_there_is_not_computed_again_and_each_clock_has_a_column(tmp_path, monkeypatch):
    with Store(tmp_path / "s.sqlite") as store:
        run_cells([Cell("scaffnew", SPEC), Cell("fedavg", SPEC)], store)
        before, told = store.traces(), []
        assert add_seconds(store, CLOCK, progress=lambda *done: told.append(done)) == []
        assert told == [(1, 2), (2, 2)]
        assert add_seconds(store, Clock()) == []
        monkeypatch.setattr("rootkappa.sweeps.clocks.seconds", None)
        assert add_seconds(store, CLOCK) == []
        after = store.traces()
    pd.testing.assert_frame_equal(after.drop(columns=[column(CLOCK), column(Clock())]), before)
    assert (after[column(Clock())] != after[column(CLOCK)])[after["round"] > 0].all()


def test_some_cells_only(tmp_path):
    cells = [Cell("scaffnew", SPEC), Cell("fedavg", SPEC)]
    with Store(tmp_path / "s.sqlite") as store:
        run_cells(cells, store)
        add_seconds(store, CLOCK, [cells[0].key()])
        has = store.traces().groupby("key")[column(CLOCK)].count()
    assert has[cells[0].key()] > 0 == has[cells[1].key()]


def test_paths_that_cannot_be_timed_say_why_and_stop_no_other(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(template("scaffnew"), encoding="utf-8")
    mine = Cell(str(file), SPEC)
    trace = pd.DataFrame(dict.fromkeys(TRACE_COLUMNS, np.arange(2.0)))
    with Store(tmp_path / "s.sqlite") as store:
        run_cells([mine, Cell("scaffnew", SPEC)], store)
        store.put("stale", Cell("fedavg", SPEC).configuration(), {}, trace)
        store.put("study", Cell("nesterov", SPEC).configuration() | {"study": "sparsity"}, {}, trace)
        file.write_text("raise SystemExit(7)", encoding="utf-8")
        told = sorted(map(str, add_seconds(store, CLOCK)))
        timed = store.traces().groupby("key")[column(CLOCK)].count()
        assert timed[Cell("scaffnew", SPEC).key()] > 0
        assert timed.sum() == timed[Cell("scaffnew", SPEC).key()]
        stale = [str(error) for error in add_seconds(store, CLOCK, runs_files=True)]
    assert len(told) == 3
    assert f"paths of {file} have no seconds by {CLOCK}, and no file is run that a store names" in told[0]
    assert "paths of fedavg are of other code or other data than there are now" in told[1]
    assert "paths of the study sparsity have no seconds" in told[2]
    # Nor is one that has been changed since.
    assert any(f"paths of {file} are of other code" in error for error in stale)


def test_a_file_that_its_owner_names_is_timed(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(template("scaffnew"), encoding="utf-8")
    with Store(tmp_path / "s.sqlite") as store:
        run_cells([Cell(str(file), SPEC)], store)
        assert add_seconds(store, CLOCK, runs_files=True) == []
        assert store.traces()[column(CLOCK)].notna().all()

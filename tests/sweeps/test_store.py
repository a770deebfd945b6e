import json
import math
import os
import signal
import sqlite3
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rootkappa.core.errors import InputError
from rootkappa.sweeps import store as module
from rootkappa.sweeps.store import TRACE_COLUMNS, Store

floats = st.floats() | st.sampled_from([5e-324, 2.2250738585072014e-308, -0.0, math.nan, math.inf, -math.inf])
values = st.none() | st.booleans() | st.integers() | floats | st.text(st.characters(codec=None), max_size=8)
configurations = st.dictionaries(st.text(max_size=5).map("c".__add__), values, max_size=5)
results = st.dictionaries(st.text(max_size=5).map("r".__add__), values, max_size=5)
numbers = st.lists(st.lists(floats, min_size=10, max_size=10), max_size=6)
quick = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def trace(rows):
    return pd.DataFrame(np.array(rows, dtype=float).reshape(len(rows), 10), columns=list(TRACE_COLUMNS))


def bits(value):
    """What tells two values apart: the type, and of a float its bits (one NaN is as good as another)."""
    if isinstance(value, float):
        return "float", struct.pack("<d", math.nan if math.isnan(value) else value)
    return type(value).__name__, value


def same_bits(one, other):
    one, other = (frame.to_numpy(dtype=float) for frame in (one, other))
    nans = np.isnan(one)
    return np.array_equal(nans, np.isnan(other)) and one[~nans].tobytes() == other[~nans].tobytes()


@quick
@given(rows=numbers, values=st.lists(floats, min_size=6, max_size=6))
def test_a_column_is_added_to_a_trace_and_replaces_one_of_its_name(tmp_path_factory, rows, values):
    with Store(tmp_path_factory.mktemp("store") / "s.sqlite") as store:
        store.put("a", {"seed": 0}, {}, trace(rows).assign(z=1.0, b=2.0))
        store.put("other", {"seed": 1}, {}, trace(rows))
        before = store.traces()
        for shift in (1, 0):
            store.add("a", "more", np.roll(values, shift)[: len(rows)])
        after = store.traces()
        own = after[after["key"] == "a"]
    assert list(after.columns) == ["key", *TRACE_COLUMNS, *(["b", "more", "z"] if rows else [])]
    if rows:
        assert same_bits(own[["more"]], pd.DataFrame(values[: len(rows)]))
        assert after.loc[after["key"] == "other", "more"].isna().all()
        assert after.drop(columns="more").equals(before)


def test_a_column_that_does_not_fit_changes_nothing(tmp_path):
    with Store(tmp_path / "s.sqlite") as store:
        store.put("a", {"seed": 0}, {}, trace([range(10)] * 2))
        before = store.traces()
        for name, values in (("more", [1.0]), ("gap", [1.0, 2.0]), ("key", [1.0, 2.0])):
            with pytest.raises(InputError, match="does not fit a trace of 2 rows"):
                store.add("a", name, values)
        with pytest.raises(InputError, match="key = 'b' is not in"):
            store.add("b", "more", [1.0])
        assert store.traces().equals(before)


@quick
@given(configuration=configurations, result=results)
def test_a_cell_comes_back_as_it_was(tmp_path_factory, configuration, result):
    with Store(tmp_path_factory.mktemp("store") / "s.sqlite") as store:
        store.put("key", configuration, result, None)
        frame = store.cells()
    assert list(frame.columns) == ["key", *configuration, *result]
    for name, value in (configuration | result).items():
        got = frame[name].iloc[0]
        got = got.item() if isinstance(got, np.generic) else got
        assert bits(got) == bits(value)


@quick
@given(configurations=st.lists(configurations, max_size=5), seed=st.randoms())
def test_the_order_does_not_depend_on_the_order_of_writing(tmp_path_factory, configurations, seed):
    frames = []
    different = {json.dumps(configuration): configuration for configuration in configurations}
    cells = [(f"k{place}", configuration) for place, configuration in enumerate(different.values())]
    for _ in range(2):
        with Store(tmp_path_factory.mktemp("store") / "s.sqlite") as store:
            for key, configuration in cells:
                store.put(key, configuration, {"rounds": 1}, None)
            frames.append(store.cells())
        seed.shuffle(cells)
    pd.testing.assert_frame_equal(*frames)


@quick
@given(rows=numbers, others=numbers)
def test_traces_come_back_bit_for_bit(tmp_path_factory, rows, others):
    with Store(tmp_path_factory.mktemp("store") / "s.sqlite") as store:
        store.put("a", {"seed": 0}, {}, trace(rows)[list(reversed(TRACE_COLUMNS))])
        store.put("b", {"seed": 1}, {}, trace(others))
        store.put("c", {"seed": 2}, {}, None)
        frame = store.traces()
        assert list(frame.columns) == ["key", *TRACE_COLUMNS]
        assert list(frame["key"]) == ["a"] * len(rows) + ["b"] * len(others)
        assert same_bits(frame[list(TRACE_COLUMNS)], trace(rows + others))
        assert same_bits(store.traces(["c", "b"])[list(TRACE_COLUMNS)], trace(others))


@quick
@given(rows=numbers, name=st.text(st.characters(codec="utf-8"), max_size=8).filter(lambda name: name != "key"))
def test_whatever_else_a_trace_has_comes_back_bit_for_bit(tmp_path_factory, rows, name):
    if name in TRACE_COLUMNS:
        return
    given = trace(rows)
    more = given.assign(**{name: given["gap"]})
    with Store(tmp_path_factory.mktemp("store") / "s.sqlite") as store:
        store.put("a", {"seed": 0}, {}, given)
        store.put("b", {"seed": 1}, {}, more)
        both, own = store.traces(["a", "b"]), store.traces(["b"])
        assert list(store.traces(["a"]).columns) == ["key", *TRACE_COLUMNS]
    if rows:
        assert list(own.columns) == list(both.columns) == ["key", *TRACE_COLUMNS, name]
        assert same_bits(own.drop(columns="key"), more)
        assert both[name].iloc[: len(rows)].isna().all()
        assert same_bits(both[[name]].iloc[len(rows) :], more[[name]])


def test_a_store_made_before_there_were_other_columns_is_read_and_written(tmp_path):
    with Store(tmp_path / "s.sqlite") as store:
        store.put("a", {"seed": 0}, {}, trace([[1] * 10]))
    with sqlite3.connect(tmp_path / "s.sqlite") as connection:
        connection.execute("DROP TABLE observed")
    connection.close()
    with Store(tmp_path / "s.sqlite") as store:
        store.put("b", {"seed": 1}, {}, trace([[1] * 10]).assign(promise=0.5))
        assert store.traces()["promise"].tolist()[1:] == [0.5]


def test_a_replaced_cell_keeps_no_column_of_the_old_one(tmp_path):
    with Store(tmp_path / "s.sqlite") as store:
        store.put("a", {"seed": 0}, {}, trace([[1] * 10]).assign(promise=0.5))
        store.put("b", {"seed": 0}, {}, trace([[1] * 10]))
        assert list(store.traces().columns) == ["key", *TRACE_COLUMNS]


def test_cells_are_written_together_or_not_at_all(tmp_path):
    rows = [list(map(float, range(place, place + 10))) for place in range(200)]
    wanted = [(name, {"seed": seed}, {"rounds": seed}, trace(rows)) for seed, name in enumerate("abc")]
    with Store(tmp_path / "s.sqlite") as store:
        with pytest.raises(InputError, match="rounds"):
            store.put_all([*wanted, ("d", {"seed": 3}, {"rounds": []}, None)])
        assert store.keys() == set()
        store.put_all(wanted)
        assert store.cells()["rounds"].tolist() == [0, 1, 2]
        found = store.traces(["b"])[list(TRACE_COLUMNS)].to_numpy()
    assert found.tolist() == rows


def test_cells_come_in_the_order_that_is_asked_for(tmp_path):
    with Store(tmp_path / "s.sqlite") as store:
        for key in "abc":
            store.put(key, {"name": key}, {f"only {key}": 1}, None)
        frame = store.cells(["c", "a", "c"])
        assert list(frame["key"]) == ["c", "a"]
        assert "only b" not in frame
        assert store.cells([]).empty
        with pytest.raises(InputError) as error:
            store.cells(["d"])
    one_sentence(error, "'d'")


def test_rows_are_sorted_by_the_configuration(tmp_path):
    with Store(tmp_path / "s.sqlite") as store:
        for key, method, kappa in [("1", "b", 10.0), ("2", "a", 100), ("3", "a", 9.0), ("4", "a", None)]:
            store.put(key, {"method": method, "kappa": kappa}, {"rounds": 7}, None)
        frame = store.cells()
    assert list(frame["key"]) == ["4", "3", "2", "1"]
    assert list(frame.columns) == ["key", "method", "kappa", "rounds"]
    assert frame["kappa"].dtype == float
    assert frame["rounds"].dtype == int


def test_a_new_store_is_empty(tmp_path):
    with Store(tmp_path / "new" / "folders" / "s.sqlite") as store:
        assert store.keys() == set()
        assert list(store.cells().columns) == ["key"]
        assert store.cells().empty
        assert list(store.traces().columns) == ["key", *TRACE_COLUMNS]
        assert (store.traces()[list(TRACE_COLUMNS)].dtypes == "float64").all()


def test_a_second_put_replaces_the_whole_cell(tmp_path):
    with Store(tmp_path / "s.sqlite") as store:
        store.put("a", {"seed": 0}, {"rounds": 1}, trace([[1] * 10] * 5))
        store.put("a", {"seed": 0}, {"slope": 2.5}, trace([[2] * 10] * 2))
        assert store.cells().to_dict("records") == [{"key": "a", "seed": 0, "slope": 2.5}]
        assert store.traces()["gap"].tolist() == [2.0, 2.0]


def test_a_put_that_fails_leaves_the_old_cell(tmp_path, monkeypatch):
    with Store(tmp_path / "s.sqlite") as store:
        store.put("a", {"seed": 0}, {"rounds": 1}, trace([[1] * 10] * 5))
        # The second row breaks the table's own check after the old cell was deleted.
        monkeypatch.setattr(module, "_rows", lambda _: ([[2.0] * 10, ["two"] * 10], {}))
        with pytest.raises(sqlite3.IntegrityError):
            store.put("a", {"seed": 0}, {"rounds": 2}, trace([]))
        assert store.cells()["rounds"].tolist() == [1]
        assert len(store.traces()) == 5


def test_numpy_scalars_are_stored_as_what_they_are(tmp_path):
    with Store(tmp_path / "s.sqlite") as store:
        store.put("a", {"n": np.int64(3), "ok": np.bool_(True)}, {"x": np.float64(0.1), "y": np.float32(0.5)}, None)
        assert store.cells().to_dict("records") == [{"key": "a", "n": 3, "ok": True, "x": 0.1, "y": 0.5}]


WRITER = """
import sys
import numpy as np, pandas as pd
from rootkappa.sweeps.store import TRACE_COLUMNS, Store
with Store(sys.argv[1]) as store:
    for cell in range(100_000):
        trace = pd.DataFrame(np.full((2000, 10), float(cell)), columns=list(TRACE_COLUMNS))
        store.put(str(cell % 7), {"cell": cell % 7}, {"value": cell, "rows": 2000}, trace)
        if cell == 2:
            print("go", flush=True)
"""


def child(*arguments):
    # The tests' own import path, so that the child finds the same package.
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return subprocess.Popen([sys.executable, "-c", *arguments], env=environment, stdout=subprocess.PIPE, text=True)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system cannot kill a process outright")
@pytest.mark.parametrize("pause", [0.003, 0.041])
def test_a_killed_process_leaves_whole_cells(tmp_path, pause):
    path = tmp_path / "s.sqlite"
    with child(WRITER, str(path)) as process:
        assert process.stdout.readline() == "go\n"
        time.sleep(pause)
        os.kill(process.pid, signal.SIGKILL)
    with Store(path) as store:
        cells = store.cells()
        assert len(cells) >= 3
        for key, value in zip(cells["key"], cells["value"], strict=True):
            rows = store.traces([key])
            assert len(rows) == 2000
            assert (rows[list(TRACE_COLUMNS)] == value).all(axis=None)
        store.put("after", {"cell": 99}, {"value": 1, "rows": 0}, None)
        assert store.keys() > {"after"}


def test_two_threads_write_at_once(tmp_path):
    failures = []

    def work(name):
        try:
            for cell in range(30):
                store.put(f"{name}{cell}", {"name": name, "cell": cell}, {}, trace([[cell] * 10] * 20))
                assert store.keys() >= {f"{name}{cell}"}
        except BaseException as error:
            failures.append(error)

    with Store(tmp_path / "s.sqlite") as store:
        threads = [threading.Thread(target=work, args=(name,)) for name in "ab"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failures
        assert len(store.cells()) == 60
        assert len(store.traces()) == 1200


def test_the_newest_cell_of_a_configuration_is_the_one_that_counts(tmp_path):
    with Store(tmp_path / "s.sqlite") as store:
        store.put("by older code", {"kappa": 10.0}, {"rounds": 1}, trace([[0.0] * 10]))
        store.put("another", {"kappa": 20.0}, {"rounds": 2}, None)
        store.put("by newer code", {"kappa": 10.0}, {"rounds": 3}, None)
        assert store.keys() == {"another", "by newer code"}
        assert store.traces().empty


SHARER = """
import sys
from rootkappa.sweeps.store import Store
with Store(sys.argv[1]) as store:
    for cell in range(30):
        store.put(sys.argv[2] + str(cell), {"cell": cell, "by": sys.argv[2]}, {}, None)
"""


def test_processes_share_a_store_that_they_create_together(tmp_path):
    path = tmp_path / "s.sqlite"
    processes = [child(SHARER, str(path), name) for name in "abc"]
    for process in processes:
        with process:
            process.wait()
        assert process.returncode == 0
    with Store(path) as store:
        assert len(store.keys()) == 90


def one_sentence(error, *words):
    message = str(error.value)
    assert message.endswith(".")
    assert "\n" not in message
    for word in words:
        assert word in message


def test_paths_that_cannot_be_a_store_get_one_sentence(tmp_path):
    text = tmp_path / "notes.txt"
    text.write_text("these are notes, and they are long enough to be looked at as a header of something else\n" * 20)
    other = tmp_path / "other.sqlite"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE cells (key)")
    connection.close()
    future = tmp_path / "future.sqlite"
    Store(future).close()
    with sqlite3.connect(future) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = other.read_bytes(), text.read_bytes()
    for path, words in [
        (tmp_path, "cannot be used"),
        (text / "s.sqlite", "folder that you can write to"),
        (text, "is not a SQLite database"),
        (other, "another program"),
        (future, "format 99"),
        ("a\0b", "cannot be used"),
    ]:
        with pytest.raises(InputError) as error:
            Store(path)
        one_sentence(error, words, repr(str(path)))
    assert (other.read_bytes(), text.read_bytes()) == before


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_an_unwritable_folder_gets_one_sentence(tmp_path):
    tmp_path.chmod(0o500)
    for path in (tmp_path / "s.sqlite", tmp_path / "folder" / "s.sqlite"):
        with pytest.raises(InputError) as error:
            Store(path)
        one_sentence(error, "cannot be used")
    tmp_path.chmod(0o700)


def test_a_locked_store_gets_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_BUSY_SECONDS", 0.05)
    with Store(tmp_path / "s.sqlite") as store:
        blocker = sqlite3.connect(tmp_path / "s.sqlite", isolation_level=None)
        blocker.execute("BEGIN IMMEDIATE")
        with pytest.raises(InputError) as error:
            store.put("a", {}, {}, None)
        one_sentence(error, "locked")
        blocker.execute("ROLLBACK")
        blocker.close()
        store.put("a", {}, {}, None)
        assert store.keys() == {"a"}


@pytest.mark.parametrize(
    ("configuration", "result", "rows", "words"),
    [
        ({"p": [1]}, {}, None, "configuration['p'] = [1]"),
        ({}, {"x": np.zeros(2)}, None, "result['x']"),
        ({"p": 1}, {"p": 2}, None, "'p'"),
        ({}, {"key": 2}, None, "'key'"),
        ({"key": 1}, {}, None, "'key'"),
        ({}, {}, pd.DataFrame({"round": [1]}), "columns round"),
        ({}, {}, trace([[1] * 10]).assign(key=1), "no key"),
        ({}, {}, trace([[1] * 10]).assign(gap="x"), "not a number"),
        ({}, {}, trace([[1] * 10]).assign(promise="x"), "not a number"),
        ({}, {}, pd.concat([trace([[1] * 10])] * 2, axis="columns"), "none twice"),
    ],
)
def test_what_does_not_fit_gets_one_sentence(tmp_path, configuration, result, rows, words):
    with Store(tmp_path / "s.sqlite") as store:
        with pytest.raises(InputError) as error:
            store.put("a", configuration, result, rows)
        one_sentence(error, words)
        assert store.keys() == set()


def test_an_unknown_key_gets_one_sentence(tmp_path):
    with Store(tmp_path / "s.sqlite") as store, pytest.raises(InputError) as error:
        store.traces(["nowhere"])
    one_sentence(error, "'nowhere'")


def test_the_file_reads_without_rootkappa(tmp_path):
    with Store(tmp_path / "s.sqlite") as store:
        store.put("a", {"method": "é"}, {"slope": 0.5}, trace([[1] * 10]))
    connection = sqlite3.connect(tmp_path / "s.sqlite")
    assert connection.execute("SELECT key, lyapunov FROM traces").fetchall() == [("a", 1.0)]
    ((configuration,),) = connection.execute("SELECT configuration FROM cells").fetchall()
    connection.close()
    assert json.loads(configuration) == {"method": "é"}
    assert [file.name for file in Path(tmp_path).iterdir()] == ["s.sqlite"]


def test_importing_the_module_is_cheap():
    code = """if True:
        import sys, rootkappa.core.errors
        before = set(sys.modules)
        import rootkappa.sweeps.store
        sys.exit("pandas" in set(sys.modules) - before)
    """
    with child(code) as process:
        process.wait()
    assert process.returncode == 0


@pytest.fixture
def written(tmp_path):
    """Return the path of a store with cells, traces and what some traces have besides."""
    path = tmp_path / "s.sqlite"
    with Store(path) as store:
        for seed in range(40):
            rows = trace(np.arange(200.0).reshape(20, 10) + seed)
            store.put(f"key {seed}", {"seed": seed, "method": "é"}, {"rounds": 1.5}, rows.assign(promise=0.5))
    return path


def read(path):
    with Store(path) as store:
        return store.keys(), store.cells(), store.traces()


def changed(path, statement, *values):
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute(statement, values)
    connection.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE cells SET result = '{bad'",
        "UPDATE cells SET result = '[1,2]'",
        "UPDATE cells SET configuration = CAST(x'7b22ff227d' AS TEXT)",
        "UPDATE cells SET result = replace(result, '1.5', '2.5')",
        "UPDATE cells SET key = 'another' WHERE cell = 3",
        "UPDATE cells SET result = x'00'",
        "UPDATE points SET lyapunov = lyapunov + 1e-9 WHERE cell = 3 AND place = 5",
        "UPDATE observed SET value = 0.25 WHERE cell = 3 AND place = 5",
        "DELETE FROM points WHERE cell = 3 AND place = 19",
        "DROP TABLE points",
        "DROP TABLE observed",
    ],
)
def test_damage_is_noticed_and_told_in_one_sentence(statement, written):
    changed(written, statement)
    with pytest.raises(InputError) as error:
        read(written)
    one_sentence(error, repr(str(written)), "is damaged", "move it away")


@given(st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_bytes_are_turned_nothing_wrong_is_read(tmp_path_factory, written, data):
    """Pages, texts, numbers: either all is read as it was written, or one sentence says that it cannot be."""
    whole, right = written.read_bytes(), read(written)
    path = tmp_path_factory.mktemp("damaged") / "s.sqlite"
    start = data.draw(st.integers(0, len(whole) - 1))
    length = data.draw(st.sampled_from([1, 1, 1, 30, 4096]))
    other = data.draw(st.sampled_from([0, 0xFF, 0x80, 0x5A]))
    piece = bytes(byte ^ other if other else 0 for byte in whole[start : start + length])
    path.write_bytes(whole[:start] + piece + whole[start + length :])
    found, sentence = None, ""
    try:
        found = read(path)
    except InputError as error:
        sentence = str(error)
    if found is None:
        assert "\n" not in sentence
        assert repr(str(path)) in sentence
    else:
        keys, cells, traces = found
        # A whole cell may have become invisible, none may be another.
        known = {key: index for index, key in enumerate(right[1]["key"])}
        assert keys <= right[0]
        pd.testing.assert_frame_equal(
            cells.reset_index(drop=True), right[1].iloc[[known[key] for key in cells["key"]]].reset_index(drop=True)
        )
        expected = right[2][right[2]["key"].isin(keys)].reset_index(drop=True)
        pd.testing.assert_frame_equal(traces.reset_index(drop=True), expected)


@pytest.mark.parametrize("content", [b"x", b"SQLite format 3", b"\0" * 4096])
def test_a_foreign_file_is_not_written_over(content, tmp_path):
    path = tmp_path / "s.sqlite"
    path.write_bytes(content)
    with pytest.raises(InputError) as error:
        Store(path)
    one_sentence(error, "is not a SQLite database")
    assert path.read_bytes() == content


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_what_is_no_file_is_no_store(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError) as error:
        Store(tmp_path / "pipe")
    one_sentence(error, "cannot be used (it is no file)")


def test_a_store_that_is_only_read_needs_no_place_beside_it(written, monkeypatch):
    before = written.read_bytes()
    with Store(written, read_only=True) as store:
        assert len(store.keys()) == 40
        assert len(store.traces(["key 3"])) == 20
        assert [file.name for file in written.parent.iterdir()] == ["s.sqlite"]
        with pytest.raises(InputError) as error:
            store.put("new", {}, {}, None)
        one_sentence(error, "readonly")
    assert written.read_bytes() == before
    with pytest.raises(InputError):
        Store(written.with_name("missing.sqlite"), read_only=True)
    assert not written.with_name("missing.sqlite").exists()


def test_what_another_process_has_just_written_is_read(written):
    with Store(written) as other:
        other.put("new", {"seed": -1}, {"rounds": 2.5}, None)
        assert written.with_name("s.sqlite-wal").exists()
        with Store(written, read_only=True) as store:
            assert len(store.keys()) == 41


def test_a_store_that_is_removed_is_not_written_to(tmp_path):
    with Store(tmp_path / "s.sqlite") as store:
        store.put("a", {"seed": 0}, {}, None)
        (tmp_path / "s.sqlite").unlink()
        with pytest.raises(InputError) as error:
            store.put("b", {"seed": 1}, {}, None)
        one_sentence(error, "was removed or replaced")


def test_a_store_of_the_first_format_is_read_and_given_sums(written):
    right = read(written)
    for column in ("cell_sum", "trace_sum"):
        changed(written, f"ALTER TABLE cells DROP COLUMN {column}")
    changed(written, "PRAGMA user_version = 1")
    with Store(written, read_only=True) as store:
        pd.testing.assert_frame_equal(store.traces(), right[2])
    for frame, other in zip(read(written)[1:], right[1:], strict=True):
        pd.testing.assert_frame_equal(frame, other)
    changed(written, "UPDATE points SET lyapunov = lyapunov + 1e-9 WHERE cell = 3 AND place = 5")
    with pytest.raises(InputError):
        read(written)


def test_a_cell_that_failed_is_kept_and_not_finished(tmp_path):
    with Store(tmp_path / "s.sqlite") as store:
        store.put("a", {"seed": 0}, {"failed": "It diverged."}, trace([[1] * 10]))
        store.put("b", {"seed": 1}, {"rounds": 3.0}, None)
        assert store.keys() == {"b"}
        assert list(store.cells()["failed"]) == ["It diverged.", None]
        store.put("a", {"seed": 0}, {"rounds": 2.0}, None)
        assert store.keys() == {"a", "b"}


def test_what_is_replaced_is_found_without_reading_all(tmp_path):
    """Else the last of a hundred thousand cells takes as long to write as all others have taken to read."""
    with Store(tmp_path / "s.sqlite") as store:
        plan = "EXPLAIN QUERY PLAN DELETE FROM cells WHERE key = 'a' OR configuration = 'b'"
        steps = [row[-1] for row in store._connection.execute(plan)]
    assert any("configurations" in step for step in steps)
    assert not any(step.startswith("SCAN cells") for step in steps)


def test_a_trace_of_arrays_is_kept_as_its_table_is(tmp_path):
    table = trace([[1.5] * 10, [math.nan] * 10, [-0.0] * 10]).assign(promise=0.5)
    columns = {name: table[name].to_numpy(dtype=float) for name in reversed(table.columns)}
    with Store(tmp_path / "s.sqlite") as store:
        store.put("a", {"seed": 0}, {}, table)
        store.put("b", {"seed": 1}, {}, columns)
        found = [store.traces([key]).drop(columns="key").to_numpy().tobytes() for key in "ab"]
        assert found[0] == found[1]
        with pytest.raises(InputError, match="trace has the columns round: give"):
            store.put("c", {"seed": 2}, {}, {"round": columns["round"]})

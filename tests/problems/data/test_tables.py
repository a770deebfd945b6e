"""Tables as people keep them, and groups of labels: what is read, and one sentence for what cannot be."""

import gzip
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from rootkappa.core.errors import InputError
from rootkappa.problems import Logistic
from rootkappa.problems.data import content, groups, tables

FRAME = pd.DataFrame(
    {
        "age": [1.0, 2.5, 4.0, 3.0],
        "clinic": ["007", "7", "007", "b"],
        "male": [1, 0, 1, 1],
        "ill": ["no", "yes", "no", "yes"],
    }
)


def same(table, clients=("007", "7", "007", "b")):
    return (
        table.features.tolist() == [[1, 1], [2.5, 0], [4, 1], [3, 1]]
        and table.labels.tolist() == ["no", "yes", "no", "yes"]
        and table.clients.tolist() == list(clients)
        and table.names == ("age", "male")
    )


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_text_is_read_whatever_separates_it_and_ids_stay_as_they_are_written(tmp_path, separator):
    plain, packed = tmp_path / "t.csv", tmp_path / "t.csv.gz"
    FRAME.to_csv(plain, index=False, sep=separator)
    packed.write_bytes(gzip.compress(b"\xef\xbb\xbf" + plain.read_bytes()))
    assert same(tables.read(plain, "ill", "clinic"))
    assert same(tables.read(packed, "ill", "clinic"))


def test_a_change_of_one_number_is_other_content(tmp_path):
    path = tmp_path / "t.csv"
    FRAME.to_csv(path, index=False)
    before = content(path)
    FRAME.assign(age=[1.0, 2.5, 4.0, 3.5]).to_csv(path, index=False)
    assert content(path) != before
    assert tables.read(path, "ill", "clinic").features[3, 0] == 3.5


def test_arrays_are_tables(tmp_path):
    X, y, who = np.arange(6.0).reshape(3, 2), np.array([0, 1, 1]), np.array(["a", "b", "a"])
    np.savez(tmp_path / "t.npz", X=X, y=y, who=who)
    table = tables.read(tmp_path / "t.npz", "y", "who")
    assert table.features.tolist() == X.tolist()
    assert table.labels.tolist() == [0, 1, 1]
    assert table.clients.tolist() == ["a", "b", "a"]
    assert table.names == ("X[0]", "X[1]")
    np.save(tmp_path / "t.npy", np.column_stack([X, y]))
    last = tables.read(tmp_path / "t.npy", "-1")
    assert last.features.tolist() == X.tolist()
    assert last.labels.tolist() == [0, 1, 1]
    assert last.clients is None


def test_a_file_and_a_frame_are_one_problem(tmp_path):
    path = tmp_path / "t.csv"
    FRAME.to_csv(path, index=False)
    options = {"label": "ill", "client": "clinic", "l2": 0.1, "weights": "samples"}
    read, given = Logistic.load(path, **options), Logistic.from_frame(FRAME, **options)
    assert read.content_key() == given.content_key()
    assert read.client_ids.tolist() == ["007", "7", "b"]
    assert read.classes.tolist() == ["no", "yes"]
    assert read.label == "logistic t.csv N=4 n=3 d=2 kappa=10.0208 clients=clinic weights=samples".replace(
        "10.0208", f"{read.kappa:g}"
    )


def bad(**columns):
    return FRAME.assign(**columns)


@pytest.mark.parametrize(
    ("frame", "options", "sentence"),
    [
        (FRAME, {"label": "il"}, "unknown column, label = 'il': did you mean 'ill'?"),
        (FRAME, {"client": "hospital"}, "unknown column, client = 'hospital'"),
        (FRAME, {"client": "ill"}, "label and client are both 'ill'"),
        (FRAME[["ill", "clinic"]], {}, "the table has no column of features beside 'ill'"),
        (FRAME[:0], {}, "the table has no rows"),
        ([[1.0]], {}, "frame = 'list' is no table"),
        (bad(age=[1.0, np.nan, 2.0, np.nan]), {}, "the table has no number in row 2 of its column 'age': .*2 rows"),
        (bad(age=[1.0, np.inf, 2.0, 1.0]), {}, "the table has inf in row 2 of its column 'age'"),
        (bad(age=["1", "2", "x", "4"]), {}, "the table has '1' in its column 'age', which is no number"),
        (bad(ill=["no", None, "no", "yes"]), {}, "the table has nothing in row 2 of its column 'ill'"),
        (bad(ill=["no", 1, "no", 1]), {}, "the table has 1 among other kinds in its column 'ill'"),
        (bad(ill="no"), {}, r"labels has one label only \(no\)"),
        (bad(ill=["a", "b", "c", "a"]), {}, "labels has 3 different labels"),
        (bad(clinic=pd.Categorical(list("aabb"), list("abc"))), {}, "the table has no row with 'c', a category of its"),
        (FRAME, {"labels": "no:perhaps"}, "labels = 'no:perhaps' names 'perhaps', which no sample has"),
        (FRAME, {"clients": 3}, "clients = 3 says again what the column 'clinic'"),
        (FRAME, {"partition": "shuffled"}, "partition = 'shuffled' says again"),
        (FRAME, {"client": FRAME["clinic"].to_numpy()}, "client = a ndarray is no name of a column: give the name"),
        (FRAME, {"client": FRAME["clinic"]}, "client = a Series is no name of a column"),
        (FRAME, {"label": np.ones(4)}, "label = a ndarray is no name of a column"),
        (FRAME, {"label": ["ill"]}, "label = a list is no name of a column"),
        (bad(age=np.array([1.0, 2.0, None, 3.0], dtype=object)), {}, "the table has no number in row 3 of its column"),
        (bad(age=np.array([1.0, 2.0, 1j, 3.0], dtype=object)), {}, "the table has 1j in its column 'age', which is no"),
        (bad(age=pd.to_datetime(["2020-01-01"] * 4)), {}, "the table has Timestamp.* in its column 'age', which is no"),
        (FRAME, {"client": None}, "the table has '007' in its column 'clinic', which is no number: name it as client"),
        (bad(town="a"), {}, "the table has 'a' in its column 'town', which is no number: leave the column out"),
        (pd.concat([FRAME, FRAME[["age"]]], axis=1), {}, "the table has two columns 'age'"),
    ],
)  # fmt: skip
def test_what_a_frame_cannot_be_is_told_in_one_sentence(frame, options, sentence):
    with pytest.raises(InputError, match=f"^{sentence}"):
        Logistic.from_frame(frame, **{"label": "ill", "client": "clinic", "l2": 0.1, "weights": "clients"} | options)


def test_objects_that_are_numbers_are_taken():
    given = FRAME.assign(age=FRAME["age"].astype(object), male=[True, np.bool_(False), 1, Fraction(1)])
    given = given.assign(clinic=np.array([7, 8, 7, 9], dtype=object), ill=np.array([0.5, 1.5, 0.5, 1.5], dtype=object))
    assert set(given.dtypes) == {np.dtype(object)}
    table = tables.of_frame(given, "ill", "clinic")
    assert table.features.tolist() == [[1, 1], [2.5, 0], [4, 1], [3, 1]]
    assert table.labels.tolist() == [0.5, 1.5, 0.5, 1.5]
    assert table.clients is not None
    assert table.clients.tolist() == [7, 8, 7, 9]


def test_a_file_is_asked_for_columns_by_their_names_too(tmp_path):
    FRAME.to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(InputError, match="label = a ndarray is no name of a column"):
        tables.read(tmp_path / "t.csv", np.ones(4))


FILES = {
    "empty.csv": (b"", "is empty"),
    "head.csv": (b"a,y\n", "has no rows"),
    "latin.csv": ("a,y\n1,é\n".encode("latin-1"), r"is not text \(its line 2 is not UTF-8\): give a table in UTF-8"),
    "ragged.csv": (b"a,y\n1,2\n1,2,3\n1,2,3,4\n", "is not a table"),
    "twice.csv": (b"a,a,y\n1,2,3\n", "has two columns 'a'"),
    "cut.csv.gz": (gzip.compress(b"a,y\n1,2\n" * 99)[:-9], "is not a complete .gz file"),
    "bad.npz": (b"no archive", "is not a .npz file"),
    "bad.npy": (b"no array", "is not a .npy file"),
    "bad.parquet": (b"no table", "is not a Parquet file|is read by pyarrow, which is not installed"),
}


@pytest.mark.parametrize("name", FILES)
def test_what_a_file_cannot_be_is_told_in_one_sentence(tmp_path, name):
    data, sentence = FILES[name]
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError, match=rf"^\S*{name} ({sentence})") as error:
        tables.read(tmp_path / name, "y")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        ({"X": np.ones((3, 2)), "y": np.ones(2)}, "has arrays of 2 to 3 rows"),
        ({"X": np.ones((3, 2, 1)), "y": np.ones(3)}, "has the array 'X' of shape"),
        ({"X": np.array([{}, {}]), "y": np.ones(2)}, "is not a .npz file"),
    ],
)
def test_arrays_that_are_no_table_are_told(tmp_path, arrays, sentence):
    np.savez(tmp_path / "t.npz", **arrays)
    with pytest.raises(InputError, match=rf"^\S*t.npz {sentence}"):
        tables.read(tmp_path / "t.npz", "y")


def test_a_label_has_to_be_named(tmp_path):
    FRAME.to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(InputError, match="one of age, clinic, male, ill"):
        Logistic.load(tmp_path / "t.csv", l2=0.1)
    with pytest.raises(InputError, match="label = 'y' names a column, and breast_cancer is no table"):
        Logistic.load("breast_cancer", label="y", l2=0.1)


def test_groups_hold_labels_ranges_and_the_rest():
    digits = np.arange(10)
    assert groups.grouped(digits, "0-4:5-9")[1].tolist() == [0] * 5 + [1] * 5
    assert groups.grouped(digits, "3:rest")[1].tolist() == [1, 1, 1, 0, 1, 1, 1, 1, 1, 1]
    taken, numbers = groups.grouped(digits, "8:1,3:6-7")
    assert np.flatnonzero(taken).tolist() == [1, 3, 6, 7, 8]
    assert numbers.tolist() == [1, 1, 2, 2, 0]
    # A label that looks like a range or a word of ours is what it is.
    assert groups.grouped(np.array(["1-2", "rest"]), "rest:1-2")[1].tolist() == [1, 0]
    assert groups.grouped(np.array([-1.0, 1.0]), "1:-1")[1].tolist() == [1, 0]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("0-4", "is one group"),
        ("0-4:4-9", "names '4-9' twice"),
        ("0-4:x", "names 'x', which no sample has: there are 0, 1, 2, 3, 4, ..."),
        ("0-9:rest", "leaves no labels for a group 'rest'"),
        ("rest:rest", "leaves no labels for a group 'rest'"),
        ("0:", "names '', which no sample has"),
    ],
)
def test_groups_that_are_none_are_told(text, sentence):
    with pytest.raises(InputError, match=f"^labels = '{text}' {sentence}"):
        groups.grouped(np.arange(10), text)

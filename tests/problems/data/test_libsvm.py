"""The LIBSVM reader returns what was written, and names what is wrong with a file and on which line."""

import bz2
import gzip
import lzma
import os
import re
from codecs import BOM_UTF8
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix, issparse
from sklearn.datasets import dump_svmlight_file

from rootkappa.core.errors import InputError
from rootkappa.problems.data import compressed, libsvm

COMPRESS = {"": bytes, ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}
GOOD = b"+1 1:0.5 3:2\n-1 2:1\n"

matrices = st.integers(1, 6).flatmap(
    lambda d: st.lists(
        st.lists(st.one_of(st.just(0.0), st.floats(-1e6, 1e6)), min_size=d, max_size=d),
        min_size=1,
        max_size=8,
    )
)


def write(folder, data, name="set"):
    path = folder / name
    path.write_bytes(data)
    return path


@settings(max_examples=50, deadline=None)
@given(rows=matrices, data=st.data())
@pytest.mark.parametrize("suffix", COMPRESS)
def test_what_scikit_learn_writes_comes_back(suffix, rows, data, tmp_path_factory):
    dense = np.array(rows)
    labels = np.array(data.draw(st.lists(st.sampled_from([-1.0, 1.0]), min_size=len(rows), max_size=len(rows))))
    text = BytesIO()
    dump_svmlight_file(csr_matrix(dense), labels, text, zero_based=False)
    path = write(tmp_path_factory.getbasetemp(), COMPRESS[suffix](text.getvalue()), f"round{suffix}")
    matrix, back = libsvm.read(path, features=dense.shape[1])
    assert issparse(matrix)
    assert matrix.format == "csr"
    assert matrix.dtype == back.dtype == np.float64
    # The writer keeps 16 digits.
    np.testing.assert_allclose(matrix.toarray(), dense, rtol=1e-14, atol=0)
    assert np.array_equal(back, labels)


def test_the_number_of_features_is_the_declared_one_or_the_largest_index(tmp_path):
    path = write(tmp_path, GOOD)
    assert libsvm.read(path)[0].shape == (2, 3)
    assert libsvm.read(str(path), features=7)[0].shape == (2, 7)


@pytest.mark.parametrize(
    "text",
    [
        GOOD.rstrip(),
        GOOD.replace(b"\n", b"\r\n"),
        b"# a comment\n\n" + GOOD.replace(b" 2:1", b"  2:1  # and another"),
        GOOD.replace(b"-1 2", b"-1 qid:5 2"),
        BOM_UTF8 + GOOD,
        BOM_UTF8 + b"# a comment_with 1_0:5 \xc2\xa0\n" + GOOD,
        GOOD.replace(b" 1:0.5", b"\t+01:5.e-1").replace(b"3:2", b"3:.2E+01\r"),
    ],
)
def test_the_usual_ways_to_write_the_same_file_give_the_same_samples(tmp_path, text):
    matrix, labels = libsvm.read(write(tmp_path, text))
    assert matrix.toarray().tolist() == [[0.5, 0.0, 2.0], [0.0, 1.0, 0.0]]
    assert labels.tolist() == [1.0, -1.0]


good_lines = st.one_of(
    st.sampled_from(["", "   ", "# a comment", "+1", "-1 # no features"]),
    st.builds(
        lambda label, indices, value: " ".join([label, *(f"{i}:{value}" for i in sorted(indices))]),
        st.sampled_from(["+1", "-1", "2.5"]),
        st.sets(st.integers(1, 9), max_size=4),
        st.floats(-9, 9),
    ),
)
ENTRY = "is not index:value with an integer index counted from 1 and a finite value"
QUERY = "is not right behind the label with an integer, as a query must be"
BAD_LINES = [
    ("one 1:2", "the label 'one' is not a finite number"),
    ("nan 1:2", "the label 'nan' is not a finite number"),
    ("1,2 1:2", "the label '1,2' is not a finite number"),
    ("1:2 3:4", "the label '1:2' is not a finite number"),
    ("+1 1:x", f"'1:x' {ENTRY}"),
    ("+1 1:2 2", f"'2' {ENTRY}"),
    ("+1 1:2 2:", f"'2:' {ENTRY}"),
    ("+1 1:2 2: 3", f"'2:' {ENTRY}"),
    ("+1 1:2 2.5:3", f"'2.5:3' {ENTRY}"),
    ("+1 0:2", f"'0:2' {ENTRY}"),
    ("+1 -3:2", f"'-3:2' {ENTRY}"),
    *[
        (f"+1 1:2 {index}:1", f"{f'{index}:1'!r} has an index beyond 134217728, and a model would have as many")
        for index in (2**27 + 1, 2**31 - 1, 2**31, 99999999999, 99999999999999999999, "+0002147483647")
    ],
    (f"+1 {'9' * 5000}:1", f"'{'9' * 37}...' has an index beyond 134217728"),
    ("+1 1:nan", f"'1:nan' {ENTRY}"),
    ("+1 1:2 2:-inf 3:1", f"'2:-inf' {ENTRY}"),
    ("+1 1:1e999", f"'1:1e999' {ENTRY}"),
    ("+1 2:1 2:1", "the indices are repeated or not in increasing order ('+1 2:1 2:1')"),
    ("+1 3:1 2:1", "the indices are repeated or not in increasing order ('+1 3:1 2:1')"),
    ("+1 1:1 10:2", "there is a feature 10 although 9 features are declared"),
    ("+1 1:1\x00", rf"'1:1\x00' {ENTRY}"),
    ("1_0 1:1", "the label '1_0' is not a finite number"),
    ("0x1 1:1", "the label '0x1' is not a finite number"),
    ("+1 1_0:5", f"'1_0:5' {ENTRY}"),
    ("+1 1:1_000.5", f"'1:1_000.5' {ENTRY}"),
    ("+1 1:0x1", f"'1:0x1' {ENTRY}"),
    ("+1 1:infinity", f"'1:infinity' {ENTRY}"),
    ("+1 1:1\u00a0", rf"'1:1\xa0' {ENTRY}"),
    ("+1 1:1 \u00a0", rf"'\xa0' {ENTRY}"),
    ("+1\u00a01:1", r"the label '+1\xa01:1' is not a finite number"),
    ("+1 1:\u0661", f"'1:\u0661' {ENTRY}"),
    ("+1 1:1\ufeff", rf"'1:1\ufeff' {ENTRY}"),
    ("+1 1:1 qid:3 2:1", f"'qid:3' {QUERY}"),
    ("+1 qid:1 qid:2 2:1", f"'qid:2' {QUERY}"),
    ("+1 qid:x 2:1", f"'qid:x' {QUERY}"),
    ("qid:3 2:1", "the label 'qid:3' is not a finite number"),
]


@settings(max_examples=200, deadline=None)
@given(
    before=st.lists(good_lines, max_size=30),
    bad=st.sampled_from(BAD_LINES),
    after=st.lists(st.one_of(good_lines, st.sampled_from([line for line, _ in BAD_LINES])), max_size=30),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_the_first_bad_line_is_named(tmp_path_factory, before, bad, after, end):
    line, fault = bad
    path = write(tmp_path_factory.getbasetemp(), end.join([*before, line, *after]).encode(), "lines")
    with pytest.raises(InputError) as caught:
        libsvm.read(path, features=9)
    assert f"is not LIBSVM text at line {len(before) + 1}, where {fault}" in str(caught.value)
    assert str(caught.value).endswith(": correct that line, or remove it.")


def test_every_bad_line_is_tried(tmp_path):
    for line, fault in BAD_LINES:
        with pytest.raises(InputError) as caught:
            libsvm.read(write(tmp_path, GOOD + line.encode()), features=9)
        assert f"at line 3, where {fault}" in str(caught.value)
        assert str(caught.value).endswith(": correct that line, or remove it.")


def test_finding_the_line_costs_few_parses(tmp_path, monkeypatch):
    path = write(tmp_path, GOOD * 5000 + b"+1 1:x\n" + GOOD * 3000)
    counted, parse = [], libsvm._parse
    monkeypatch.setattr(libsvm, "_parse", lambda *given: counted.append(len(given[0])) or parse(*given))
    with pytest.raises(InputError, match="at line 10001,"):
        libsvm.read(path)
    assert len(counted) <= 25
    # The first parse of the whole, then halves of what is left.
    assert sum(counted) <= 2.1 * counted[0]


def test_a_long_line_is_shown_in_part(tmp_path):
    path = write(tmp_path, b"+1 " + b"1:2 " * 500)
    with pytest.raises(InputError) as caught:
        libsvm.read(path)
    assert len(str(caught.value)) - len(str(path)) < 200


@pytest.mark.parametrize("text", [b"\n", b"# nothing\n\n", b"   "])
def test_a_file_without_samples_is_refused(tmp_path, text):
    with pytest.raises(InputError, match="set holds no samples: give LIBSVM text"):
        libsvm.read(write(tmp_path, text))


def test_a_file_without_features_is_refused_unless_they_are_declared(tmp_path):
    path = write(tmp_path, b"1\n2\n3\n")
    with pytest.raises(InputError, match="set holds labels but no features"):
        libsvm.read(path)
    assert libsvm.read(path, features=2)[0].shape == (3, 2)


@pytest.mark.parametrize("suffix", COMPRESS)
def test_an_empty_file_is_refused(tmp_path, suffix):
    with pytest.raises(InputError, match="is empty: give LIBSVM text"):
        libsvm.read(write(tmp_path, b"", f"set{suffix}"))


@pytest.mark.parametrize("suffix", [suffix for suffix in COMPRESS if suffix])
@pytest.mark.parametrize("damage", ["short", "changed", "plain"])
def test_a_damaged_compressed_file_is_refused(tmp_path, suffix, damage):
    data = COMPRESS[suffix](GOOD * 100)
    half = len(data) // 2
    broken = {"short": data[:half], "changed": data[:half] + b"\0\0\0\0" + data[half + 4 :], "plain": GOOD}
    with pytest.raises(InputError, match=rf"set{suffix} is not a complete {suffix} file: it is corrupt, cut short"):
        libsvm.read(write(tmp_path, broken[damage], f"set{suffix}"))


@pytest.mark.parametrize("suffix", [suffix for suffix in COMPRESS if suffix])
def test_a_compressed_file_without_its_suffix_is_not_text(tmp_path, suffix):
    with pytest.raises(InputError, match=r"is not text .*, or if the file is compressed, end its name in \.xz"):
        libsvm.read(write(tmp_path, COMPRESS[suffix](GOOD * 20)))


def test_text_that_is_not_utf8_is_refused_with_its_line(tmp_path):
    with pytest.raises(InputError, match=r"is not text \(its line 3 is not UTF-8\)"):
        libsvm.read(write(tmp_path, GOOD + b"+1 1:2 # caf\xe9\n"))


def naive(text):
    """Read LIBSVM text from its definition, one token at a time; None for what is not."""
    number = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"
    labels, rows = [], []
    for line in text.removeprefix("\ufeff").split("\n"):
        label, *entries = re.split(r"[ \t\r\v\f]+", line.partition("#")[0].strip(" \t\r\v\f"))
        if not label:
            continue
        if not re.fullmatch(number, label, re.ASCII) or abs(float(label)) == float("inf"):
            return None
        if entries and re.fullmatch(r"qid:\d+", entries[0], re.ASCII):
            del entries[0]
        row = {}
        for entry in entries:
            index, _, value = entry.partition(":")
            if not (re.fullmatch(r"\+?\d+", index, re.ASCII) and re.fullmatch(number, value, re.ASCII)):
                return None
            if not max(row, default=0) < int(index) <= libsvm.LARGEST_INDEX or abs(float(value)) == float("inf"):
                return None
            row[int(index)] = float(value)
        labels.append(float(label))
        rows.append(row)
    return (labels, rows) if any(rows) else None


tokens = st.one_of(
    st.builds(
        lambda index, value: f"{index}:{value}",
        st.one_of(st.integers(1, 12), st.integers(-3, 2**32), st.sampled_from(["+3", "1_0", "007", "2.0", "", "٣"])),
        st.one_of(
            st.floats(),
            st.integers(-99, 99),
            st.sampled_from(["1_0", ".5", "5.", "1e9", "1e999", "+1", "0x1", "", "٣"]),
        ),
    ),
    st.sampled_from(["+1", "-1", "1", "2.5", "nan", "qid:3", "qid:x", "1:1", "2:1", "3:1", "#", "# a_b 1:2"]),
    st.text("0123456789:.+-eE_#qid \x00\xa0\ufeff", max_size=6),
)
texts = st.lists(
    st.builds(
        lambda label, rest, end: label + "".join(rest) + end,
        st.sampled_from(["+1", "-1", "1", "0.5", "", "1_0", " 1"]),
        st.lists(st.builds(str.__add__, st.sampled_from([" ", "  ", "\t", "\v", "\r", ""]), tokens), max_size=5),
        st.sampled_from(["\n", "\r\n", "", " \n", "\r"]),
    ),
    max_size=6,
).map("".join)
# Eight times as many as the profile asks for: 200 in a test, more in a night.
MANY = 8 * settings().max_examples


@settings(max_examples=MANY, deadline=None)
@given(text=texts, mark=st.booleans())
def test_what_is_accepted_is_what_a_naive_reader_finds(tmp_path_factory, text, mark):
    path = write(tmp_path_factory.getbasetemp(), BOM_UTF8 * mark + text.encode(), "fuzzed")
    expected = naive(text)
    if expected is None:
        with pytest.raises(InputError, match=r"\A[^\n]+\.\Z"):
            libsvm.read(path)
        return
    matrix, labels = libsvm.read(path)
    assert labels.tolist() == expected[0]
    assert [dict(zip((row.indices + 1).tolist(), row.data.tolist(), strict=True)) for row in matrix] == expected[1]


@settings(max_examples=MANY, deadline=None)
@given(data=st.binary(min_size=1, max_size=200), suffix=st.sampled_from(list(COMPRESS)), packed=st.booleans())
def test_any_bytes_give_samples_or_one_sentence(tmp_path_factory, data, suffix, packed):
    path = write(tmp_path_factory.getbasetemp(), COMPRESS[suffix](data) if packed else data, f"bytes{suffix}")
    try:
        matrix, labels = libsvm.read(path)
        outcome = f"{matrix.shape[0]} of {len(labels)} samples." if len(labels) else "nothing"
    except InputError as error:
        outcome = str(error)
    assert outcome.endswith(".")
    assert "\n" not in outcome


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_refused_before_it_is_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", "/dev/null"):
        with pytest.raises(InputError, match="is a pipe or a device, which can be read only once: write it to a file"):
            libsvm.read(path)


def test_what_expands_too_far_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(libsvm, "decompress", lambda data, suffix: compressed.decompress(data, suffix, 1000))
    for suffix in (".gz", ".bz2", ".xz"):
        path = write(tmp_path, COMPRESS[suffix](GOOD * 100), f"set{suffix}")
        with pytest.raises(
            InputError, match=r"is larger than 1000 bytes once .*decompress it yourself and give the text"
        ):
            libsvm.read(path)


def test_a_file_that_cannot_be_opened_is_refused(tmp_path, monkeypatch):
    with pytest.raises(InputError, match="none does not exist: check the path"):
        libsvm.read(tmp_path / "none")
    with pytest.raises(InputError, match="is a folder: give a file"):
        libsvm.read(tmp_path)
    for odd in ("a\0b", "a" * 5000):
        with pytest.raises(InputError, match="does not exist"):
            libsvm.read(odd)

    def refuse(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.read_bytes", refuse)
    with pytest.raises(InputError, match=r"cannot be read \(Permission denied\)"):
        libsvm.read(write(tmp_path, GOOD))


@pytest.mark.parametrize("features", [0, -1, 2.5, True, "3", 2**27 + 1, 10**400])
def test_a_wrong_number_of_features_is_refused(tmp_path, features):
    with pytest.raises(InputError, match=r"^features = .* is (not a count|beyond)"):
        libsvm.read(write(tmp_path, GOOD), features)


@settings(max_examples=100, deadline=None)
@given(
    values=st.lists(st.floats(-1e9, 1e9), min_size=2, max_size=2, unique=True),
    picks=st.lists(st.booleans(), min_size=1, max_size=20),
)
def test_the_larger_label_becomes_plus_one(values, picks):
    picks = [True, False, *picks]
    labels = libsvm.two_labels([max(values) if pick else min(values) for pick in picks])
    assert labels.dtype == np.float64
    assert labels.tolist() == [1.0 if pick else -1.0 for pick in picks]


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ([], "labels has no labels: exactly two are needed"),
        ([3, 3], r"labels has one label only \(3\): exactly two are needed"),
        ([3, 1, 2], r"labels has 3 different labels \(1, 2, 3\)"),
        (range(10), r"labels has 10 different labels \(0, 1, 2, 3, 4, \.\.\.\)"),
        (["a", "b", "c"], r"3 different labels \(a, b, c\)"),
        ([1.0, np.nan], "has the label nan at sample 1"),
        ([[1, 2]], r"labels of shape \(1, 2\)"),
        ([1.0, 2j], "labels is complex"),
        (np.array(["NaT", "2001-01-01"], dtype="M8[D]"), "labels holds dates or durations"),
        (np.ma.array([1, 2], mask=[True, False]), "labels has masked entries"),
        ([None, 1], "has the label nan at sample 0"),
        ([{}, 1], "labels is no array of numbers"),
        ([10**400, 1], "labels holds an integer beyond the largest float"),
    ],
)
def test_labels_that_are_not_two_are_refused(raw, sentence):
    with pytest.raises(InputError, match=sentence):
        libsvm.two_labels(raw)

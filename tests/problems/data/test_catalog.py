"""The catalogue finds, checks, downloads and loads its data sets."""

import bz2
import gzip
import lzma
import os
import re
import subprocess
import sys
import threading
import time
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import issparse

import rootkappa
from rootkappa.core.errors import InputError
from rootkappa.problems import data
from rootkappa.problems.data import catalog, download

EMBEDDED = [name for name in data.names() if data.describe(name).kind == "scikit-learn"]
TEXT = b"1 1:0.5 3:2\n2 2:1\n1 1:1\n"
TINY = data.DataSet(
    name="tiny",
    title="Three samples",
    kind="libsvm",
    samples=3,
    features=4,
    source="this test",
    sha256=sha256(TEXT).hexdigest(),
)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Keep the user's cache and variables out of every test."""
    folder = tmp_path / "cache"
    monkeypatch.setattr(catalog, "cache_folder", lambda: folder)
    monkeypatch.delenv(catalog.VARIABLE, raising=False)
    return folder


@pytest.fixture
def tiny(monkeypatch):
    """Put a small set into the catalogue."""
    known, described = data.names(), catalog._described
    monkeypatch.setattr(catalog, "names", lambda: [*known, "tiny"])
    monkeypatch.setattr(catalog, "_described", lambda name: TINY if name == "tiny" else described(name))
    return TINY


@pytest.fixture
def server(monkeypatch):
    """A server on this machine that sends what its dictionary holds and counts what it is asked."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.asked[self.path] += 1
            body = self.server.files.get(self.path)
            if isinstance(body, Iterator):
                self.send_response(200)
                self.end_headers()
                # What is sent ends when nobody listens any more.
                with suppress(OSError):
                    for part in body:
                        self.wfile.write(part)
                return
            if isinstance(body, str):
                self.send_response(302)
                self.send_header("Location", body)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(404 if body is None else 200)
            # One file promises more than it sends, like a connection that breaks.
            self.send_header("Content-Length", str(len(body or b"") + 100 * (self.path == "/broken")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_):
            pass

    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.files, running.asked = {}, Counter()
        running.url = f"http://127.0.0.1:{running.server_port}"
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.mark.parametrize("name", data.names())
def test_every_entry_is_complete(name):
    dataset = data.describe(name)
    assert dataset.name == name
    assert dataset.kind in ("scikit-learn", "libsvm")
    assert dataset.samples > 0
    assert dataset.features > 0
    assert dataset.title
    assert dataset.source
    if dataset.kind == "libsvm":
        assert re.fullmatch("[0-9a-f]{64}", dataset.sha256)
        file = dataset.url.rpartition("/")[2]
        assert dataset.url.startswith("https://") or not dataset.url
        assert file in {name + suffix for suffix in ("", ".bz2", ".xz")} or not dataset.url
    else:
        assert dataset.positive


def test_the_default_needs_no_download():
    assert data.DEFAULT in EMBEDDED
    assert data.names() == sorted(data.names())


@pytest.mark.parametrize("name", EMBEDDED)
def test_an_embedded_set_is_standardised_and_as_described(name):
    features, labels = data.load(name)
    dataset = data.describe(name)
    assert features.shape == (dataset.samples, dataset.features)
    assert features.flags.c_contiguous
    assert features.dtype == labels.dtype == np.float64
    assert np.unique(labels).tolist() == [-1.0, 1.0]
    varied = np.any(features != 0.0, axis=0)
    np.testing.assert_allclose(features.mean(axis=0), 0.0, atol=1e-12)
    np.testing.assert_allclose(features[:, varied].std(axis=0), 1.0, rtol=1e-12)
    assert data.locate(name) is None
    same, own = data.load_classes(name)
    np.testing.assert_array_equal(same, features)
    assert len(np.unique(own)) == dataset.classes
    np.testing.assert_array_equal(labels > 0, np.isin(own, dataset.positive))


def test_the_labels_of_the_embedded_sets_mean_what_their_titles_say():
    counts = {name: int((data.load(name)[1] > 0).sum()) for name in EMBEDDED}
    assert counts["breast_cancer"] == 357
    assert counts["digits"] == 906
    assert counts["wine"] == 59
    assert counts["iris"] == 50


def test_constant_features_become_zero():
    features = np.array([[0.1, 1.0], [0.1, 3.0], [0.1, 5.0]])
    standard = catalog._standardised(features)
    assert standard[:, 0].tolist() == [0.0, 0.0, 0.0]
    assert standard[:, 1].tolist() == pytest.approx([-np.sqrt(1.5), 0.0, np.sqrt(1.5)])
    assert features[0].tolist() == [0.1, 1.0]


def test_unknown_names_and_missing_files_are_told_apart(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="unknown data set 'mushroms': did you mean 'mushrooms'"):
        data.load("mushroms")
    with pytest.raises(InputError, match=r"unknown data set 'german\.numr': did you mean 'german\.numer'"):
        data.load("german.numr")
    with pytest.raises(InputError, match="unknown data set ''"):
        data.load("")
    for name in ("describe", "locate"):
        with pytest.raises(InputError, match="unknown data set 'a9b'"):
            getattr(data, name)("a9b")
    for path in ("mine.xz", "folder/mine", "./a9a", Path("a9a"), "mine.txt"):
        with pytest.raises(InputError, match="does not exist: check the path"):
            data.load(path)
    for value in (None, 3, ["a9a"]):
        with pytest.raises(InputError, match="is neither a name nor a path"):
            data.load(value)


def test_a_file_is_loaded_by_its_path_and_a_name_wins(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("mine").write_bytes(TEXT)
    Path("wine").write_bytes(TEXT)
    for path in ("mine", tmp_path / "mine", str(tmp_path / "mine"), "./wine", Path("wine")):
        features, labels = data.load(path)
        assert features.tolist() == [[0.5, 0.0, 2.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]
        assert labels.tolist() == [-1.0, 1.0, -1.0]
    assert data.load("wine")[0].shape == (178, 13)


def test_the_home_folder_is_expanded(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    (tmp_path / "mine").write_bytes(TEXT)
    assert data.load("~/mine")[0].shape == (3, 3)


@pytest.mark.parametrize(("stored", "sparse"), [(24, True), (25, True), (26, False), (100, False)])
def test_the_density_decides_between_dense_and_sparse(tmp_path, stored, sparse):
    rows = [f"{row % 2}" for row in range(10)]
    for entry in range(stored):
        rows[9 - entry % 10] += f" {10 - (stored - 1) // 10 + entry // 10}:1"
    path = tmp_path / "mine"
    path.write_text("\n".join(rows))
    features, _ = data.load(path)
    assert features.shape == (10, 10)
    assert issparse(features) == sparse
    assert features.dtype == np.float64
    assert sparse or features.flags.c_contiguous


def test_files_of_other_than_two_labels_are_refused_by_their_path(tmp_path):
    path = tmp_path / "mine"
    for text, found in (
        (b"1 1:2\n1 2:1\n", "one label only"),
        (b"1 1:2\n2 1:2\n3 1:2\n", "3 different labels"),
    ):
        path.write_bytes(text)
        with pytest.raises(InputError, match=rf"mine has {found} \(1.*\): exactly two are needed"):
            data.load(path)


def test_files_of_any_number_of_labels_keep_them(tmp_path):
    path = tmp_path / "mine"
    path.write_bytes(b"1 1:2\n3 2:1\n-2.5 2:1\n")
    features, labels = data.load_classes(path)
    assert features.tolist() == [[2.0, 0.0], [0.0, 1.0], [0.0, 1.0]]
    assert labels.tolist() == [1.0, 3.0, -2.5]
    path.write_bytes(b"1 1:2\n1 2:1\n")
    with pytest.raises(InputError, match=r"mine has one label only \(1\): at least two are needed"):
        data.load_classes(path)


def test_a_set_that_nobody_offers_is_asked_for():
    with pytest.raises(InputError, match=r"'vowel' is on this computer in no place .*: put a file vowel into a folder"):
        data.load_classes("vowel")


@pytest.mark.parametrize(("suffix", "pack"), [("", bytes), (".xz", lzma.compress), (".bz2", bz2.compress)])
def test_the_users_folder_comes_before_the_cache(tiny, tmp_path, cache, monkeypatch, suffix, pack):
    cache.mkdir()
    assert data.locate("tiny") is None
    (cache / "tiny").write_bytes(TEXT)
    assert data.locate("tiny") == cache / "tiny"
    folder = tmp_path / "mine"
    folder.mkdir()
    monkeypatch.setenv(catalog.VARIABLE, str(folder))
    assert data.locate("tiny") == cache / "tiny"
    # Other line ends would not have the hash; they are the same samples.
    (folder / f"tiny{suffix}").write_bytes(pack(TEXT.replace(b"\n", b"\r\n")))
    assert data.locate("tiny") == folder / f"tiny{suffix}"
    features, labels = data.load("tiny")
    assert features.shape == (3, 4)
    assert labels.tolist() == [-1.0, 1.0, -1.0]


def test_the_users_folder_must_be_one(tmp_path, monkeypatch):
    monkeypatch.setenv(catalog.VARIABLE, str(tmp_path / "none"))
    with pytest.raises(InputError, match=r"ROOTKAPPA_DATA = .*none' is not a folder"):
        data.locate("a9a")
    monkeypatch.setenv(catalog.VARIABLE, "")
    assert data.locate("a9a") is None


def packed_ways(text):
    """Write a text in every way that changes no number."""
    windows = text.replace(b"\n", b"\r\n")
    for suffix, pack in (("", bytes), (".xz", lzma.compress), (".gz", gzip.compress), (".bz2", bz2.compress)):
        for way in (text, windows, text.rstrip(), BOM_UTF8 + text):
            yield suffix, pack(way)


def test_the_users_own_data_are_told_from_those_that_the_catalogue_knows(tiny, tmp_path, monkeypatch):
    known = data.content("tiny")
    monkeypatch.setenv(catalog.VARIABLE, str(tmp_path))
    assert data.content("tiny") == known
    flipped = TEXT.replace(b"2 2:1", b"1 2:1").replace(b"1 1:1\n", b"2 1:1\n")
    seen = {}
    for name, text in (("known", TEXT), ("flipped", flipped), ("other value", TEXT.replace(b"0.5", b"0.6"))):
        for suffix, written in packed_ways(text):
            (tmp_path / f"tiny{suffix}").write_bytes(written)
            seen.setdefault(name, set()).add((data.content("tiny"), data.load("tiny")[1].tobytes()))
            (tmp_path / f"tiny{suffix}").unlink()
    assert [len(found) for found in seen.values()] == [1, 1, 1]
    contents = [found.pop()[0] for found in seen.values()]
    assert contents[0] == known
    assert len(set(contents)) == 3
    assert data.content("tiny") == known


def test_what_is_on_this_computer_is_read_anew_and_not_remembered_by_its_path(tmp_path):
    path = tmp_path / "mine"
    before = None
    for value in (b"1", b"2"):
        path.write_bytes(TEXT.replace(b"0.5", value))
        os.utime(path, (0, 0))  # as long as before, and as old
        assert data.load(path)[0][0, 0] == float(value)
        assert data.content(path) == data.content(str(path)) != before
        before = data.content(path)


def test_every_name_and_path_has_its_own_content(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("wine").write_bytes(TEXT)
    contents = [*map(data.content, data.names()), data.content("./wine")]
    assert all(contents)
    assert len(set(contents)) == len(contents)
    for wrong, sentence in (
        ("a9b", "unknown data set"),
        ("./none", "does not exist"),
        (3, "neither a name nor a path"),
    ):
        with pytest.raises(InputError, match=sentence):
            data.content(wrong)


@pytest.mark.parametrize("change", [TEXT.replace(b"2 2:1", b"1 2:1"), TEXT[:-3], b"", b"garbage"])
def test_a_cached_copy_that_was_changed_is_not_taken_for_the_set(tiny, cache, change):
    cache.mkdir()
    for suffix, written in packed_ways(TEXT):
        (cache / f"tiny{suffix}").write_bytes(written)
        assert data.load("tiny")[0].shape == (3, 4)
        (cache / f"tiny{suffix}").unlink()
    (cache / "tiny").write_bytes(change)
    with pytest.raises(InputError, match=r"tiny is (empty|not what was downloaded as data set 'tiny': delete it to)"):
        data.load("tiny")


def test_another_file_under_the_name_of_a_set_is_refused(tiny, tmp_path, monkeypatch):
    monkeypatch.setenv(catalog.VARIABLE, str(tmp_path))
    (tmp_path / "tiny").write_bytes(TEXT[:-6])
    with pytest.raises(InputError, match="has 2 samples although data set 'tiny' has 3"):
        data.load("tiny")
    (tmp_path / "tiny").write_bytes(TEXT + b"1 5:1\n")
    with pytest.raises(InputError, match="at line 4, where there is a feature 5 although 4 features are declared"):
        data.load("tiny")


@pytest.mark.parametrize(
    ("file", "body"),
    [
        ("tiny", TEXT),
        ("tiny.bz2", bz2.compress(TEXT)),
        ("tiny.xz?version=2", lzma.compress(TEXT)),
        ("windows", TEXT.rstrip().replace(b"\n", b"\r\n")),
    ],
)
def test_a_download_lands_in_the_cache_and_is_not_repeated(server, cache, capfd, file, body):
    server.files[f"/{file}"] = body
    dataset = replace(TINY, url=f"{server.url}/{file}")
    assert data.fetch(dataset) == cache / "tiny"
    assert (cache / "tiny").read_bytes() == TEXT
    assert os.listdir(cache) == ["tiny"]
    assert data.fetch(dataset) == cache / "tiny"
    assert server.asked == {f"/{file}": 1}
    assert capfd.readouterr() == ("", "")


def test_load_downloads_what_is_nowhere(tiny, server, cache, monkeypatch):
    server.files["/tiny"] = TEXT
    monkeypatch.setattr(catalog, "_described", lambda _: replace(TINY, url=f"{server.url}/tiny"))
    for _ in range(2):
        features, labels = data.load("tiny")
        assert features.shape == (3, 4)
        assert labels.tolist() == [-1.0, 1.0, -1.0]
    assert server.asked == {"/tiny": 1}


def test_a_download_goes_to_the_folder_asked_for(server, tmp_path, cache):
    server.files["/tiny"] = TEXT
    dataset = replace(TINY, url=f"{server.url}/tiny")
    assert data.fetch(dataset, tmp_path / "other" / "place") == tmp_path / "other" / "place" / "tiny"
    assert not cache.exists()


@pytest.mark.parametrize(
    ("file", "body", "sentence"),
    [
        (
            "tiny",
            TEXT.replace(b"2", b"3"),
            "'tiny' was refused, since what .* has sha256 [0-9a-f]{64} and not",
        ),
        (
            "tiny.bz2",
            bz2.compress(TEXT)[:-5],
            r"\(not a complete \.bz2 file\): try again, or download it by hand",
        ),
        ("absent", None, r"could not be fetched from http.*/absent \(HTTP status 404\): try again"),
        ("broken", TEXT, "could not be fetched|was refused"),
    ],
)
def test_a_wrong_download_is_refused_and_leaves_nothing_behind(server, cache, file, body, sentence):
    if body is not None:
        server.files[f"/{file}"] = body
    with pytest.raises(InputError, match=sentence) as caught:
        data.fetch(replace(TINY, url=f"{server.url}/{file}"))
    assert "set ROOTKAPPA_DATA to that folder." in str(caught.value)
    assert f"{server.url}/{file}" in str(caught.value)
    assert os.listdir(cache) == []


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/tiny", "nonsense", "what://is/this"])
def test_a_server_that_cannot_be_reached_is_one_sentence(monkeypatch, cache, url):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with pytest.raises(InputError, match=r"could not be fetched from .*: try again") as caught:
        data.fetch(replace(TINY, url=url))
    assert "\n" not in str(caught.value)
    assert os.listdir(cache) == []


def trickle(part, count, seconds=0.01):
    for _ in range(count):
        time.sleep(seconds)
        yield part


@pytest.mark.parametrize(
    ("file", "body", "sentence"),
    [
        ("endless", lambda: trickle(TEXT * 100, 1000, 0.0), "it sent more than 10000 bytes"),
        ("bomb.xz", lambda: lzma.compress(b"\n" * 100_000), "larger than 10000 bytes once it is decompressed"),
        ("bomb.gz", lambda: gzip.compress(b"\n" * 100_000), "larger than 10000 bytes once it is decompressed"),
        ("slow", lambda: trickle(b"1", 100), "it took longer than 0.1 seconds"),
        ("silent", lambda: trickle(b"", 100), "it took longer than 0.1 seconds"),
        (
            "http",
            lambda: "http://127.0.0.1:9/elsewhere",
            "it passes on to http://127.0.0.1:9/elsewhere, which is not enc",
        ),
        ("relative", lambda: "/tiny", r"it passes on to http://127.0.0.1:\d+/tiny, which is not encrypted"),
        ("file", lambda: "file:///etc/hostname", "it passes on to file:///etc/hostname, which is not encrypted"),
    ],
)
def test_no_server_takes_all_memory_or_all_time_or_passes_on_in_the_open(
    server, cache, monkeypatch, file, body, sentence
):
    monkeypatch.setattr(download, "LARGEST", 10_000)
    if "longer" in sentence:
        monkeypatch.setattr(download, "SECONDS", 0.1)
    monkeypatch.setattr(download, "_CHUNK", 16)
    server.files |= {f"/{file}": body(), "/tiny": TEXT}
    started = time.monotonic()
    with pytest.raises(
        InputError, match=rf"could not be fetched from .*/{file} \(.*{sentence}.*\): try again, or down"
    ):
        data.fetch(replace(TINY, url=f"{server.url}/{file}"))
    assert time.monotonic() - started < 0.9
    assert os.listdir(cache) == []
    assert server.asked == {f"/{file}": 1}


def test_an_encrypted_redirect_is_followed(server, cache):
    server.files["/moved"] = "https://127.0.0.1:9/tiny"
    with pytest.raises(InputError, match=r"could not be fetched from .*/moved \(\w*ConnectionError\)"):
        data.fetch(replace(TINY, url=f"{server.url}/moved"))
    assert server.asked == {"/moved": 1}


def test_a_cache_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match=r"could not be fetched from .* by hand"):
        data.fetch(replace(TINY, url="http://127.0.0.1:9/tiny"), tmp_path / "file" / "cache")


def test_what_is_slow_to_import_waits():
    root = Path(rootkappa.__file__).parent
    # The package above may import more, so it is replaced by an empty one.
    code = (
        "import sys, types; p = types.ModuleType('rootkappa.problems'); "
        f"p.__path__ = [{str(root / 'problems')!r}]; sys.modules['rootkappa.problems'] = p; "
        "from rootkappa.problems import data; data.describe('a9a'); data.names(); "
        "print([m for m in ('sklearn', 'scipy', 'requests', 'pandas') if m in sys.modules])"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

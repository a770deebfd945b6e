"""The hash of the sources notices every edit, and what is kept of them is what was made of them."""

import math
import os
import shutil
from pathlib import Path

import pytest

from rootkappa.core import sources

ROOT = Path(sources.__file__).resolve().parents[1]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "cache_folder", lambda kind, folders: tmp_path / kind / "-".join(folders))
    return tmp_path / "kept" / "-".join(sources.COMPUTED)


def test_what_is_kept_is_made_once(folder):
    made = []

    def rows():
        made.append(1)
        return [{"name": "ψ", "L": math.inf, "words": ["convex"]}]

    first, again = sources.kept("rows", rows), sources.kept("rows", rows)
    assert first == again == [{"name": "ψ", "L": math.inf, "words": ["convex"]}]
    assert len(made) == 1
    (file,) = folder.iterdir()
    for damage in (b"", file.read_bytes()[:9], b"\xff\xfe"):
        file.write_bytes(damage)
        assert sources.kept("rows", rows) == first
    assert len(made) == 4


def test_where_nothing_can_be_kept_it_is_made_each_time(folder):
    folder.parent.parent.mkdir(exist_ok=True)
    folder.parent.write_text("in the way")
    made = iter(([1], [2]))
    assert [sources.kept("rows", lambda: next(made)) for _ in range(2)] == [[1], [2]]


def test_the_folder_is_that_of_all_sources_on_which_a_number_depends(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "user_cache_path", lambda name: tmp_path)
    found = sources.cache_folder.__wrapped__("kept", sources.COMPUTED)
    assert found == tmp_path / "kept" / sources.sources_digest(sources.COMPUTED)
    assert found.name != sources.cache_folder.__wrapped__("compiled").name


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """Copy the sources, and let the module believe that it lives in the copy."""
    root = tmp_path / "package"
    for file in sources.package_sources():
        copy = root / file.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, copy)
    monkeypatch.setattr(sources, "__file__", str(root / "core" / "sources.py"))
    return root


def digest():
    return sources.sources_digest.__wrapped__()


def test_an_edit_in_any_folder_changes_the_digest(tree):
    before = digest()
    assert digest() == before
    files = sources.package_sources()
    names = {str(file.relative_to(tree)) for file in files}
    assert {"core/vectors.py", "problems/functions/l1.py", "algorithms/scaffnew.py", "theory/engines/exact.py"} <= names
    seen = {before}
    edited = {file.parent: file for file in files}.values()
    for file in edited:
        text = file.read_bytes()
        file.write_bytes(text + b"\n")
        seen.add(digest())
        file.write_bytes(text)
    assert len(seen) == len(edited) + 1
    assert digest() == before


def test_a_new_a_renamed_and_a_removed_source_change_the_digest(tree):
    seen = [digest()]
    file = tree / "problems" / "functions" / "aaa.py"
    file.write_text("")
    seen.append(digest())
    file.rename(file.with_name("zzz.py"))
    seen.append(digest())
    (tree / "core" / "vectors.py").unlink()
    seen.append(digest())
    assert len(set(seen)) == 4


def test_tests_and_other_files_do_not_change_the_digest(tree):
    before = digest()
    (tree / "tests").mkdir()
    (tree / "tests" / "test_new.py").write_text("")
    (tree / "problems" / "notes.txt").write_text("")
    assert digest() == before


def test_what_only_calls_compiled_code_does_not_compile_it_again(tree):
    def both():
        return digest(), sources.sources_digest.__wrapped__(sources.COMPILED)

    before = both()
    for folder in ("theory", "sweeps"):
        (tree / folder / "new.py").write_text("")
    assert both()[0] != before[0]
    assert both()[1] == before[1]
    (tree / "algorithms" / "new.py").write_text("")
    assert both()[1] != before[1]


@pytest.fixture
def base(tmp_path, monkeypatch):
    """Redirect the folder of all caches."""
    monkeypatch.setattr(sources, "user_cache_path", lambda name: tmp_path / name)
    return tmp_path / "rootkappa" / "compiled"


def test_folders_of_old_sources_are_removed(base):
    for age in range(5):
        old = base / f"old{age}"
        old.mkdir(parents=True)
        (old / "function.nbi").write_text("")
        os.utime(old, (1e9 - age, 1e9 - age))
    folder = sources.cache_folder.__wrapped__("compiled")
    assert folder == base / sources.sources_digest(sources.COMPILED)
    assert {path.name for path in base.iterdir()} == {"old0", "old1"}
    assert (base / "old0" / "function.nbi").exists()


def test_nothing_is_removed_where_the_folder_exists(base):
    folder = base / sources.sources_digest(sources.COMPILED)
    for name in ("a", "b", "c", "d", folder.name):
        (base / name).mkdir(parents=True)
    assert sources.cache_folder.__wrapped__("compiled") == folder
    assert len(list(base.iterdir())) == 5


def test_a_folder_that_vanishes_meanwhile_is_no_error(base):
    """A link to nowhere is listed but has no date, like a folder that another process has just removed."""
    base.mkdir(parents=True)
    (base / "gone").symlink_to(base / "nowhere")
    assert sources.cache_folder.__wrapped__("compiled") == base / sources.sources_digest(sources.COMPILED)


def test_kinds_have_folders_of_their_own(base):
    assert sources.cache_folder.__wrapped__("solutions").parent == base.parent / "solutions"

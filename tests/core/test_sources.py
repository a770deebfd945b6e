"""What is kept of the sources is what was made of them, whatever lies in its place."""

import math

import pytest

from rootkappa.core import sources


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

"""A file that a command writes is whole or not there, and what is no plain file is written to."""

import json
import os
from pathlib import Path

import pytest

from rootkappa.core.errors import InputError
from rootkappa.core.files import check_writable, checked_folder, write_json, write_whole

FULL = Path("/dev/full")


def test_a_file_is_replaced_whole(tmp_path):
    file = tmp_path / "a.json"
    for records in ([], [{"sentence": "κ"}]):
        write_json(file, records)
        assert [path.name for path in tmp_path.iterdir()] == ["a.json"]
    assert file.read_text(encoding="utf-8") == '[\n {\n  "sentence": "κ"\n }\n]\n'


def test_what_fails_leaves_the_old_file_and_nothing_beside_it(tmp_path, monkeypatch):
    file = tmp_path / "a.json"
    write_whole(file, b"old")

    def full(path, content):
        with open(path, "wb") as opened:
            opened.write(content[:1])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(InputError, match=r"a\.json' cannot be written \(No space left on device\): give a file"):
        write_json(file, [1, 2])
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]
    assert file.read_bytes() == b"old"


@pytest.mark.skipif(not FULL.exists(), reason="this system has no full device")
def test_a_device_is_written_to_and_never_replaced(tmp_path):
    check_writable(FULL)
    with pytest.raises(InputError, match="'/dev/full' cannot be written"):
        write_json(FULL, [])
    assert FULL.is_char_device()
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "target")
    write_whole(link, b"x")
    assert link.is_symlink()
    assert (tmp_path / "target").read_bytes() == b"x"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_stays_a_pipe(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    check_writable(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_whole(pipe, b"read")
    assert os.read(reader, 10) == b"read"
    os.close(reader)
    assert pipe.is_fifo()


def test_a_place_that_cannot_be_written_is_found_before(tmp_path):
    (tmp_path / "file").write_text("")
    for wrong in (tmp_path, tmp_path / "file" / "below"):
        with pytest.raises(InputError) as error:
            check_writable(wrong)
        assert str(error.value).endswith(".")
    with pytest.raises(InputError):
        checked_folder(tmp_path / "file")
    # Nothing is made before something is written.
    folder = checked_folder(tmp_path / "new" / "deep")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]
    write_json(folder / "a.json", [])
    assert [path.name for path in folder.iterdir()] == ["a.json"]


def test_a_name_that_is_no_text_is_written_as_json_writes_it(tmp_path):
    write_json(tmp_path / "a.json", ["\udcff", "é"])
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) == ["\udcff", "é"]

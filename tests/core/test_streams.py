"""No print fails, wherever it goes."""

import io
import os

import pytest

from rootkappa.core.streams import lasting


@pytest.mark.parametrize("buffering", [-1, 0])
def test_what_the_encoding_lacks_becomes_a_question_mark(buffering, tmp_path):
    with (tmp_path / "file").open("wb", buffering) as binary, io.TextIOWrapper(binary, "cp1252") as stream:
        print("√κ é", file=lasting(stream))
    assert (tmp_path / "file").read_bytes() == "?? é\n".replace("\n", os.linesep).encode("cp1252")


def test_a_reader_that_has_left_stops_nothing():
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w", encoding="utf-8") as stream:
        printed = lasting(stream)
        assert not printed.isatty()
        assert printed.fileno() == writer
        for _ in range(3):
            print("x" * 100_000, file=printed, flush=True)
            printed.buffer.write(b"y")
            printed.buffer.flush()


@pytest.mark.parametrize("stream", [None, io.StringIO()])
def test_what_is_no_file_stays_as_it_is(stream):
    assert lasting(stream) is stream

"""Compressed data come back whole or not at all: no garbage is ignored, no padding refused, no size unbounded."""

import bz2
import gzip
import lzma
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rootkappa.problems.data.compressed import SUFFIXES, TooLarge, decompress

PACK = {".xz": lzma.compress, ".gz": gzip.compress, ".bz2": bz2.compress}
PADDING = {".xz": 4, ".gz": 1}  # null bytes come in multiples of that, as each format's definition says


def test_every_suffix_is_tried():
    assert set(SUFFIXES) == set(PACK)


@given(parts=st.lists(st.binary(max_size=300), min_size=1, max_size=4), suffix=st.sampled_from(SUFFIXES))
def test_streams_one_after_the_other_are_one_file(parts, suffix):
    assert decompress(b"".join(map(PACK[suffix], parts)), suffix) == b"".join(parts)


@given(
    data=st.binary(max_size=50), more=st.binary(max_size=50), count=st.integers(1, 20), suffix=st.sampled_from(SUFFIXES)
)
def test_padding_is_taken_where_the_format_has_it(data, more, count, suffix):
    allowed = suffix in PADDING and count % PADDING[suffix] == 0
    for rest, whole in ((b"", data), (PACK[suffix](more), data + more)):
        padded = PACK[suffix](data) + b"\0" * count + rest
        if allowed:
            assert decompress(padded, suffix) == whole
        else:
            with pytest.raises(ValueError, match=f"not a complete {suffix} file"):
                decompress(padded, suffix)


@given(data=st.binary(max_size=50), garbage=st.binary(min_size=1, max_size=50), suffix=st.sampled_from(SUFFIXES))
def test_what_follows_and_is_no_stream_is_refused(data, garbage, suffix):
    with pytest.raises(ValueError, match=f"not a complete {suffix} file"):
        decompress(PACK[suffix](data) + b"g" + garbage, suffix)


@given(data=st.binary(max_size=50), share=st.floats(0.0, 1.0), suffix=st.sampled_from(SUFFIXES))
def test_what_is_cut_short_is_refused(data, share, suffix):
    whole = PACK[suffix](data)
    with pytest.raises(ValueError, match=f"not a complete {suffix} file"):
        decompress(whole[: min(int(share * len(whole)), len(whole) - 1)] or whole[:1], suffix)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_size_is_a_bound_on_what_is_made(suffix):
    data = b" " * 2**23
    # The dictionary of .xz is as large as its preset says.
    packed, limit = lzma.compress(data, preset=0) if suffix == ".xz" else PACK[suffix](data), 2**16
    assert decompress(packed, suffix, len(data)) == data
    with pytest.raises(TooLarge, match="larger than 8388607 bytes"):
        decompress(packed, suffix, len(data) - 1)
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge):
            decompress(packed, suffix, limit)
        # The libraries' own buffers are of any size, and none is that of the whole.
        assert tracemalloc.get_traced_memory()[1] < len(data) / 2
    finally:
        tracemalloc.stop()
    with pytest.raises(TooLarge):
        decompress(PACK[suffix](b"+1 1:1\n" * 9000) * 2, suffix, limit)

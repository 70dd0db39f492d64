"""Files as bytes, plain or compressed; an error is one line with the path."""

import bz2
import gzip
import lzma
import os
import tracemalloc

import pyarrow
import pytest

from barenet.data._file_io import read_exactly, read_file_bytes
from barenet.errors import DataError

DATA = b"".join(b"%d\n" % (number * number) for number in range(100))
COMPRESSIONS = {
    "plain": bytes,
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": lambda data: pyarrow.Codec("zstd").compress(data, asbytes=True),
}


@pytest.mark.parametrize("name", COMPRESSIONS)
def test_a_compression_is_recognized_by_the_first_bytes(write, name):
    for data in (DATA, b"", bytes(5000)):
        assert read_file_bytes(write(COMPRESSIONS[name](data), "data.gz")) == data


@pytest.mark.parametrize("name", ["gzip", "bzip2", "xz", "zstd"])
def test_fault_46_a_truncated_file_is_refused_at_every_length(write, name):
    whole = COMPRESSIONS[name](DATA)
    for length in range(7, len(whole), 1 if name == "gzip" else 7):
        with pytest.raises(DataError) as caught:
            read_file_bytes(write(whole[:length]))
        truncated = f"truncated, the {name} data end too early"
        assert caught.value.problem == truncated or name == "zstd"


@pytest.mark.parametrize("name", ["gzip", "bzip2", "xz"])
def test_fault_46_flipped_bytes_are_found(write, name):
    whole = COMPRESSIONS[name](DATA)
    for position in range(10, len(whole)) if name == "gzip" else [len(whole) // 2]:
        changed = bytes([whole[position] ^ 0xFF])
        with pytest.raises(DataError, match=r"t\.csv: (damaged|truncated)"):
            read_file_bytes(write(whole[:position] + changed + whole[position + 1 :]))


@pytest.mark.parametrize("name", ["gzip", "bzip2", "xz", "zstd"])
def test_fault_46_promise_17_a_bomb_is_refused_at_the_budget(write, monkeypatch, name):
    monkeypatch.setenv("BARENET_MEMORY", "4MB")
    path = write(COMPRESSIONS[name](bytes(4_000_000)))
    assert path.stat().st_size < 10_000
    assert len(read_file_bytes(path)) == 4_000_000
    with pytest.raises(DataError, match="more than 40 kB of data would take about 4 MB of memory"):
        read_file_bytes(path, memory_per_byte=100)


def test_fault_35_a_path_that_is_no_file(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    cases = {
        "missing.csv": "no such file",
        ".": "is a folder, expected a file",
        "file/inner": "cannot be read: Not a directory",
    }
    for name, problem in cases.items():
        with pytest.raises(DataError) as caught:
            read_file_bytes(tmp_path / name)
        assert (caught.value.path, caught.value.problem) == (tmp_path / name, problem)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(DataError, match=r"pipe\.csv: is no regular file$"):
        read_file_bytes(tmp_path / "pipe.csv")


def test_reading_takes_memory_for_the_data_alone(write):
    path = write(bytes(2**24))
    with path.open("rb") as stream:
        assert len(read_exactly(stream, 2**62)) == 2**24
    tracemalloc.start()
    try:
        assert len(read_file_bytes(path)) == 2**24
        assert tracemalloc.get_traced_memory()[1] < 1.5 * 2**24
    finally:
        tracemalloc.stop()

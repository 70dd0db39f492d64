"""Files as bytes, plain or compressed, and the memory that reading them may take."""

import bz2
import gzip
import lzma
import os
from pathlib import Path

import pyarrow
import pytest

from barenet.datasets._table_loading import load_table
from barenet.errors import DataError
from barenet.storage._file_io import check_memory, memory_limit, read_file_bytes
from barenet.streams._stream import stream

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


@pytest.mark.case(46)
@pytest.mark.parametrize("name", ["gzip", "bzip2", "xz", "zstd"])
def test_a_truncated_file_is_refused_at_every_length(write, name):
    whole = COMPRESSIONS[name](DATA)
    for length in range(7, len(whole), 1 if name == "gzip" else 7):
        with pytest.raises(DataError) as caught:
            read_file_bytes(write(whole[:length]))
        truncated = f"truncated, the {name} data end too early"
        assert caught.value.problem == truncated or name == "zstd"


@pytest.mark.case(46)
@pytest.mark.parametrize("name", ["gzip", "bzip2", "xz"])
def test_flipped_bytes_are_found(write, name):
    whole = COMPRESSIONS[name](DATA)
    for position in range(10, len(whole)) if name == "gzip" else [len(whole) // 2]:
        changed = bytes([whole[position] ^ 0xFF])
        with pytest.raises(DataError, match=r"t\.csv: (damaged|truncated)"):
            read_file_bytes(write(whole[:position] + changed + whole[position + 1 :]))


@pytest.mark.case(46)
@pytest.mark.promise(10)
@pytest.mark.parametrize("name", ["gzip", "bzip2", "xz", "zstd"])
def test_a_bomb_is_refused_at_the_memory_limit(write, monkeypatch, name):
    monkeypatch.setenv("BARENET_MEMORY", "4MB")
    path = write(COMPRESSIONS[name](bytes(4_000_000)))
    assert path.stat().st_size < 10_000
    assert len(read_file_bytes(path)) == 4_000_000
    with pytest.raises(DataError, match="more than 40 kB of data would take about 4 MB of memory"):
        read_file_bytes(path, memory_per_byte=100)


@pytest.mark.case(35)
def test_a_path_that_is_not_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    problems = {"missing.csv": "no such file", ".": "is a folder, expected a file"}
    problems["file/inner"] = "cannot be read: Not a directory"
    if hasattr(os, "mkfifo"):  # refused at once
        os.mkfifo(tmp_path / "pipe.csv")
        problems["pipe.csv"] = "is not a regular file"
    for name, problem in problems.items():
        with pytest.raises(DataError) as caught:
            read_file_bytes(tmp_path / name)
        assert (caught.value.path, caught.value.problem) == (tmp_path / name, problem)


@pytest.mark.case(141)
def test_a_folder_may_be_named_like_the_start_of_an_address(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("data:").mkdir()
    Path("data:/x.csv").write_text("x,y\n1,2.5\n3,4.5\n")
    assert load_table("data:/x.csv", "y").n_samples == 2
    assert stream("data:/*.csv", "y").n_rows == 2


@pytest.mark.parametrize(
    ("text", "limit"),
    [("8GB", 8e9), ("1.5 gb", 1.5e9), ("500MB", 5e8), ("4GiB", 2**32), ("100", 100), ("2k", 2000)],
)
def test_the_environment_replaces_the_limit(monkeypatch, text, limit):
    monkeypatch.setenv("BARENET_MEMORY", text)
    assert memory_limit() == limit


def test_an_error_names_both_sizes_and_the_remedy(monkeypatch, write):
    monkeypatch.setenv("BARENET_MEMORY", "1GB")
    path = write(bytes(28_000))
    check_memory(path, 10**9, "1,000,000 rows")
    with pytest.raises(DataError, match=r"such as 40GB$") as caught:
        check_memory(path, 20 * 10**9, "1,000,000 rows")
    assert caught.value.problem == (
        "1,000,000 rows would take about 20 GB of memory, more than the 1 GB allowed"
    )
    assert "block by block, with Task.open's memory=, or in a command by a" in caught.value.remedy
    with pytest.raises(DataError) as caught:
        check_memory(path.with_suffix(".csv.gz"), 20 * 10**9, "1,000,000 rows")
    assert "by a pattern such as '*.csv.gz'" in caught.value.remedy
    for file, is_block in ((path, True), (path.with_suffix(".npz"), False)):
        with pytest.raises(DataError, match=r"allowed; set the environment variable"):
            check_memory(file, 20 * 10**9, "1,000,000 rows", is_block=is_block)

"""Files as bytes: what was packed comes back, and whatever is wrong is one line with the path."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from barenet.data._file_io import plain_name, read_exactly, read_file_bytes
from barenet.errors import DataError


@given(data=st.binary(max_size=5000), packed=st.booleans())
def test_a_file_is_read_packed_or_not(tmp_path_factory, data, packed):
    if not packed and data[:2] in (b"\x1f\x8b", b"BZ", b"\xfd7", b"(\xb5"):
        data = b" " + data
    path = tmp_path_factory.getbasetemp() / "data.bin"
    path.write_bytes(gzip.compress(data) if packed else data)
    assert read_file_bytes(path) == data


def test_gzip_is_told_by_its_bytes_not_its_name(tmp_path):
    path = tmp_path / "unpacked-by-the-browser.gz"
    path.write_bytes(b"plain")
    assert read_file_bytes(path) == b"plain"


def test_fault_35_missing_file_and_folder(tmp_path):
    missing = tmp_path / "missing.csv"
    with pytest.raises(DataError) as error:
        read_file_bytes(missing)
    assert str(error.value) == f"{missing}: no such file"
    with pytest.raises(DataError) as error:
        read_file_bytes(tmp_path)
    assert str(error.value) == f"{tmp_path}: is a folder, expected a file"


def test_a_file_used_as_a_folder_is_one_line(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"")
    with pytest.raises(DataError, match=r"file/inner: cannot be read: Not a directory$"):
        read_file_bytes(path / "inner")


def test_fault_46_truncated_gzip_at_every_byte(tmp_path):
    whole = gzip.compress(b"a,b\n1,2\n" * 20, mtime=0)
    path = tmp_path / "cut.gz"
    for length in range(2, len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(DataError, match=r"cut\.gz: truncated, the gzip data end too early$"):
            read_file_bytes(path)


def test_fault_46_flipped_bytes_of_gzip_are_found(tmp_path):
    data = b"".join(b"%d\n" % (number * number) for number in range(100))
    whole = gzip.compress(data, mtime=0)
    path = tmp_path / "flipped.gz"
    for position in range(10, len(whole)):  # Behind the header, which holds name and time.
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 0xFF]) + whole[position + 1 :])
        with pytest.raises(DataError, match=r"flipped\.gz: (damaged|truncated)"):
            read_file_bytes(path)


def test_fault_46_gzip_bomb_is_refused_at_the_cap(tmp_path, monkeypatch):
    monkeypatch.setenv("BARENET_MEMORY", "64MiB")
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(bytes(4_000_000)))
    assert path.stat().st_size < 10_000
    with pytest.raises(DataError, match=r"bomb\.gz: more than 671.1 kB of data would take"):
        read_file_bytes(path, memory_per_byte=100)
    assert len(read_file_bytes(path)) == 4_000_000


def test_reading_allocates_what_is_there_not_what_is_asked_for(tmp_path):
    path = tmp_path / "three"
    path.write_bytes(b"abc")
    with path.open("rb") as stream:
        assert read_exactly(stream, 2**62) == b"abc"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(DataError, match=r"pipe\.csv: is no regular file$"):
        read_file_bytes(tmp_path / "pipe.csv")


def test_fault_46_what_unpacks_to_more_than_its_memory_budget(tmp_path, monkeypatch):
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(bytes(1_000_000)))
    monkeypatch.setenv("BARENET_MEMORY", "100kB")
    with pytest.raises(DataError, match=r"bomb\.gz: more than 100 kB of data would take about"):
        read_file_bytes(path)
    monkeypatch.setenv("BARENET_MEMORY", "1MB")
    assert len(read_file_bytes(path)) == 1_000_000


def test_reading_holds_the_data_once(tmp_path):
    path = tmp_path / "large"
    path.write_bytes(bytes(2**24))
    tracemalloc.start()
    try:
        assert len(read_file_bytes(path)) == 2**24
        assert tracemalloc.get_traced_memory()[1] < 1.5 * 2**24
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_what_packed_a_file_is_told_by_its_bytes(tmp_path, pack):
    path, data = tmp_path / "data.bin", bytes(range(256)) * 20
    path.write_bytes(pack(data))
    assert read_file_bytes(path) == data
    for length in range(7, len(pack(data)), 5):
        path.write_bytes(pack(data)[:length])
        with pytest.raises(DataError, match=r"data\.bin: truncated, the \w+ data end too early$"):
            read_file_bytes(path)


def test_zstd_is_unpacked_by_arrow(tmp_path):
    import pyarrow

    path, data = tmp_path / "data.bin", bytes(range(256)) * 20
    packed = pyarrow.Codec("zstd").compress(data).to_pybytes()
    path.write_bytes(packed)
    assert read_file_bytes(path) == data
    path.write_bytes(packed[:-2])
    with pytest.raises(DataError, match=r"data\.bin: (truncated|damaged)"):
        read_file_bytes(path)


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("T.CSV", "t.csv"),
        ("folder.gz/t.csv.gz", "t.csv"),
        ("t.csv.bz2", "t.csv"),
        ("t.tsv.XZ", "t.tsv"),
        ("t.txt.zst", "t.txt"),
        ("t.gz.csv", "t.gz.csv"),
        ("t.csv.gz.gz", "t.csv.gz"),
    ],
)
def test_names_without_what_packed_the_file(name, plain):
    assert plain_name(name) == plain


def test_promise_17_a_few_kilobytes_unpack_to_a_few_megabytes(tmp_path, monkeypatch):
    monkeypatch.setenv("BARENET_MEMORY", "64MiB")
    path = tmp_path / "bomb.bz2"
    path.write_bytes(bz2.compress(bytes(2**25)))
    assert path.stat().st_size < 1000
    with pytest.raises(DataError, match=r"bomb\.bz2: more than 16\.\d MB of data would take"):
        read_file_bytes(path, memory_per_byte=4)

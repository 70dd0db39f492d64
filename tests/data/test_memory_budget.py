"""The memory that reading a file may take."""

from pathlib import Path

import pytest

from barenet.data import _file_io as file_io
from barenet.data._file_io import check_columns, check_memory, memory_limit
from barenet.errors import ArgumentError, DataError


@pytest.mark.parametrize(
    ("memory", "file_size", "limit"),
    [
        (24 * 10**9, 0, 2**30),
        (24 * 10**9, 10**6, 2**30 + 10**9),
        (24 * 10**9, 10**9, 12 * 10**9),  # half of the machine's
        (10**9, 0, 25 * 10**7),  # a quarter
        (10**9, 10**6, 5 * 10**8),
    ],
)
def test_the_limit_grows_with_the_file_and_with_the_memory(monkeypatch, memory, file_size, limit):
    monkeypatch.setattr(file_io, "machine_memory", lambda: memory)
    assert memory_limit(file_size) == limit


@pytest.mark.parametrize(
    ("text", "limit"),
    [("8GB", 8e9), ("1.5 gb", 1.5e9), ("500MB", 5e8), ("4GiB", 2**32), ("100", 100), ("2k", 2000)],
)
def test_the_environment_replaces_the_limit(monkeypatch, text, limit):
    monkeypatch.setenv("BARENET_MEMORY", text)
    assert memory_limit(10) == limit


@pytest.mark.parametrize("text", ["much", "-1", "8 apples", "GB"])
def test_an_invalid_limit_is_refused(monkeypatch, text):
    monkeypatch.setenv("BARENET_MEMORY", text)
    with pytest.raises(ArgumentError) as caught:
        memory_limit(10)
    assert (caught.value.argument, caught.value.value) == ("BARENET_MEMORY", text)


def test_an_error_names_both_sizes_and_the_remedy(monkeypatch, write):
    monkeypatch.setenv("BARENET_MEMORY", "1GB")
    path = write(bytes(28_000))
    check_memory(path, 10**9, "1,000,000 rows")
    with pytest.raises(DataError, match=r"such as 40GB$") as caught:
        check_memory(path, 20 * 10**9, "1,000,000 rows")
    assert caught.value.problem == (
        "1,000,000 rows would take about 20 GB of memory, more than the 1 GB allowed for "
        "this file of 28 kB"
    )


def test_the_number_of_columns_is_limited():
    check_columns(Path("t.csv"), 50_000)
    with pytest.raises(DataError, match=r"^t\.csv: 50,001 columns; a table may have 50,000 at"):
        check_columns(Path("t.csv"), 50_001)

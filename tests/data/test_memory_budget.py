"""The memory that reading a file may take."""

from pathlib import Path

import pytest

from barenet.data import _memory_budget as memory_budget
from barenet.data._memory_budget import MemoryBudget, check_columns
from barenet.errors import DataError

FILE = Path("t.csv")


def test_the_limit_grows_with_the_file_and_ends_at_half_of_the_machine(monkeypatch):
    monkeypatch.setattr(memory_budget, "machine_memory", lambda: 24 * 10**9)
    assert MemoryBudget(FILE, 0).limit == 2**30
    assert MemoryBudget(FILE, 10**6).limit == 2**30 + 10**9
    assert MemoryBudget(FILE, 10**9).limit == 12 * 10**9


def test_on_a_small_machine_a_small_file_may_take_a_quarter_of_the_memory(monkeypatch):
    monkeypatch.setattr(memory_budget, "machine_memory", lambda: 10**9)
    assert MemoryBudget(FILE, 0).limit == 25 * 10**7
    assert MemoryBudget(FILE, 10**6).limit == 5 * 10**8


@pytest.mark.parametrize(
    ("text", "limit"),
    [("8GB", 8e9), ("1.5 gb", 1.5e9), ("500MB", 5e8), ("4GiB", 2**32), ("100", 100), ("2k", 2000)],
)
def test_the_environment_replaces_the_limit(monkeypatch, text, limit):
    monkeypatch.setenv("BARENET_MEMORY", text)
    assert MemoryBudget(FILE, 10).limit == limit


@pytest.mark.parametrize("text", ["much", "-1", "8 apples", "GB"])
def test_a_limit_that_is_none_is_refused(monkeypatch, text):
    monkeypatch.setenv("BARENET_MEMORY", text)
    with pytest.raises(ValueError, match=r"^BARENET_MEMORY: expected a size such as 8GB"):
        MemoryBudget(FILE, 10).check(1, "it")


def test_an_error_names_both_sizes_and_the_remedy(monkeypatch):
    monkeypatch.setenv("BARENET_MEMORY", "1GB")
    MemoryBudget(FILE, 28_000).check(10**9, "1,000,000 rows")
    with pytest.raises(DataError) as error:
        MemoryBudget(FILE, 28_000).check(20 * 10**9, "1,000,000 rows")
    assert str(error.value) == (
        "t.csv: 1,000,000 rows would take about 20 GB of memory, more than the 1 GB allowed for "
        "this file of 28 kB; if you trust it, set the environment variable BARENET_MEMORY to a "
        "larger size, such as 40GB"
    )


def test_more_columns_than_a_table_may_have():
    check_columns(FILE, 50_000)
    with pytest.raises(DataError, match=r"^t\.csv: 50,001 columns; a table may have 50,000 at"):
        check_columns(FILE, 50_001)

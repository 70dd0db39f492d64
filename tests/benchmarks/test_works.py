"""The works: operations counted by hand, and rows that fit the networks."""

import pytest
from benchmarks.rows import make_rows
from benchmarks.works import WORKS

BY_NAME = {work.name: work for work in WORKS}


@pytest.mark.parametrize(
    ("name", "operations"),
    [
        # Forward and each weight's gradient for 784·16, and the error carried down through 16·10.
        ("mnist-16", 46_900 * (2 + 2) * 784 * 16 + 46_900 * (2 + 2 + 2) * 16 * 10),
        ("mnist-256", 46_900 * (4 * 200_704 + 6 * 34_048)),
        ("sine", 500 * (4 * 10 + 6 * 100 + 6 * 10)),
        ("one-row", 2 * (64 * 32 + 32 * 10)),
    ],
)
def test_operations_are_counted_by_matrix_products(name, operations):
    assert BY_NAME[name].operations == operations


@pytest.mark.parametrize("data", [None, "nothing here"])
def test_random_rows_are_stated_without_mnist(data, monkeypatch, tmp_path):
    monkeypatch.delenv("BARENET_DATA", raising=False)
    if data:
        monkeypatch.setenv("BARENET_DATA", str(tmp_path))
    assert make_rows(BY_NAME["mnist-16"]).origin == "random numbers"

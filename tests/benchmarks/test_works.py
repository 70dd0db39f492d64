"""What every peer is asked: the operations counted by hand, and rows that fit the networks."""

import numpy as np
import pytest
from benchmarks.rows import Rows, make_rows
from benchmarks.scaling import SWEEPS
from benchmarks.works import BASE, WORKS

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


@pytest.mark.parametrize("work", WORKS, ids=lambda work: work.name)
def test_rows_fit_their_benchmark(work, monkeypatch, tmp_path):
    monkeypatch.delenv("BARENET_DATA", raising=False)
    rows = make_rows(work)
    assert rows.X.shape == (work.n_rows, work.sizes[0])
    assert rows.X.dtype == np.float32
    assert rows.y.shape == (work.n_rows,)
    if work.classifies:
        assert set(np.unique(rows.y)) <= set(range(work.sizes[-1]))
    again = Rows.load(rows.save(tmp_path / "rows.npz"))
    np.testing.assert_array_equal(again.X, rows.X)
    np.testing.assert_array_equal(again.y_test, rows.y_test)


@pytest.mark.parametrize("data", [None, "nothing here"])
def test_random_rows_are_stated_without_mnist(data, monkeypatch, tmp_path):
    monkeypatch.delenv("BARENET_DATA", raising=False)
    if data:
        monkeypatch.setenv("BARENET_DATA", str(tmp_path))
    assert make_rows(BY_NAME["mnist-16"]).origin == "made-up numbers"


def test_a_sweep_changes_one_parameter():
    for sweep, (make, values, few) in SWEEPS.items():
        assert set(few) <= set(values), sweep
        works = [make(value) for value in values]
        assert BASE in works, "every panel of the picture goes through the same point"
        assert len(set(works)) == len(values)

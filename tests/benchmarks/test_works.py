"""The works: operations counted by hand, and rows that fit the networks."""

import numpy as np
import pytest
from benchmarks.estimators import CALLS
from benchmarks.populations import POPULATIONS
from benchmarks.rows import Rows, make_rows
from benchmarks.speed_map import PANELS, step
from benchmarks.works import TASKS, WORKS, Work

BY_NAME = {work.name: work for work in WORKS}
FEW = [CALLS[0], CALLS[-1].but(n_rows=100), *(work for work, _ in POPULATIONS)]


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


@pytest.mark.integration
@pytest.mark.parametrize("work", [*WORKS, *FEW], ids=lambda work: work.name)
def test_rows_fit_their_work(work, monkeypatch, tmp_path):
    monkeypatch.delenv("BARENET_DATA", raising=False)
    rows = make_rows(work)
    assert rows.X.shape == (work.n_rows, work.sizes[0])
    assert rows.X.dtype == np.float32
    assert rows.y.shape == (work.n_rows,)
    if work.classifies:
        assert set(np.unique(rows.y)) <= set(range(work.sizes[-1]))
    if work.data == "text":
        assert 70 < rows.X.nnz / work.n_rows <= 80
    else:
        again = Rows.load(rows.save(tmp_path / "rows.npz"))
        np.testing.assert_array_equal(again.X, rows.X)
        np.testing.assert_array_equal(again.y_test, rows.y_test)


@pytest.mark.parametrize("data", [None, "nothing here"])
def test_random_rows_are_stated_without_mnist(data, monkeypatch, tmp_path):
    monkeypatch.delenv("BARENET_DATA", raising=False)
    if data:
        monkeypatch.setenv("BARENET_DATA", str(tmp_path))
    assert make_rows(BY_NAME["mnist-16"]).origin == "random numbers"


def test_every_cell_of_the_map_is_a_work_of_its_own():
    for panel in PANELS.values():
        works = [panel.work(row, column) for row in panel.rows for column in panel.columns]
        assert len(set(works)) == len({work.name for work in works}) == len(works)
        assert set(panel.few[0]) <= set(panel.columns)
        assert set(panel.few[1]) <= set(panel.rows)
        for work in works:
            assert work.task in TASKS
            assert Work.from_dict(work.to_dict()) == work


def test_an_epoch_of_the_map_has_whole_batches_and_fewer_steps_where_they_take_longer():
    steps = [step("adam", 256, width).n_rows / 256 for width in (16, 256, 1_024, 4_096)]
    assert steps == sorted(map(int, steps), reverse=True)
    assert steps[-1] >= 2

from __future__ import annotations

import numpy as np
import pytest

from barenet.insight.explain import figures


@pytest.mark.parametrize(
    ("value", "precision", "word"),
    [
        (1 / 3, 3, "0.333"),
        (100.0, 6, "100"),
        (-0.0, 6, "0"),
        (1e-12, 2, "1e-12"),
        (1e6, 3, "1e+06"),
    ],
)
def test_a_number_has_the_digits_that_are_asked_for(value, precision, word):
    assert figures.digits(value, precision) == word


def test_a_number_of_float32_is_not_more_exact_than_it_is():
    assert figures.digits(np.float32(0.1), 6) == "0.1"


def test_the_points_of_a_column_are_in_one_line():
    words = figures.matrix(np.array([[1.25, 1e-9], [-10.0, 3.5]]), 6)
    assert words == [["  1.25", "1e-09"], ["-10   ", "3.5  "]]
    assert figures.matrix(np.array(2.5), 6) == [["2.5"]]


def test_blocks_hold_all_columns_once():
    value = np.arange(100.0).reshape(2, 50)
    found = figures.blocks(value, 6, 30)
    assert np.array_equal(np.hstack([value[:, each] for each in found]), value)
    for each in found:
        assert figures.breadth(value[:, each], 6) <= 30
    assert figures.blocks(value, 6, 1)[0] == slice(0, 1)  # one at least
    assert len(figures.blocks(np.array(1.0), 6, 30)) == 1


def test_a_summary_has_the_statistics_of_numpy_and_what_has_room():
    value = np.array([[0.0, 1.0], [2.0, -3.0]], np.float32)
    statistics = f"mean 0, std {value.std():.3g}, zeros 25%"
    assert figures.statistics(value, 3, 70) == f"{statistics}; largest -3 at [1, 1], 2 at [1, 0]"
    assert figures.statistics(value, 3, 1) == f"{statistics}; largest -3 at [1, 1]"
    assert figures.statistics(value * 0 + 2, 3, 1) == "all 2"


def test_the_largest_are_the_furthest_from_zero():
    found = list(figures.largest(np.array([[1.0, -9.0, 2.0], [0.0, 3.0, 8.0]])))
    assert [(each.place, each.value) for each in found] == [
        ((0, 1), -9.0),
        ((1, 2), 8.0),
        ((1, 1), 3.0),
        ((0, 2), 2.0),
        ((0, 0), 1.0),
    ]
    assert found[0].difference is None


def test_shapes_are_written_as_python_writes_them():
    assert [figures.shape(sizes) for sizes in [(np.int64(2), 3), (3,), ()]] == [
        "(2, 3)",
        "(3,)",
        "",
    ]

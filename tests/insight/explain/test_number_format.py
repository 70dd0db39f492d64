from __future__ import annotations

import numpy as np
import pytest

from barenet.insight.explain._number_format import Numbers, digits, largest_entries, shape_text


@pytest.mark.parametrize(
    ("value", "precision", "word"),
    [
        (1 / 3, 3, "0.333"),
        (100.0, 6, "100"),
        (-0.0, 6, "0"),
        (1e-12, 2, "1e-12"),
        (1e6, 3, "1e+06"),
        (np.float32(0.1), 6, "0.1"),
    ],
)
def test_digits(value, precision, word):
    assert digits(value, precision) == word


def test_decimal_points_are_aligned():
    words = Numbers(np.array([[1.25, 1e-9], [-10.0, 3.5]]), 6).cells()
    assert words == [["  1.25", "1e-09"], ["-10   ", "3.5  "]]
    assert Numbers(np.array(2.5), 6).cells() == [["2.5"]]


def test_blocks_have_every_column_once():
    value = np.arange(100.0).reshape(2, 50)
    parts = [part for _, part in Numbers(value, 6).split(30)]
    assert np.array_equal(np.hstack([part.value for part in parts]), value)
    assert all(part.width <= 30 for part in parts)
    assert next(Numbers(value, 6).split(1))[0] == "columns 0 to 0"  # at least one
    assert len(list(Numbers(np.array(1.0), 6).split(30))) == 1


def test_statistics_are_those_of_numpy_with_as_many_entries_as_fit():
    value = np.array([[0.0, 1.0], [2.0, -3.0]], np.float32)
    statistics = f"mean 0, std {value.std():.3g}, zeros 25%; largest -3 at [1, 1]"
    assert Numbers(value, 3).statistics(70) == f"{statistics}, 2 at [1, 0]"
    assert Numbers(value, 3).statistics(1) == statistics
    assert Numbers(value * 0 + 2, 3).statistics(1) == "all 2"


def test_the_largest_entries_are_the_furthest_from_zero():
    places = largest_entries(np.array([[1.0, -9.0, 2.0], [0.0, 3.0, 8.0]]))
    assert places == [(0, 1), (1, 2), (1, 1), (0, 2), (0, 0)]


def test_shapes_are_written_as_in_python():
    assert list(map(shape_text, [(np.int64(2), 3), (3,), ()])) == ["(2, 3)", "(3,)", ""]

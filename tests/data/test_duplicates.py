"""Repetition: rows are the same when everything in them is, whatever it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from barenet.data._dataset import Dataset
from barenet.data._duplicates import count_duplicates
from barenet.data._to_frame import as_frame

TABLE = {
    "x": [1.5, None, 0.0, 2.0, 1.5],
    "town": ["Rome", "Oslo", None, "Rome", "Rome"],
    "day": np.array(["2026-01-01", "NaT", "2026-01-01", "NaT", "2026-01-01"], "M8[us]"),
    "sure": [True, False, True, False, True],
}
ROWS = Dataset(
    name="t",
    X=as_frame(TABLE),
    y=np.array([0, 1, 0, 1, 0]),
    classes=("no", "yes"),
    feature_names=tuple(TABLE),
    target_name="y",
    description="",
)


def rows(*index: int) -> Dataset:
    return ROWS.take(np.array(index))


def test_a_row_is_repeated_when_all_of_it_is():
    assert count_duplicates(rows(4), rows(0, 1)) == 1
    assert count_duplicates(rows(0, 1, 2, 3, 4), ROWS) == 5  # holes are equal to each other
    assert count_duplicates(rows(1, 3, 4), rows(0, 2)) == 1
    assert count_duplicates(replace(rows(4), y=np.array([1])), rows(0)) == 0


def test_one_other_value_in_any_column_makes_another_row():
    others = {"x": [7.0], "town": ["Bonn"], "day": [None], "sure": [False]}
    for name, values in others.items():
        changed = as_frame({key: column[:1] for key, column in TABLE.items()} | {name: values})
        assert count_duplicates(replace(rows(0), X=changed), rows(0)) == 0


def test_numbers_are_equal_as_numbers():
    X = np.array([[0.0, 1.0], [-0.0, 1.0], [0.0, 2.0]])
    data = replace(ROWS, X=X, y=np.array([0.5, 0.5, 0.5]), classes=None)
    assert count_duplicates(data.take(np.array([1, 2])), data.take(np.array([0]))) == 1

"""Frames: columns by name, rows by number, and a place for every value that is wrong."""

import numpy as np
import pandas as pd
import pytest

from barenet.data._csv_table import read_table
from barenet.data._frame import TEXT, Frame


@pytest.fixture
def frame():
    return Frame(
        {
            "x": np.array([1.0, np.nan, 3.0]),
            "town": np.array(["Rome", "", "Oslo"], TEXT),
            "day": np.array(["2026-01-01", "NaT", "2026-01-03"], "M8[us]"),
            "is": np.array([True, False, True]),
        }
    )


def test_columns_by_name_and_rows_by_number(frame):
    assert (len(frame), frame.shape, [*frame.columns]) == (3, (3, 4), ["x", "town", "day", "is"])
    assert frame["town"].tolist() == ["Rome", "", "Oslo"]
    assert [*frame[["is", "x"]].columns] == [*frame.select(["is", "x"]).columns] == ["is", "x"]
    for rows in ([2, 0], np.array([2, 0]), slice(None, None, -2), np.array([2, 0])):
        assert frame[rows]["town"].tolist() == frame.take(rows)["town"].tolist() == ["Oslo", "Rome"]
    assert frame[np.array([True, False, True])]["is"].tolist() == [True, True]
    assert frame[[0], ...]["x"].tolist() == [1]
    pd.testing.assert_series_equal(
        pd.DataFrame(frame.columns)["x"], pd.Series([1, np.nan, 3], name="x")
    )


def test_what_is_not_there_or_no_matrix(frame):
    with pytest.raises(ValueError, match=r"^X: no column y, z; its columns are x, town, day, is$"):
        frame.select(["x", "y", "z"])
    with pytest.raises(TypeError, match="a TablePreprocessor encodes them"):
        np.asarray(frame)
    for columns in ({}, {"a": np.zeros(2), "b": np.zeros(3)}):
        with pytest.raises(ValueError, match=r"^columns: expected columns of one length"):
            Frame(columns)


def test_an_error_names_the_row_in_its_file(frame, write):
    error = frame[1:].fault(1, "town", "a number")
    assert str(error) == "X: row 2: column 'town': expected a number, got 'Oslo'"
    assert str(frame.fault(1, "x", "a number", "fill it")).endswith("got nothing; fill it")
    rows = read_table(write('x,town\n1," Rome"\n\n2,"a\nb"\nNA,Oslo\n')).frame(["town", "x"])
    error = rows.take([2, 1, 0]).take(np.array([False, True, True])).fault(0, "town", "a number")
    assert (error.line, error.value) == (4, "a\nb")
    for last in (rows.take(slice(2, 3)), rows.take([2, 0])[:1], rows.take([1, 0, 2])[[2]]):
        error = last.fault(0, "x", "a number")
        assert (error.line, error.value) == (6, "NA")

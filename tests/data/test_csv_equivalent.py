"""Frames as a CSV file would hold them: what pandas writes and the reader reads is the oracle."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from barenet.data.csv_table import read_table
from barenet.data.fingerprint import csv_equivalent
from barenet.data.to_frame import as_frame

COLUMNS = {
    "truth": [True, False, True],
    "nullable truth": pd.array([True, None, False], "boolean"),
    "truth among nothing": pd.Series([None, True, False], dtype=object),
    "days": pd.to_datetime(["2026-03-01", None, "1999-12-31"]),
    "times": pd.to_datetime(["2026-03-01 00:00:00", "2026-03-01 12:30:05", None]),
    "microseconds": pd.to_datetime(
        ["2026-03-01 00:00:00.250001", "2026-03-01", None], format="mixed"
    ),
    "spaces": [" Rome", "Oslo ", "Rome"],
    "numbers as text": ["1", " 2.50", "NA"],
    "codes": ["007", "12", "1"],
    "beyond float64": ["1e999", "1", "2"],
    "nothing": ["", " ", ""],
    "numbers": [0.1, None, -3e200],
    "whole numbers": pd.array([1, None, 3], "Int64"),
}


@pytest.mark.parametrize("kind", COLUMNS)
def test_a_column_is_what_a_file_of_it_holds(tmp_path, kind):
    rows = pd.DataFrame({"x": COLUMNS[kind], "row": [1, 2, 3]})
    rows.to_csv(tmp_path / "rows.csv", index=False)
    expected = read_table(tmp_path / "rows.csv").frame(["x"])["x"]
    written = csv_equivalent(as_frame(rows))["x"]
    assert written.dtype == expected.dtype
    np.testing.assert_array_equal(written, expected)
    again = csv_equivalent(as_frame({"x": expected}))["x"]
    np.testing.assert_array_equal(again, expected)

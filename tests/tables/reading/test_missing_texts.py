"""Texts that stand for a missing value beside numbers, dates, times and booleans."""

import numpy as np
import pandas as pd
import pytest

from barenet import TableEncoding
from barenet.tables.reading._missing_texts import is_absent

N = 200
RNG = np.random.default_rng(156)
NUMBERS = [f"{value:.4f}" for value in RNG.normal(size=N)]
DAYS = pd.date_range("2020-01-01", periods=N).strftime("%Y-%m-%d").tolist()
TIMES = [f"{row % 24:02}:{row % 60:02}" for row in range(N)]
TRUTHS = ["yes" if row % 3 else "no" for row in range(N)]

#: Markers of pandas' own list, of R, SAS, Stata, MySQL, spreadsheets, and of printed tables.
MARKERS = [
    "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>",
    "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null", "Null", "none", "NONE", "N.A.",
    "n.a.", ".", ".A", "..", "...", ":", r"\N", "(null)", "—", "–", "-", "inf", "-inf", "Inf",
    "Infinity", "-Infinity", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!", "#WERT!",
    "#NV", "#BEZUG!", "#VALEUR!", "#¡DIV/0!", "NaT",
]  # fmt: skip


def with_marker(values, marker):
    """The values with one marker in 15 % of the rows, which begin with the second."""
    return [marker if row % 20 in (1, 8, 15) else value for row, value in enumerate(values)]


def encoded(values):
    """The numbers of column c beside another column."""
    table = {"c": values, "x": np.arange(len(values)) % 7}
    return TableEncoding.fit(table).transform(table)


@pytest.mark.case(156)
def test_markers_are_those_that_pandas_knows():
    from pandas._libs.parsers import STR_NA_VALUES

    assert all(map(is_absent, STR_NA_VALUES))
    assert all(map(is_absent, MARKERS))


@pytest.mark.case(156)
@pytest.mark.parametrize("marker", [".", "#DIV/0!", "—"])
@pytest.mark.parametrize("values", [NUMBERS, DAYS, TIMES, TRUTHS])
def test_markers_among_numbers_dates_times_and_booleans_are_missing(values, marker):
    expected = encoded(with_marker(values, ""))
    np.testing.assert_array_equal(encoded(with_marker(values, marker)), expected)
    # New rows may have a marker that the training did not have.
    encoding = TableEncoding.fit({"c": values})
    again = encoding.transform({"c": [values[0], marker]})
    np.testing.assert_array_equal(again, encoding.transform({"c": [values[0], ""]}))


@pytest.mark.parametrize("marker", [".", "#DIV/0!"])
def test_a_marker_among_names_is_a_name(marker):
    names = [["Rome", "Oslo", marker][row % 3] for row in range(30)]
    column = TableEncoding.fit({"c": names}).columns[0]
    assert set(column.categories) == {"Rome", "Oslo", marker} and not column.missing

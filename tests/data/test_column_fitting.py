"""The kind of a column and the fit of its encoding: written rules, each with its edge."""

from datetime import datetime

import numpy as np
import pytest

from barenet import TableEncoding
from barenet.data._column_fitting import SCALES, kind_of
from barenet.data._parsing import MISSING
from barenet.data._to_frame import as_frame
from barenet.errors import DataError

#: The remedies for dates.
NAMES = {"drop": ["c"], "categories": ["c"]}


def kind(values):
    return kind_of(as_frame({"c": values}), "c", MISSING)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1.5, 2, None], "number"),
        ([0, 1, 1], "number"),
        (["1", "-2.5e3", "?"], "number"),
        (["NA", "", "-"], "number"),
        (["01067", "10115"], "category"),
        (["1234567890123456", "2"], "category"),
        (["Rome", "Oslo", None], "category"),
        (["yes", "no", "?"], "boolean"),
        (["Y", "n"], "boolean"),
        (["TRUE", "false"], "boolean"),
        ([True, False], "boolean"),
        ([True, None, False], "boolean"),
        (["yes", "yes"], "category"),
        (["yes", "n"], "category"),
        (["yes", "no", "maybe"], "category"),
        (["2026-01-01", "2026/01/02", ""], "date"),
        (["2026-01-01", "2026-01-02T12:00Z"], "date"),
        (["2026-01", "2026-02"], "category"),
        (["A1", "2", "3"], "category"),
        (["2026-01-01", "2"], "category"),
        # resembling a date or a number of a country
        *(([*each], "category") for each in (["192.168.100.101"], ["1.2.3"], ["1,5,2", "a", "b"])),
        (["1.2.2024", "x", "y"], "category"),
        # the type of a frame's column decides
        ([datetime(2026, 1, 1), None], "date"),
        (np.array(["2026-01-01", "NaT"], "M8[D]"), "date"),
        (np.array(["2026-01-01"] * 20, "M8[us]"), "date"),
    ],
)
def test_the_rules(values, expected):
    assert kind(values) == expected


@pytest.mark.parametrize("n_words", [1, 2])
def test_fault_40_nine_tenths_decide(n_words):
    """The shares are of rows with a value, not of different values."""
    numbers = [*["1"] * 9 * n_words, *["NA"] * 50]
    words = [f"w{number}" for number in range(n_words)]
    message = r"^X: row 0: column 'c': expected a number, as in 90 % of the rows, got 'w0'; if it"
    with pytest.raises(DataError, match=message):
        kind([*words, *numbers])
    assert kind([*words, *numbers[1:]]) == "category"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["2026-02-30", *(f"2026-01-{day:02}" for day in range(1, 20))], "a date, as in 95 % of"),
        (["old", *map(str, range(2_000))], "a number, as in 99.9 % of"),  # never 100 %
    ],
)
def test_fault_40_a_share_is_never_said_to_be_all(values, expected):
    with pytest.raises(DataError) as caught:
        kind(values)
    assert (caught.value.expected, caught.value.value) == (f"{expected} the rows", values[0])


@pytest.mark.parametrize(
    ("values", "row", "expected", "options"),
    [
        (["1", "2,5", "3,75", "NA"], 1, "a number", {"decimal": ","}),
        (["31.12.2024", "1.5.2025", "NA"], 0, "a date such as 2024-12-31", NAMES),
        (["31/12/2024 12:30", "01/02/2025"], 0, "a date such as 2024-12-31", NAMES),
        (["1.234,5", "17", "2,5"], 0, "a number", {"decimal": ","}),
        (["1.234.567"], 0, "a number", {"decimal": ","}),
        (["17", "1,234.5", "1"], 1, "a number", {}),
        (["1,234,567"], 0, "a number", {}),
    ],
)
def test_fault_40_the_formats_of_a_country_are_refused(values, row, expected, options):
    with pytest.raises(DataError) as caught:
        kind(values)
    error = caught.value
    assert (error.expected, error.value, error.options) == (expected, values[row], options)
    assert error.problem.startswith(f"row {row}: column 'c': ")


def fit(values, **options):
    """Fit column c beside another one, so that it may be dropped."""
    return TableEncoding.fit({"c": values, "x": np.arange(len(values))}, **options).columns[0]


@pytest.mark.parametrize("scale", SCALES)
def test_numbers_that_are_0_or_1_are_not_scaled(scale):
    column = fit([0, 1, 1, None], numbers=scale)
    assert (column.fill, column.center, column.scale, column.indicator) == (1, 0, 1, True)


@pytest.mark.parametrize("scale", SCALES)
def test_one_number_and_missing_values_differ_in_the_indicator_alone(scale):
    encoded = fit([5, None, 5], numbers=scale).encode(np.array([5, np.nan]))
    assert encoded[0, 0] == encoded[1, 0] and encoded[:, 1].tolist() == [0, 1]


@pytest.mark.parametrize(
    ("scale", "most"), [("standardize", 1e308), ("minmax", 1.5e308), ("robust", 1e308)]
)
def test_fault_11_numbers_whose_spread_is_beyond_float64(scale, most):
    with pytest.raises(DataError, match=rf"^column 'c': {scale} is beyond float64 for its numbers"):
        fit([-most, most] * 2, numbers=scale)


@pytest.mark.parametrize(
    ("values", "fill"),
    [([True, True, False], True), ([True, False], False), (["yes", "no", ""], False)],
)
def test_a_missing_truth_value_becomes_the_more_frequent_one(values, fill):
    assert fit(values).fill is fill


@pytest.mark.parametrize(
    ("days", "cycles"),
    [
        (["2026-01-05", "2027-01-05"], ()),
        (["2026-01-05", "2026-02-05"], ("year",)),
        (["2026-01-05", "2026-01-06"], ("week",)),
        (["2026-01-05T01", "2026-01-05T02"], ("day",)),
        (["2026-01-05T01", "2026-02-06T02"], ("year", "week", "day")),
    ],
)
def test_dates_have_the_cycles_in_which_they_differ(days, cycles):
    assert fit(np.array(days, "M8[us]")).cycles == cycles


def test_a_missing_date_becomes_the_median():
    assert fit(np.array(["2026-01-01", "2026-01-03", "NaT"], "M8[us]")).fill == 1767312000


@pytest.mark.parametrize(
    ("n_rows", "n_different", "categories", "kind"),
    [
        (19, 19, [], "category"),
        (20, 20, [], "dropped"),
        (20, 19, [], "dropped"),
        (20, 18, [], "category"),
        (20, 20, ["c"], "category"),
    ],
)
def test_text_that_identifies_the_rows_is_dropped(n_rows, n_different, categories, kind):
    names = [f"n{min(row, n_different - 1)}" for row in range(n_rows)]
    assert fit(names, categories=categories).kind == kind


def test_categories_that_are_all_rare_are_dropped_unless_some_are_missing():
    assert fit([*"aabbccdd"], rare=3).reason == "each of its 4 values is rare"
    assert fit([*"aabbccdd", None], rare=3).outputs == ("c rare", "c missing")

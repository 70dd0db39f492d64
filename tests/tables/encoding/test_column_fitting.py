"""The kind of a column and the fit of its encoding: every rule, at its limit."""

import json
from datetime import datetime

import numpy as np
import pandas as pd
import pytest
from barenet.tables.reading._kind_inference import kind_of

from barenet import TableEncoding, load_table
from barenet.errors import DataError
from barenet.tables.encoding._column_fitting import SCALINGS
from barenet.tables.files._csv_table import read_table
from barenet.tables.frames._to_frame import as_frame
from barenet.tables.reading._missing_texts import MISSING

#: The remedies for dates.
NAMES = {"drop": ["c"], "categories": ["c"]}


def kind(values):
    """The kind of a column, for dates the order of their parts."""
    return kind_of(as_frame({"c": values}), "c", MISSING)


VALUES_BY_KIND = {
    "number": ([1.5, 2, None], [0, 1, 1], ["1", "-2.5e3", "?"], ["NA", "", "-"]),
    "boolean": (
        *(
            ["yes", "no", "?"],
            ["Y", "n"],
            ["Yes", "no", "Y", "NO"],
            ["t", "True", "false"],
            ["TRUE", "false"],
            [True, False],
            [True, None, False],
        ),
    ),
    "category": (
        *(["01067", "10115"], ["1234567890123456", "2"], ["Rome", "Oslo", None], ["A1", "2", "3"]),
        *(["yes", "yes"], ["yes", "n"], ["yes", "no", "maybe"], ["yes", "no", "f"]),
        *(["2026-1", "2026-2"], ["2026-01-01", "2"]),
        # resembling a date or a number of a country
        *(["192.168.100.101"], ["1.2.3"], ["1,5,2", "a", "b"], ["1.2.2024", "x", "y"]),
        # versions, sections and times, which are no dates
        *(["1.2.10", "1.2.11", "1.3.12", "2.0.15"], ["1.1.10", "1.1.20", "1.2.30"]),
        *(["12.30.45", "11.15.20"], ["0-1-2024", "1-0-2024"]),
    ),
    "ymd": (
        *(["2026-01-01", "2026/01/02", ""], ["2026-01-01", "2026-01-02T12:00Z"]),
        # the type of a frame's column decides
        [datetime(2026, 1, 1), None],
        *(np.array(["2026-01-01", "NaT"], "M8[D]"), np.array(["2026-01-01"] * 20, "M8[us]")),
    ),
}


@pytest.mark.parametrize("expected", VALUES_BY_KIND)
def test_the_kind_of_a_column_follows_the_rules(expected):
    for values in VALUES_BY_KIND[expected]:
        assert kind(values) == expected, values


@pytest.mark.case(40)
@pytest.mark.parametrize("n_words", [1, 2])
def test_nine_tenths_of_the_values_decide_the_kind(n_words):
    """The fractions are of rows with a value, not of different values."""
    numbers = [*["1"] * 9 * n_words, *["NA"] * 50]
    words = [f"w{number}" for number in range(n_words)]
    message = r"^X: row 0: column 'c': expected a number, as in 90 % of the rows, got 'w0'; if it"
    with pytest.raises(DataError, match=message):
        kind([*words, *numbers])
    assert kind([*words, *numbers[1:]]) == "category"


@pytest.mark.case(40)
@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["2026-02-30", *(f"2026-01-{day:02}" for day in range(1, 20))], "a date, as in 95 % of"),
        (["old", *map(str, range(2_000))], "a number, as in 99.9 % of"),  # never 100 %
    ],
)
def test_a_fraction_is_never_rounded_up_to_all(values, expected):
    with pytest.raises(DataError) as caught:
        kind(values)
    assert (caught.value.expected, caught.value.value) == (f"{expected} the rows", values[0])


def dates(*formats):
    """The error of dates that may be in these formats."""
    options = zip(("date_format", "date_format_"), formats, strict=False)
    return "a date such as 2024-12-31", dict(options) | NAMES


def read_with(**options):
    """The error of numbers that options read."""
    return "a number", options


COMMA, CATEGORIES = ("a number", {"decimal": ","}), ("a number", {"categories": ["c"]})


@pytest.mark.case(40)
@pytest.mark.parametrize(
    ("values", "row", "error"),
    [
        (["1", "2,5", "3,75", "NA"], 1, COMMA),
        (["3.12.2024", "1.5.2025", "NA"], 0, dates("%d.%m.%Y")),
        (["1.234,5", "17", "2,5"], 0, read_with(thousands=".", decimal=",")),
        (["1.234.567"], 0, read_with(thousands=".", decimal=",")),
        (["17", "1,234.5", "1"], 1, read_with(thousands=",")),
        (["431", "1,265", "12,431"], 1, read_with(thousands=",", decimal=",")),
        (["12/25/24 1:30", "01/02/25 12:00"], 0, dates("%m/%d/%y %H:%M")),
        (["24-12-31", "23-12-30"], 0, dates("%d-%m-%y", "%y-%m-%d")),
        (["7", "$1,549.34", "-$3"], 1, CATEGORIES),
        (["14 207", "1 000 000,5"], 0, read_with(thousands=" ", decimal=",", categories=["c"])),
        (["5.25", "(1,200.50)", "($3)", "$(7)"], 1, CATEGORIES),
        (["8'087.03", "912.50"], 0, read_with(thousands="'", categories=["c"])),
    ],
)
def test_locale_formats_are_refused(write, values, row, error):
    table = read_table(write("\n".join(["c|d", *(f"{value}|1" for value in values)])))
    with pytest.raises(DataError) as caught:
        kind_of(table.frame(["c"]), "c", MISSING)
    found = caught.value
    assert (found.value, found.expected, found.options) == (values[row], *error)
    assert found.problem.startswith("column 'c': ") and found.line == row + 2
    is_ambiguous = values[0] in ("3.12.2024", "1/12/2024 12:30")  # with the year of four digits
    assert ("the order of its parts is ambiguous" in str(found)) == is_ambiguous


@pytest.mark.case(143)
@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["24.09.2023", "14.12.2021"], "dmy"),
        (["01.02.2023", "2.1.2023", "NA", "13.02.2023"], "dmy"),
        (["31/12/2024 12:30", "01/02/2025", "2025-03-04"] + ["01/03/2025"] * 9, "dmy"),
        (["31/12/2024 12:30", *(f"{day:02}/02/2025" for day in range(1, 20)), "2025-3"], "a date"),
        (["31/12/2024 12:30", *(f"1/{at}/2025" for at in range(1, 9)), "2025-03-04"], "dmy"),
        (["01-02-2024", "12-31-2024"], "mdy"),
        (["4/29/2024T07:05:01Z", "12/1/2023 12:30+02:00"], "mdy"),
        (["04/29/2024 1:30 PM", "12/01/2023 11:05 AM"], "mdy"),
    ],
)
def test_dates_are_in_the_order_that_any_of_them_shows(values, expected):
    if expected == "a date":
        with pytest.raises(DataError, match=r"row 20: .* expected a date such as 31\.12\.2026, as"):
            kind(values)
    else:
        assert kind(values) == expected
        assert kind(values[::-1]) == expected


@pytest.mark.case(143)
@pytest.mark.parametrize(
    ("values", "row", "expected"),
    [
        (
            ["03.04.2021", "24.09.2023", "12.31.2024", "11.05.2022"],
            2,
            "31.12.2026, as '24.09.2023'",
        ),
        (
            ["03.04.2021", "09.24.2023", "31.12.2024", "05.13.2022"],
            2,
            "12/31/2026, as '09.24.2023'",
        ),
    ],
)
def test_dates_that_contradict_others_are_refused_with_their_line(write, values, row, expected):
    path = write("\n".join(["c,y", *(f"{value},{at}.5" for at, value in enumerate(values))]))
    with pytest.raises(DataError) as caught:
        TableEncoding.fit(load_table(path, "y", frame=True).X)
    expected = f"a date such as {expected} in other rows"
    assert (caught.value.line, caught.value.value) == (row + 2, values[row])
    assert caught.value.expected == expected and caught.value.options == NAMES


@pytest.mark.case(143)
def test_the_first_wrong_line_of_the_file_is_named(write):
    """The rows of a training set have another order than those of the file."""
    days = [f"0{1 + at % 9}.0{1 + at // 9 % 9}.2023" for at in range(90)]
    path = write("\n".join(["day,y", *(f"{day},{at}" for at, day in enumerate(days))]), "days.csv")
    training, _ = load_table(path, "y").split(0.2)
    assert training.X.rows[0] != training.X.rows.min()
    with pytest.raises(DataError, match=rf"days\.csv:{training.X.rows.min() + 2}: .* ambiguous"):
        TableEncoding.fit(training.X)


@pytest.mark.case(143)
@pytest.mark.parametrize("date_format", ["%d.%m.%Y", "%m/%d/%Y", "%d-%m-%Y %H:%M"])
def test_dates_are_encoded_as_those_that_begin_with_the_year(date_format):
    days = pd.Timestamp("2021-01-01") + pd.to_timedelta(np.arange(0, 900, 7.5), "D").floor("min")
    table = {"day": days.strftime(date_format), "x": np.arange(120) % 9}
    encoding = TableEncoding.fit(table)
    same = days if "%H" in date_format else days.floor("D")
    expected = TableEncoding.fit(table | {"day": same})
    assert encoding.input_names == expected.input_names
    assert encoding.transform(table).tolist() == expected.transform(table | {"day": same}).tolist()
    again = TableEncoding.from_dict(json.loads(json.dumps(encoding.to_dict())))
    first = {"day": days[:1].strftime(date_format), "x": [0]}  # which shows no order by itself
    assert again.transform(first).tolist() == encoding.transform(table)[:1].tolist()
    assert again.transform({"day": same[:1], "x": [0]}).tolist() == again.transform(first).tolist()
    with pytest.raises(DataError, match=r"row 0: column 'day': expected a date, such as (31|12)"):
        again.transform({"day": ["31-31-2024"], "x": [0]})


@pytest.mark.parametrize(
    ("values", "are_thousands"),
    [("431 1,265 -12,431", True), ("0,265 1,265", False), ("1,265 431,25", False)],
)
def test_commas_that_may_separate_thousands(values, are_thousands):
    with pytest.raises(DataError) as caught:
        kind(values.split())
    assert ("remove commas between thousands" in caught.value.remedy) == are_thousands


def fit(values, **options):
    """Fit column c beside another one, so that it may be dropped."""
    return TableEncoding.fit({"c": values, "x": np.arange(len(values))}, **options).columns[0]


@pytest.mark.case(11)
@pytest.mark.parametrize(
    ("scale", "most"), [("standardize", 1e308), ("minmax", 1.5e308), ("robust", 1e308)]
)
def test_numbers_with_an_infinite_spread(scale, most):
    with pytest.raises(DataError, match=rf"^column 'c': {scale} is beyond float64 for its numbers"):
        fit([-most, most] * 2, numbers=scale)


UNSCALED = {"fill": 1, "center": 0, "scale": 1, "indicator": True}
CONSTANT = {"fill": 5, "scale": 1, "indicator": True}


@pytest.mark.parametrize(
    ("values", "options", "expected"),
    [
        *(([0, 1, 1, None], {"numbers": scale}, UNSCALED) for scale in SCALINGS),
        # a constant with missing values, which becomes an indicator
        *(([5, None, 5], {"numbers": scale}, CONSTANT) for scale in SCALINGS),
        # the more frequent boolean, and the median date
        ([True, True, False], {}, {"fill": True}),
        ([True, False], {}, {"fill": False}),
        (["yes", "no", ""], {}, {"fill": False}),
        (["2026-01-01", "2026-01-03", ""], {}, {"fill": 1767312000}),
        # the cycles in which dates differ
        (["2026-01-05", "2027-01-05"], {}, {"cycles": ()}),
        (["2026-01-05", "2026-02-05"], {}, {"cycles": ("year",)}),
        (["2026-01-05", "2026-01-06"], {}, {"cycles": ("week",)}),
        (["2026-01-05T01:00", "2026-01-05T02:00"], {}, {"cycles": ("day",)}),
        (["2026-01-05T01:00", "2026-02-06T02:00"], {}, {"cycles": ("year", "week", "day")}),
        # text that identifies the rows
        ([f"n{row}" for row in range(19)], {}, {"kind": "category"}),
        ([f"n{row}" for row in range(20)], {}, {"kind": "dropped"}),
        ([f"n{row % 19}" for row in range(20)], {}, {"kind": "dropped"}),
        ([f"n{row % 18}" for row in range(20)], {}, {"kind": "category"}),
        ([f"n{row}" for row in range(20)], {"categories": ["c"]}, {"kind": "category"}),
        # categories that are all rare, without and with missing values
        ([*"aabbccdd"], {"rare": 3}, {"reason": "each of its 4 values is rare"}),
        ([*"aabbccdd", None], {"rare": 3}, {"inputs": ("c rare", "c missing")}),
    ],
)
def test_columns_are_fitted_by_their_rules(values, options, expected):
    column = fit(values, **options)
    assert {name: getattr(column, name) for name in expected} == expected

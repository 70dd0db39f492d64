"""One rule decides what a column is, and what it loses is named."""

import warnings

import numpy as np
import pandas as pd
import pytest

from barenet import TableEncoding, Task, load_table, stream
from barenet.errors import DataError
from barenet.tables.frames._frame import TEXT
from barenet.tables.reading._column_reading import read_kinds, reading_of
from barenet.tables.reading._column_texts import ColumnTexts
from barenet.tables.reading._missing_texts import MISSING
from barenet.tables.reading._readers import reader_of

TOKENS = ("", *MISSING)


def texts_of(values):
    return ColumnTexts.of(np.array(values, TEXT), TOKENS)


def reading(*values):
    return reading_of(texts_of(values))


NUMBERS = [str(number) for number in range(30)]
DECIMALS = [f"{number / 7:.3f}" for number in range(30)]
DAYS = pd.date_range("2020-01-01", periods=60)

#: Columns that one reader reads, with their kind, their first text and its value.
ONE_READING = {
    "plain": (["1", "-2.5", "3e4"], "number", 1.0),
    "another minus sign": (["−1.5", "2"], "number", -1.5),
    "a minus at the end": (["1.50-", "2"], "number", -1.5),
    "thousands": (["1,049.50", "3", "20,000"], "number 1,234.5", 1049.5),
    "points between thousands": (["1.049,50", "3"], "number 1.234,5", 1049.5),
    "decimal commas": (["2,5", "3", "1,25"], "number 1234,5", 2.5),
    "spaces": (["1 049", "20 000.5"], "number 1 234.5", 1049.0),
    "apostrophes": (["1’049", "20'000"], "number 1'234.5", 1049.0),
    "dollars": (["$9,216 ", "$5", "-$12.5"], "number $1,234.5", 9216.0),
    "a currency in letters": (["USD 57.50", "USD 3"], "number USD1234.5", 57.5),
    "an accountant's": (["($5.50)", "$7"], "number $1234.5", -5.5),
    "percent": (["12%", "3.5 %"], "number 1234.5%", 12.0),
    "a unit": (["1 kg", "2.5 kg", "3"], "number 1234.5kg", 1.0),
    "an attached unit": (["15Acres", "3.5Acres"], "number 1234.5Acres", 15.0),
    "minutes and seconds": (["45:12", "1:02:33"], "duration", 2712.0),
    "hours and minutes in letters": (["2h 5m", "45 min"], "duration", 7500.0),
    "pandas' differences": (["0 days 02:30:00", "1 days 00:00:05"], "duration", 9000.0),
    "ISO durations": (["PT2H5M", "PT30S"], "duration", 7500.0),
    "ISO dates": (["2024-01-31", "2024-02-01"], "ymd", "2024-01-31"),
    "months in letters": (["Jan 5, 2024", "Feb 6, 2024"], "ymd", "2024-01-05"),
    "the day first": (["01/02/2024", "13/02/2024"], "dmy", "2024-02-01"),
    "the month first": (["02/01/2024", "02/13/2024"], "mdy", "2024-02-01"),
    "two digits for the year": (["7/1/62", "7/13/62"], "%m/%d/%y", "2062-07-01"),
    "months and years": (["Nov-01", "Dec-02"], "%b-%y", "2001-11-01"),
    "a month with points": (["03.2024", "11.2024"], "%m.%Y", "2024-03-01"),
    "times": (["14:30", "2:05 PM"], "time", "14:30"),
    "times with points": (["18.37.12", "10.01.59"], "%H.%M.%S", "18:37:12"),
    "yes and no": (["Yes", "no", "NO"], "boolean", True),
}


@pytest.mark.case(212, 222)
@pytest.mark.parametrize(("values", "kind", "first"), ONE_READING.values(), ids=[*ONE_READING])
def test_what_one_reader_reads_is_read_without_an_option(values, kind, first):
    assert reading(*values) == reading(*values, *values) and reading(*values).kind == kind
    value = reader_of(kind)(values[0].strip())
    if isinstance(first, str):
        value = str(value.time() if ":" in first else value.date())
        value = value.removesuffix(":00") if first == "14:30" else value
    assert value == first


#: Columns of names, though some of their values look like numbers, dates or durations.
NAMES = {
    "towns": ["Rome", "Oslo"],
    "codes": ["01067", "10115", "80331"],
    "codes with a point": ["008.45", "250.0", "250.00"],
    "house numbers": ["12a", "16b", "7", "13"],
    "one letter": ["12a", "13a", "14a"],
    "seasons": ["2009/10", "2010/11", "2011/12"],
    "several units": ["500 g", "2 kg", "3 kg"],
    "coordinates": ["POINT (6.9 48.5)", "POINT (7.1 48.2)"],
    "two numbers": ["0.14Kg (0.31 lb)", "0.2Kg (0.4 lb)"],
    "addresses": ["192.168.1.1", "192.168.1.2"],
    "rooms": ["Room 12", "Room 14"],
    "groups": ["1", "2", "3", "4+"],
    "years in words": ["2013FAIL", "2014FAIL", "x"],
}


@pytest.mark.case(211, 222)
@pytest.mark.parametrize("values", NAMES.values(), ids=[*NAMES])
def test_what_no_reader_reads_is_names(values):
    assert reading(*values).kind == "category"


@pytest.mark.case(222)
def test_values_that_nearly_all_others_are_unlike_are_missing():
    assert reading("F106", *NUMBERS) == ("number", ("F106",), (), "", "")
    assert reading("FALSE", *NUMBERS).unread == ("FALSE",)
    # One marker in most rows, beside many numbers.
    marked = reading(*["unknown"] * 60, *DECIMALS)
    assert (marked.kind, marked.unread) == ("number", ("unknown",))
    # Two names of most rows beside a few numbers are names.
    assert reading(*["male", "female"] * 300, *NUMBERS).kind == "category"
    some = reading(*NUMBERS, *(f"[{number}]" for number in range(12)))
    assert (some.kind, some.likely) == ("category", "number")


@pytest.mark.case(221)
def test_two_readings_that_differ_are_refused_with_both(write):
    days = [f"{1 + n % 12:02}/01/1980" for n in range(120)]
    path = write("\n".join(["day,x,y", *(f"{day},{n % 7},{n}.5" for n, day in enumerate(days))]))
    with pytest.raises(DataError) as caught:
        Task.open(path, "y")
    error = caught.value
    assert (error.line, error.column) == (3, "day")
    assert error.options["columns"] == {"day": "date day-first"}
    for part in ("2 January 1980 as 'date day-first'", "1 February 1980 as 'date month-first'"):
        assert part in error.problem
    for words, months in (("date day-first", 1), ("date month-first", 12)):
        task = Task.open(path, "y", columns={"day": words})
        read = task.rows.dataset.X["day"]
        assert len(np.unique(read.astype("M8[M]"))) == months


def test_another_column_settles_what_a_column_leaves_open():
    amounts = texts_of(["1,234", "2,500"])
    assert reading_of(amounts).candidates == ("number 1234,5", "number 1,234.5")
    commas = read_kinds({"a": amounts, "b": texts_of(["0,5", "2,25"])})
    assert commas["a"].kind == "number 1234,5" and not commas["a"].candidates
    thousands = read_kinds({"a": amounts, "b": texts_of(["1,049.50", "3"])})
    assert thousands["a"].kind == "number 1,234.5"
    points = texts_of(["1.250", "2.500"])
    assert read_kinds({"a": points})["a"].kind == "number"
    assert read_kinds({"a": points, "b": texts_of(["0,5", "2,25"])})["a"].kind == "number 1.234,5"
    days = texts_of(["01/02/2024", "02/03/2024"])
    settled = read_kinds({"a": days, "b": texts_of(["31/12/2024", "01/02/2024"])})
    assert settled["a"].kind == "dmy" and not settled["a"].candidates


def test_a_loss_is_a_warning_in_training_and_in_new_rows():
    rows = pd.DataFrame({"bib": ["F106", *NUMBERS], "y": np.arange(31) / 7})
    with pytest.warns(UserWarning, match=r"column 'bib': 1 of 31 values .* 'number' .* 'F106'"):
        task = Task.open(rows, "y", test_size=0)
    encoding = TableEncoding.fit(task.training.X)
    new = {"bib": ["7", "F7", "F8", "9"]}
    with pytest.warns(UserWarning, match=r"column 'bib': 2 of 4 values .*: 'F7', 'F8'"):
        encoded = encoding.transform(new)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        expected = encoding.transform({"bib": ["7", "", "", "9"]})
    np.testing.assert_array_equal(encoded, expected)
    with pytest.raises(DataError) as caught:  # a column of another kind is no slip
        encoding.transform({"bib": ["F7", "F8"]})
    assert caught.value.column == "bib"


@pytest.mark.parametrize("n_files", [1, 3])
def test_streams_read_as_memory_does(tmp_path, n_files):
    """The kinds follow from all files, whichever of them has the value that decides."""
    n = 240
    rows = pd.DataFrame(
        {
            "amount": [f"${number:,.2f}" for number in np.arange(n) * 7.7],
            "day": [f"{1 + row % 12:02}/{1 + row % (20 if row > 200 else 12):02}/2024" for row in range(n)],
            "bib": ["F106" if row == 170 else str(row % 50) for row in range(n)],
            "y": np.arange(n) / 7,
        }
    )
    for number, part in enumerate(np.array_split(np.arange(n), n_files)):
        rows.iloc[part].to_csv(tmp_path / f"{number}.csv", index=False)
    with pytest.warns(UserWarning, match="column 'bib': 1 of "):
        of_files = stream(f"{tmp_path}/*.csv", "y", test_size=0, validation_size=0).encoding
    with pytest.warns(UserWarning, match="column 'bib': 1 of 240"):
        of_memory = TableEncoding.fit(rows.drop(columns="y"))
    assert [column.reading for column in of_files.columns] == ["number $1,234.5", "mdy", "number"]
    assert [column.reading for column in of_memory.columns] == ["number $1,234.5", "mdy", "number"]

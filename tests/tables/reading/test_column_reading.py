"""One rule decides what a column is, and what it loses is named."""

import warnings
from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from barenet import TableEncoding, Task
from barenet.errors import DataError
from barenet.streams._stream import stream
from barenet.tables.frames._frame import TEXT, FileForms
from barenet.tables.frames._to_frame import as_frame
from barenet.tables.reading._column_reading import kinds_of, reading_of, settle_readings
from barenet.tables.reading._column_texts import ColumnTexts
from barenet.tables.reading._missing_texts import MISSING
from barenet.tables.reading._readers import reader_of

TOKENS = ("", *MISSING)


def texts_of(values):
    return ColumnTexts.of(np.array(values, TEXT), TOKENS)


def reading(*values):
    return reading_of(texts_of(values))


def readings_together(columns, forms=None):
    """The readings of the columns of one table."""
    forms = forms or dict.fromkeys(columns, FileForms())
    readings = {name: reading_of(texts, forms[name]) for name, texts in columns.items()}
    return settle_readings(readings, columns, forms)


NUMBERS = [str(number) for number in range(30)]
DECIMALS = [f"{number / 7:.3f}" for number in range(30)]
DAYS = [str(day.date()) for day in pd.date_range("2020-01-01", periods=60)]

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
    "a unit": (["1 kg", "2.5 kg", "0"], "number 1234.5kg", 1.0),
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
    "other minus signs": (["–1.5", "－2", "3"], "number", -1.5),
    "a month in capital letters": (["05JAN2024", "06FEB2024"], "ymd", "2024-01-05"),
    "a quarter": (["2024Q2", "2024Q3"], "ymd", "2024-04-01"),
    "the year or the day first": (["2024-03-04", "31/12/2024"], "dmy", "2024-03-04"),
}


@pytest.mark.case(143, 155, 156, 157, 212, 222)
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
    "grades": ["1-", "2-", "2+", "3"],
    "file numbers": ["100/2019", "117/2020"],
    "ranges": ["10-19", "20-29"],
    "codes of 16 digits": ["1234567890123456", "1234567890123457"],
    "versions": ["v1.2", "v1.3"],
    "weeks": ["Week 05, 2024", "Week 06, 2024"],
    "months of another language": ["1. Januar 2024", "2. Januar 2024"],
    "digits of another script": ["１.５", "２.５"],
    "no such day": ["31/31/2024", "0/1/2024"],
}


@pytest.mark.case(127, 211, 222)
@pytest.mark.parametrize("values", NAMES.values(), ids=[*NAMES])
def test_what_no_reader_reads_is_names(values):
    assert reading(*values).kind == "category"


#: Words for true and false of several pairs, and words beside digits.
TRUTHS = [
    ["True", "False", "yes", "no"],
    ["on", "off", "yes", "no"],
    ["true", "false", "1", "0"],
    ["yes", "no", "1", "0"],
    ["True", "False", "1.0", "0.0"],
    ["y", "n", "T", "F"],
    ["yes", "no", "Y", "true"],
]


@pytest.mark.case(128)
@pytest.mark.parametrize("words", TRUTHS)
def test_words_for_true_and_false_of_several_pairs_are_booleans(words):
    values = [words[row % len(words)] for row in range(60)]
    table = {"c": values, "x": np.arange(60) % 7}
    encoding = TableEncoding.fit(table)
    assert encoding.columns[0].kind == "boolean"
    is_true = [word in ("True", "true", "yes", "Y", "y", "on", "T", "1", "1.0") for word in words]
    assert encoding.transform(table)[: len(words), 0].tolist() == is_true


@pytest.mark.case(128)
@pytest.mark.parametrize(
    "words",
    [["yes", "no", "t"], ["0", "n", "town"], ["yes", "n"], ["yes"], ["yes", "no", "maybe"]],
)
def test_incomplete_pairs_and_other_words_are_names(words):
    assert reading(*words).kind == "category"


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1.5, 2, None], "number"),
        ([True, None, False], "boolean"),
        ([datetime(2026, 1, 1), None], "ymd"),
        (np.array(["2026-01-01", "NaT"], "M8[D]"), "ymd"),
        (["NA", "", "-"], "number"),
    ],
)
def test_a_declared_type_decides(values, kind):
    assert kinds_of(as_frame({"c": values}), ["c"], TOKENS) == {"c": kind}


@pytest.mark.case(40)
@pytest.mark.parametrize("n_words", [1, 2])
def test_nine_tenths_of_the_rows_with_a_value_decide(n_words):
    numbers = [*["1"] * 9 * n_words, *["NA"] * 50]
    words = [f"w{number}" for number in range(n_words)]
    assert reading(*words, *numbers) == ("number", (), "", "", ())
    assert reading(*words, *numbers[1:]).kind == "category"


@pytest.mark.case(40, 157)
def test_codes_beside_dates_and_numbers():
    assert reading("007", *DAYS) == ("ymd", (), "", "", ())
    # Among many numbers of several lengths, a few are no codes.
    assert reading("007", *NUMBERS).kind == "number"
    assert reading("00123", *(str(number) for number in range(10_000, 10_060))).kind == "category"


@pytest.mark.case(143)
def test_dates_are_in_the_order_that_any_of_them_shows():
    days = ["01/02/2025", *(f"{day:02}/02/2025" for day in range(1, 13))]
    assert reading(*days).candidates == ("dmy", "mdy")
    for texts in ([*days, "31/12/2024 12:30"], ["2025-03-04", "31/12/2024", *days]):
        assert reading(*texts) == ("dmy", (), "", "", ())
        assert reading(*texts[::-1]).kind == "dmy"
    contradicted = reading(*days, *(f"13/{month:02}/2025" for month in range(1, 10)), "12/31/2024")
    assert contradicted == ("dmy", (), "", "", ())


@pytest.mark.case(222)
def test_values_that_nearly_all_others_are_unlike_are_missing():
    assert reading("F106", *NUMBERS) == ("number", (), "", "", ())
    assert reading("FALSE", *NUMBERS).kind == "number"
    # One marker in most rows, beside many numbers.
    assert reading(*["unknown"] * 60, *DECIMALS).kind == "number"
    # Two names of most rows beside a few numbers are names.
    assert reading(*["male", "female"] * 300, *NUMBERS).kind == "category"
    some = reading(*NUMBERS, *(f"[{number}]" for number in range(12)))
    assert (some.kind, some.likely) == ("category", "number")


@pytest.mark.case(222)
def test_names_that_are_mostly_numbers_are_a_warning():
    values = [*NUMBERS, *(f"[{number}]" for number in range(12))]
    rows = pd.DataFrame({"c": values, "y": np.arange(42) / 7})
    with pytest.warns(UserWarning, match="column 'c' is read as names, .* 'number'"):
        Task.open(rows, "y")


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


@pytest.mark.case(221)
def test_another_column_settles_what_a_column_leaves_open():
    amounts = texts_of(["1,234", "2,500"])
    assert reading_of(amounts).candidates == ("number 1234,5", "number 1,234.5")
    commas = readings_together({"a": amounts, "b": texts_of(["0,5", "2,25"])})
    assert commas["a"].kind == "number 1234,5" and not commas["a"].candidates
    thousands = readings_together({"a": amounts, "b": texts_of(["1,049.50", "3"])})
    assert thousands["a"].kind == "number 1,234.5"
    points = texts_of(["1.250", "2.500"])
    assert readings_together({"a": points})["a"].kind == "number"
    mixed = readings_together({"a": points, "b": texts_of(["0,5", "2,25"])})
    assert mixed["a"].kind == "number 1.234,5"
    days = texts_of(["01/02/2024", "02/03/2024"])
    settled = readings_together({"a": days, "b": texts_of(["31/12/2024", "01/02/2024"])})
    assert settled["a"].kind == "dmy" and not settled["a"].candidates


@pytest.mark.case(156)
@pytest.mark.parametrize(
    ("form", "texts", "kind"),
    [
        ("1.234,5", ["1.250", "3,5"], "number"),
        ("1.234,5", ["01067", "10115", "20095"], "category"),
        ("1.234,5", ["2,1", "2,10"], "category"),
        ("1.234,5", ["1.25", "3.5"], "number 1234.5"),
        ("1,234.5", ["1,234", "2,345"], "number"),
        ("1.234,5", ["1,234 kg", "2,345 kg"], "number 1234,5kg"),
        ("1.234,5", ["01/02/2024 10:00", "31/12/2024 9:30"], "dmy"),
    ],
)
def test_an_option_of_a_file_states_what_plain_numbers_are(form, texts, kind):
    """Where a column has no such numbers, the other readings follow."""
    readings = readings_together({"c": texts_of(texts)}, {"c": FileForms(numbers=form)})
    assert readings["c"].kind == kind


def test_a_format_of_dates_comes_before_numbers():
    texts = {"c": texts_of(["20240131", "20241201"]), "d": texts_of(["1", "12.5"])}
    readings = readings_together(texts, dict.fromkeys(texts, FileForms(dates="%Y%m%d")))
    assert [reading.kind for reading in readings.values()] == ["%Y%m%d", "number"]


@pytest.mark.case(40, 222)
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


@pytest.mark.case(191)
@pytest.mark.parametrize("n_files", [1, 3])
def test_streams_read_as_memory_does(tmp_path, n_files):
    """The kinds follow from all files, whichever of them has the value that decides."""
    numbers = np.arange(240)
    days = [f"{1 + row % 12:02}/{1 + row % 12:02}/2024" for row in numbers]
    days[201] = "12/31/2024"
    bibs = [str(row % 50) for row in numbers]
    bibs[170] = "F106"
    amounts = [f"${amount:,.2f}" for amount in numbers * 7.7]
    rows = pd.DataFrame({"amount": amounts, "day": days, "bib": bibs, "y": numbers / 7})
    for number, part in enumerate(np.array_split(numbers, n_files)):
        rows.iloc[part].to_csv(tmp_path / f"{number}.csv", index=False)
    with pytest.warns(UserWarning, match="column 'bib': 1 of "):
        of_files = stream(f"{tmp_path}/*.csv", "y", test_size=0, validation_size=0).encoding
    with pytest.warns(UserWarning, match="column 'bib': 1 of 240"):
        of_memory = TableEncoding.fit(rows.drop(columns="y"))
    assert [column.reading for column in of_files.columns] == ["number $1,234.5", "mdy", "number"]
    assert [column.reading for column in of_memory.columns] == ["number $1,234.5", "mdy", "number"]


@pytest.mark.case(222)
def test_numbers_with_several_units_are_names_with_a_warning():
    values = [f"{row % 7} {('g', 'kg')[row % 2]}" for row in range(60)]
    with pytest.warns(UserWarning, match="'size' is read as names, .* several units: 'g', 'kg'"):
        encoding = TableEncoding.fit({"size": values})
    assert encoding.columns[0].kind == "category"


@pytest.mark.case(221)
@pytest.mark.parametrize(("other", "kind"), [("0.5", "number 1,234.5"), ("0,5", "number 1234,5")])
def test_another_column_shows_what_a_comma_separates(other, kind):
    table = {"a": ["1,234", "2,345"], "b": [other, "7"]}
    assert TableEncoding.fit(table).columns[0].reading == kind
    with pytest.raises(DataError, match="nothing decides"):
        TableEncoding.fit(table | {"b": ["5", "7"]})


def test_columns_that_contradict_each_other_settle_nothing():
    days = {"a": ["31/12/2024", "30/11/2024"], "b": ["12/31/2024", "11/30/2024"]}
    with pytest.raises(DataError, match="nothing decides") as caught:
        TableEncoding.fit(days | {"c": ["01/02/2024", "03/02/2024"]})
    assert caught.value.column == "c"
    numbers = {"a": ["0.5", "7"], "b": ["0,5", "7"], "c": ["1,234", "2,345"]}
    with pytest.raises(DataError, match="nothing decides"):
        TableEncoding.fit(numbers)


def test_a_point_behind_a_unit_is_no_decimal_point():
    amounts = {"paid": ["kr. 500", "kr. 70"], "owed": ["1,234", "2,345"]}
    with pytest.raises(DataError, match="nothing decides"):
        TableEncoding.fit(amounts)


@pytest.mark.parametrize(("words", "text"), [("date am %d.%m.%Y", "am 5.3.2024")])
def test_a_format_may_begin_with_text(words, text):
    encoding = TableEncoding.fit({"day": [text, "am 6.3.2024"]}, columns={"day": words})
    assert encoding.columns[0].kind == "date"


def test_minutes_of_a_format_have_two_digits():
    texts = [f"18.{minute:02}" for minute in range(60)]
    with pytest.warns(UserWarning, match="1 of 61 values .* '18.3'"):
        encoding = TableEncoding.fit({"t": [*texts, "18.3"]})
    assert encoding.columns[0].reading == "%H.%M"


@pytest.mark.case(222)
@pytest.mark.parametrize("values", [["1.5M", "2.5M", "900000"], ["5%", "7%", "0.05"]])
def test_a_unit_that_some_numbers_lack_is_none(values):
    """Which may be millions, or percent."""
    with pytest.warns(UserWarning, match="most of its values fit 'number"):
        encoding = TableEncoding.fit({"size": values * 20})
    assert encoding.columns[0].kind == "category"


@pytest.mark.case(222)
def test_a_point_before_three_digits_and_a_unit_is_a_decimal_point():
    weights = {"weight": ["51.254 kg", "17.848 kg"]}
    assert TableEncoding.fit(weights).columns[0].reading == "number 1234.5kg"
    german = TableEncoding.fit(weights | {"price": ["0,5", "1,25"]})
    assert german.columns[0].reading == "number 1.234,5kg"


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (["90 hp", "110 HP", "75 hp"], "category"),
        (["2 hits", "1 hit"], "category"),
        (["2 door", "4 doors"], "category"),
        (["60 Watt", "100 Watts"], "category"),
        (["P1M", "P10D"], "category"),
        (["3 weeks", "2 wks", "1 day 4 hrs", "5 minutes", "10 secs"], "duration"),
    ],
)
def test_words_of_durations_are_those_of_time(texts, kind):
    assert reading(*texts).kind == kind


@pytest.mark.parametrize("difference", ["-01:00:00", "-2 days", "1 day 00:30:00"])
def test_differences_of_python_and_pandas_are_read_with_their_sign(difference):
    moment = pd.Timedelta(difference)
    for text in (str(moment), str(moment.to_pytimedelta())):
        assert reader_of("duration")(text) == moment.total_seconds()


@pytest.mark.parametrize("values", [["60W", "40W"], ["2D", "3D"], ["1980s", "1990s"], ["45:99"]])
def test_a_letter_behind_a_whole_number_is_no_duration(values):
    assert reading(*values).kind == "category"

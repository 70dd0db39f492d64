"""Columns of text are names only if nothing else is likely; each way out is named in the error."""

import datetime
import re

import numpy as np
import pandas as pd
import polars
import pyarrow
import pytest
from barenet.tables.reading._kind_inference import kind_of
from pyarrow import parquet

from barenet import TableEncoding, TablePreprocessor, load_table, stream
from barenet.errors import ArgumentError, DataError
from barenet.tables.frames._to_frame import as_frame
from barenet.tables.reading._missing_texts import MISSING, is_absent

N = 200
RNG = np.random.default_rng(156)
NUMBERS = [f"{value:.4f}" for value in RNG.normal(size=N)]
DAYS = pd.date_range("2020-01-01", periods=N)


def kind(values):
    """The kind of a column, for dates the order of their parts."""
    return kind_of(as_frame({"c": values}), "c", MISSING)


def with_marker(values, marker):
    """The values with one marker in 15 % of the rows, which begin with the second."""
    return [marker if row % 20 in (1, 8, 15) else value for row, value in enumerate(values)]


def encoded(values, **options):
    """The numbers of column c beside another column."""
    table = {"c": values, "x": np.arange(len(values)) % 7}
    return TableEncoding.fit(table, **options).transform(table)


#: Markers of pandas' own list, of R, SAS, Stata, MySQL, spreadsheets, and of printed tables.
MARKERS = [
    "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>",
    "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null", "Null", "none", "NONE", "N.A.",
    "n.a.", ".", ".A", "..", "...", ":", r"\N", "(null)", "—", "–", "-", "inf", "-inf", "Inf",
    "Infinity", "-Infinity", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!", "#WERT!",
    "#NV", "#BEZUG!", "#VALEUR!", "#¡DIV/0!", "NaT",
]  # fmt: skip


@pytest.mark.case(156)
def test_markers_are_those_that_pandas_knows():
    from pandas._libs.parsers import STR_NA_VALUES

    assert all(map(is_absent, STR_NA_VALUES))
    assert all(map(is_absent, MARKERS))


@pytest.mark.case(156)
@pytest.mark.parametrize("marker", [".", "#DIV/0!", "—"])
def test_markers_of_missing_values_among_numbers_dates_and_times(marker):
    days = DAYS.strftime("%Y-%m-%d").tolist()
    times = [f"{row % 24:02}:{row % 60:02}" for row in range(N)]
    truths = ["yes" if row % 3 else "no" for row in range(N)]
    for values in (NUMBERS, days, times, truths):
        marked = with_marker(values, marker)
        assert kind(marked) == kind(values)
        expected = encoded(with_marker(values, ""))
        np.testing.assert_array_equal(encoded(marked), expected)
        # New rows may have a marker that the training did not have.
        encoding = TableEncoding.fit({"c": values})
        again = encoding.transform({"c": [values[0], marker]})
        np.testing.assert_array_equal(again, encoding.transform({"c": [values[0], ""]}))


@pytest.mark.parametrize(
    "marker",
    [
        ".",
        "#DIV/0!",
    ],
)
def test_a_marker_among_names_is_a_name(marker):
    names = [["Rome", "Oslo", marker][row % 3] for row in range(30)]
    column = TableEncoding.fit({"c": names}).columns[0]
    assert set(column.categories) == {"Rome", "Oslo", marker} and not column.missing
    codes = [["01067", "10115", marker][row % 3] for row in range(30)]
    assert kind(codes) == "category"


@pytest.mark.case(156)
@pytest.mark.parametrize(
    ("others", "missing"),
    [
        (["unknown"], ["unknown"]),
        (["not measured", "lost", "out of order"], ["not measured", "lost", "out of order"]),
    ],
)
@pytest.mark.parametrize(
    "values",
    [
        NUMBERS,
    ],
)
def test_few_spellings_among_many_different_numbers_are_refused(values, others, missing):
    marked = with_marker(values, None)
    marked = [others[row % len(others)] if v is None else v for row, v in enumerate(marked)]
    with pytest.raises(DataError, match="expected a number, as in 8") as caught:
        kind(marked)
    assert {*caught.value.options["missing"]} == {*missing}
    assert caught.value.options["categories"] == ["c"]
    expected = encoded(with_marker(values, ""))
    np.testing.assert_array_equal(encoded(marked, missing=missing), expected)
    assert TableEncoding.fit({"c": marked}, categories=["c"], rare=0).columns[0].kind == "category"


@pytest.mark.case(156)
def test_other_minus_signs_are_read():
    texts = {"U+2212": "−1.5", "en dash": "–1.5", "full width": "－1.5", "SAP": "1.50-"}
    for text in texts.values():
        assert kind([text, "2", "3.5"]) == "number"
        numbers = encoded([text, "2", "3.5", "4"])
        np.testing.assert_array_equal(numbers, encoded(["-1.5", "2", "3.5", "4"]))
    assert kind(["1-", "2-", "2+", "3"]) == "category"  # grades
    assert kind(["2020–2021", "2021–2022"]) == "category"


@pytest.mark.case(156)
def test_other_minus_signs_are_read_beside_decimal_commas(write):
    path = write("a;b;y\n−1,5;2,50-;1\n2,5;3,5;2\n3,5;−4,5;3\n", "german.csv")
    columns = load_table(path, "y", decimal=",", frame=True).X
    encoding = TableEncoding.fit(columns, numbers="none")
    assert encoding.transform(columns).tolist() == [[-1.5, -2.5], [2.5, 3.5], [3.5, -4.5]]
    path = write("a;y\n1.234,56-;1\n12,50;2\n1.000,00;3\n", "thousands.csv")
    with pytest.raises(DataError, match=r"read the file with thousands='\.' and decimal=','"):
        TableEncoding.fit(load_table(path, "y", frame=True).X)


@pytest.mark.case(156)
def test_every_affected_column_is_named_at_once(write):
    rows = [
        f"{NUMBERS[n]},{NUMBERS[-n]},1.{n % 30:02},{n % 28 + 1:02}-Jan-24,{n}" for n in range(N)
    ]
    rows[7] = "unk,1,1 kg,01-Jan-24,7"
    rows[9] = "1,lost,3,01-Jan-24,7"
    with pytest.raises(DataError) as caught:
        TableEncoding.fit(load_table(write("\n".join(["a,b,c,d,y", *rows])), "y", frame=True).X)
    error = caught.value
    message = str(error)
    assert error.line == 9
    for part in ("column 'a'", "'b' (line 11: 'lost')", "'c' (line 9: '1 kg')", "'d' (line 2"):
        assert part in message
    assert "for a, b: if it stands for a missing value, use missing=['unk', 'lost']" in message
    assert "date_format='%d-%b-%y'" in message


SIZES = ["B", "kB", "MB", "GB", "TB"]
MONEY = ["EUR", "USD", "GBP", "CHF", "JPY"]
WEEKS = ["day", "days", "week", "weeks", "month", "months"]


@pytest.mark.parametrize(
    ("values", "remedy"),
    [
        ([f"{number} kg" for number in range(30)], "write the number alone"),
        ([f"{30 + number}:{number:02}" for number in range(30)], "write a duration as a number"),
        ([f"{number} {WEEKS[number % 6]}" for number in range(30)], "write the number alone"),
        ([f"{number / 7:.2f} {MONEY[number % 5]}" for number in range(30)], "write the number"),
        ([f"ca. {number}" if number % 3 else str(number) for number in range(30)], "write the"),
        ([f"{number % 24:02}{number % 12 * 5:02}" for number in range(60)], "write a time of day"),
        (["007", *(f"{number / 7:.3f}" for number in range(30))], "to read numbers, use {numeric}"),
    ],
)
def test_other_columns_that_are_mostly_different_numbers_are_refused(values, remedy):
    with pytest.raises(DataError) as caught:
        kind(values)
    assert remedy in caught.value.remedy and "{categories}" in caught.value.remedy


@pytest.mark.parametrize(
    "values",
    [
        [f"{number}{'abcdef'[number % 6]}" for number in range(60)],  # house numbers
        [f"192.168.{number}.{number % 7}" for number in range(60)],
        [f"{2000 + year}/{year + 1:02}" for year in range(11)],  # seasons
        [f"{number:05}" for number in range(9_990, 10_050)],  # codes of one width
        ["1", "2", "3", "4", "5+"] * 9,
        [f"{county:02}{number:02}" for county in range(1, 20) for number in range(1, 25)],
        [f"{50_000_000 + 37_777 * row:08}" for row in range(1, 60)] + ["00123456"],
    ],
)
def test_names_with_digits_stay_names(values):
    assert kind(values) == "category"


FORMATS = [
    "%Y.%m.%d",
    "%d-%b-%Y",
    "%B %d, %Y",
    "%b %Y",
    "%Y%m%dT%H%M%S",
]  # fmt: skip


@pytest.mark.case(155)
@pytest.mark.parametrize("date_format", FORMATS)
def test_a_split_by_days_in_any_layout_is_by_time(write, date_format):
    order = RNG.permutation(N)
    days = DAYS.strftime(date_format)
    rows = [f'"{days[n]}",{n % 5},{n}.5' for n in order]
    path = write("\n".join(["day,x,y", *rows]), "days.csv")
    training, test = load_table(path, "y", split_by_time="day").split(0.2)
    months = DAYS.strftime("%Y-%m") if "%d" not in date_format else days
    assert max(training.y) < min(test.y) or set(months[training.y.astype(int)]).isdisjoint(
        months[test.y.astype(int)]
    )
    assert "day" in load_table(path, "y", split_by_time="day").feature_names


@pytest.mark.case(155)
@pytest.mark.parametrize(
    ("days", "date_format"),
    [
        ([f"{row % 28 + 1:02}-Jan-24" for row in range(60)], "%d-%b-%y"),
        ([f"2024_01_{row % 28 + 1:02}" for row in range(60)], "%Y_%m_%d"),
    ],
)
def test_names_that_look_like_dates_never_become_groups_unasked(write, days, date_format):
    path = write("\n".join(["day,x,y", *(f"{day},1,{n}.5" for n, day in enumerate(days))]))
    with pytest.raises(DataError, match="column 'day': expected a date such as") as caught:
        load_table(path, "y", split_by_time="day")
    assert caught.value.options["date_format"] == date_format
    options = {"split_by_time": "day", "date_format": date_format}
    assert load_table(path, "y", **options).split_keys.dtype == np.float64
    asked = load_table(path, "y", split_by_group="day")
    assert asked.split_keys.dtype == object


@pytest.mark.case(155)
def test_quarters_split_by_time(write):
    quarters = [f"{2000 + n // 16}{'-' * (n % 2)}Q{1 + n // 4 % 4}" for n in range(160)]
    rows = [f"{quarters[n]},1,{n}.5" for n in RNG.permutation(160)]
    path = write("\n".join(["q,x,y", *rows]))
    training, test = load_table(path, "y", split_by_time="q").split(0.2)
    assert max(training.y) < min(test.y)


@pytest.mark.case(157)
@pytest.mark.parametrize("date_format", FORMATS)
def test_dates_that_one_reading_fits_are_those_of_pandas(date_format):
    days = DAYS + pd.to_timedelta(np.arange(N) * 97, "min")
    texts = days.strftime(date_format)
    expected = pd.Series(pd.to_datetime(texts, format=date_format))
    np.testing.assert_array_equal(encoded(texts.tolist()), encoded(expected))


@pytest.mark.case(157)
@pytest.mark.parametrize(
    "date_format",
    [
    "%m/%d/%Y 0:00:00",
    "%m/%d/%Y 12:00:00 AM",
    "%m/%d/%Y %I %p",
    "%a %b %d %H:%M:%S %Y",
],
)  # fmt: skip
def test_dates_and_times_that_one_reading_fits_are_those_of_pandas(date_format):
    days = DAYS + pd.to_timedelta(np.arange(N) * 97, "min")
    texts = days.strftime(date_format)
    expected = pd.Series(pd.to_datetime(texts, format=date_format))
    np.testing.assert_array_equal(encoded(texts.tolist()), encoded(expected))
    without_zeros = [re.sub(r"(?<![\d:])0(\d)", r"\1", text) for text in texts]
    if "%Y-" not in date_format and ":%M" not in date_format:
        np.testing.assert_array_equal(encoded(without_zeros), encoded(expected))


@pytest.mark.case(157)
@pytest.mark.parametrize(
    "text",
    [
        "2024-10-07 9",
        "Jan 5 12:30 EST 2024",
    ],
)
def test_hours_that_may_be_other_numbers_are_no_times(text):
    with pytest.raises(DataError, match="column 'c': expected a date"):
        kind([text] * 5)


@pytest.mark.case(157)
def test_months_of_one_digit_quarters_and_weeks_are_dates():
    texts = [f"{day.year}-{day.month}-{day.day}" for day in DAYS]
    np.testing.assert_array_equal(encoded(texts), encoded(DAYS.to_series()))
    periods = DAYS.to_period("Q")
    starts = pd.Series(periods.start_time)
    for text in (periods.astype(str), periods.strftime("%Y-Q%q"), periods.strftime("Q%q %Y")):
        np.testing.assert_array_equal(encoded([*text]), encoded(starts))
    weeks = DAYS.strftime("%G-W%V-%u").tolist()
    np.testing.assert_array_equal(encoded(weeks), encoded(DAYS.to_series()))


@pytest.mark.case(157)
@pytest.mark.parametrize(
    "time_format",
    [
        "%H:%M",
        "%I:%M:%S%p",
    ],
)
def test_times_of_day_are_a_cycle_of_the_day(time_format):
    times = pd.Timestamp("1970-01-01") + pd.to_timedelta(RNG.integers(0, 86_399, N), "s")
    texts = times.strftime(time_format).tolist()
    assert kind(texts) == "time"
    encoding = TableEncoding.fit({"t": texts}, numbers="none")
    assert encoding.input_names == ("t", "t day sin", "t day cos")
    read = pd.to_datetime("1970-01-01 " + pd.Series(texts), format=f"%Y-%m-%d {time_format}")
    seconds = (read - pd.Timestamp("1970-01-01")).dt.total_seconds().to_numpy()
    angles = 2 * np.pi * seconds / 86_400
    expected = np.column_stack([seconds, np.sin(angles), np.cos(angles)])
    np.testing.assert_allclose(encoding.transform({"t": texts}), expected, atol=1e-9)
    with pytest.raises(DataError, match="expected a time of day, such as 14:30 or 2:30 PM"):
        encoding.transform({"t": ["25:00"]})
    with pytest.raises(DataError, match="expected a time of day, such as 14:30 or 2:30 PM"):
        encoding.transform({"t": np.array(["2024-01-01T12:00"], "M8[us]")})


@pytest.mark.case(157)
def test_a_zone_in_letters_is_refused_with_a_format_that_reads_it(write):
    texts = [f"2024-01-{day:02} {day % 24:02}:30 EST" for day in range(1, 29)]
    path = write("\n".join(["t,y", *(f"{text},{n}.5" for n, text in enumerate(texts))]))
    with pytest.raises(DataError) as caught:
        TableEncoding.fit(load_table(path, "y", frame=True).X)
    date_format = caught.value.options["date_format"]
    columns = load_table(path, "y", date_format=date_format, frame=True).X
    assert TableEncoding.fit(columns).columns[0].kind == "date"


@pytest.mark.case(157)
@pytest.mark.parametrize(
    "zone",
    [
        " UTC",
        "+05:30",
    ],
)
def test_times_with_a_zone_are_those_of_utc(zone):
    moments = pd.Timestamp("2024-01-05") + pd.to_timedelta(RNG.integers(0, 86_399, N), "s")
    texts = [f"{moment:%H:%M:%S}{zone}" for moment in moments]
    assert kind(texts) == "time"
    shift = {"+05:30": 5.5, "-03:00": -3.0}.get(zone, 0.0)
    in_utc = moments - pd.Timedelta(hours=shift)
    np.testing.assert_array_equal(encoded(texts), encoded([f"{day:%H:%M:%S}" for day in in_utc]))


#: Numbers, dates and times among letters, each of them different from most others.
AMONG_LETTERS = {
    "time in words": lambda number: f"{number % 24:02}h{number * 7 % 60:02}",
    "duration of ISO 8601": lambda number: f"PT{number}H{number * 7 % 60}M",
    "currency": lambda number: f"USD {number / 7:.2f}",
    "pairs": lambda number: f"{number / 7:.4f}, {number / 3:.4f}",
}


@pytest.mark.case(157)
@pytest.mark.parametrize("write_value", AMONG_LETTERS.values(), ids=[*AMONG_LETTERS])
def test_numbers_and_times_among_letters_are_never_left_out_in_silence(write_value):
    values = [write_value(number) for number in range(60)]
    with pytest.raises(
        DataError, match=r"column 'c': expected (a|one) (number|time of day)"
    ) as caught:
        encoded(values)
    options = caught.value.options
    assert encoded(values, categories=options["categories"], rare=0).shape == (60, 1 + 60)
    assert encoded(values, drop=options["drop"]).shape == (60, 1)


@pytest.mark.case(157)
def test_dates_among_letters_are_refused_with_a_format_that_reads_them(write):
    days = [f"on {day:%Y-%m-%d} (paid)" for day in DAYS]
    path = write("\n".join(["day,y", *(f"{day},{n}.5" for n, day in enumerate(days))]))
    with pytest.raises(DataError, match="column 'day': expected a date such as") as caught:
        TableEncoding.fit(load_table(path, "y", frame=True).X)
    columns = load_table(path, "y", date_format=caught.value.options["date_format"], frame=True).X
    np.testing.assert_array_equal(
        TableEncoding.fit(columns).transform(columns),
        TableEncoding.fit({"day": DAYS}).transform({"day": DAYS}),
    )


def test_ranges_of_days_are_refused_without_a_format():
    weeks = [f"{day:%Y-%m-%d}/{day + pd.Timedelta(7, 'D'):%Y-%m-%d}" for day in DAYS]
    with pytest.raises(DataError, match="column 'c': expected a date such as") as caught:
        kind(weeks)
    assert "date_format" not in caught.value.options
    assert "convert the column to dates" in caught.value.remedy


#: Layouts of dates that are not read, and the format that is proposed, if there is one.
OTHER_LAYOUTS = {
    "log": ("[{:%d/%b/%Y:12:30:00} +0100]", "[%d/%b/%Y:%H:%M:%S %z]"),
    "short": ("{0.day}.{0.month}.{0:%y}", "%d.%m.%y"),
    "weekday of another language": ("{0:%a}i, {0:%d.%m.%Y}", None),
    "quarters": ("{0.quarter}Q{0:%y}", None),
}


@pytest.mark.parametrize(("layout", "date_format"), OTHER_LAYOUTS.values(), ids=[*OTHER_LAYOUTS])
def test_dates_of_other_layouts_are_refused_with_a_format_that_reads_them(
    write, layout, date_format
):
    days = pd.date_range("2023-01-01 12:30", periods=N, freq="125h")
    if "H{0" in layout:
        days = days[days.quarter < 3]
    rows = [f'"{layout.format(day)}",{n}.5' for n, day in enumerate(days)]
    path = write("\n".join(["c,y", *rows]))
    with pytest.raises(DataError, match="column 'c': expected a date such as") as caught:
        TableEncoding.fit(load_table(path, "y", frame=True).X)
    assert caught.value.options.get("date_format") == date_format
    assert "{categories}" in caught.value.remedy
    if date_format is None:
        assert "convert the column to dates" in caught.value.remedy
    else:
        columns = load_table(path, "y", date_format=date_format, frame=True).X
        assert TableEncoding.fit(columns).columns[0].kind == "date"
        with pytest.raises(DataError, match="column 'c': expected a date such as"):
            load_table(path, "y", split_by_time="c")
        dataset = load_table(path, "y", split_by_time="c", date_format=date_format)
        assert dataset.split_keys.dtype == np.float64


def test_the_zone_of_a_log_is_read_by_the_proposed_format(write):
    layout, date_format = OTHER_LAYOUTS["log"]
    path = write("\n".join(["c,y", *(f"{layout.format(day)},{day.day}.5" for day in DAYS)]))
    columns = load_table(path, "y", date_format=date_format, frame=True).X
    encoding = TableEncoding.fit(columns)
    expected = {"c": DAYS + pd.Timedelta(hours=11, minutes=30)}
    np.testing.assert_array_equal(encoding.transform(columns), encoding.transform(expected))


def test_commas_as_in_india_are_refused():
    with pytest.raises(DataError, match="remove the commas between the thousands"):
        kind([f"1,23,{number:03}.5" for number in range(30)])


FULL_WIDTH = str.maketrans("0123456789.-:", "０１２３４５６７８９．－：")
ARABIC = str.maketrans("0123456789.", "٠١٢٣٤٥٦٧٨٩٫")


@pytest.mark.parametrize(
    "values",
    [
        [text.translate(FULL_WIDTH) for text in NUMBERS],
        [text.replace(".", "\N{MIDDLE DOT}") for text in NUMBERS],
        [f"{day:%Y-%m-%d}".translate(FULL_WIDTH) for day in DAYS],
    ],
    ids=["full width", "middle dot", "dates"],
)
def test_digits_of_other_scripts_are_refused(values):
    with pytest.raises(DataError, match="expected the digits 0 to 9, with a point") as caught:
        kind(values)
    assert "{categories}" in caught.value.remedy
    names = ["α1" if row % 3 else "β２" for row in range(N)]
    assert kind(names) == "category"


@pytest.mark.parametrize(
    "write_value",
    [
        lambda number: f"id-{number:05}",
        lambda number: f"v1.{number}.{number % 7}",
        lambda number: f"550e8400-e29b-41d4-a716-4466554400{number:02}",
    ],
)
def test_identifiers_with_digits_are_left_out_with_their_reason(write_value):
    table = {"c": [write_value(number) for number in range(60)], "x": np.arange(60) % 7}
    column = TableEncoding.fit(table).columns[0]
    assert column.formula == "looks like an identifier: 60 values in 60 rows"


def test_few_versions_and_codes_with_decimals_stay_names():
    versions = [f"v{row % 20 / 10:.1f}" for row in range(N)]
    assert kind(versions) == "category"
    codes = [f"E1{row % 15 / 10:.1f}" for row in range(N)]
    assert kind(codes) == "category"


@pytest.mark.case(157)
def test_months_in_other_languages_are_refused():
    for texts in (
        [f"{day}. Januar 2024" for day in range(1, 29)],
        [f"{day} de enero de 2024" for day in range(1, 29)],
        [f"{day} févr. 2024" for day in range(1, 29)],
        [f"{['Januar', 'Mai', 'Dezember'][year % 3]} {year}" for year in range(1990, 2020)],
        [f"{['janv.', 'mai', 'déc.'][year % 3]} {year}" for year in range(1990, 2020)],
    ):
        with pytest.raises(DataError, match="expected a date such as 2024-12-31") as caught:
            kind(texts)
        assert "date_format" not in caught.value.options  # which reads English names alone
        assert "convert the column to dates" in caught.value.remedy


@pytest.mark.case(157)
def test_times_of_data_frames_and_parquet_are_those_of_text(tmp_path):
    times = [None if row == 3 else datetime.time(row, 30, row) for row in range(20)]
    texts = ["" if value is None else value.isoformat() for value in times]
    expected = TableEncoding.fit({"t": texts}).transform({"t": texts})
    seconds = pyarrow.array(times, pyarrow.time32("s"))
    parquet.write_table(pyarrow.table({"t": seconds, "y": range(20)}), tmp_path / "t.parquet")
    forms = [
        {"t": times},
        pd.DataFrame({"t": times}),
        polars.DataFrame({"t": times}),
        pyarrow.table({"t": times}),
        load_table(tmp_path / "t.parquet", "y", frame=True).X,
    ]
    for table in forms:
        found = TableEncoding.fit(table).transform(table)
        np.testing.assert_array_equal(found, expected)


def test_a_format_of_dates_is_proposed_beside_the_remedies_of_other_columns(write):
    days = [f"{1 + day % 28:02}.{1 + day % 12:02}.24" for day in range(40)]
    numbers = [str(number) for number in range(38)] + ["tbd", "tbd"]
    rows = [f"{numbers[place]},{days[place]},{place}.5" for place in range(40)]
    with pytest.raises(DataError) as caught:
        TableEncoding.fit(load_table(write("\n".join(["n,d,y", *rows])), "y", frame=True).X)
    assert "date_format='%d.%m.%y' or, if the year is first, date_format='%y.%m.%d'" in str(
        caught.value
    )


#: Texts of data frames that are no numbers or dates, and the expected dates, where they are clear.
IN_MEMORY = {
    "two digits for the year": ([f"{day:%d.%m.%y}" for day in DAYS[5:]], DAYS[5:]),
    "ambiguous": ([f"{day:%d/%m/%Y}" for day in DAYS if day.day < 13], None),
    "some of another layout": (
        [f"{day:%d/%m/%Y}" if day.day in (3, 4) else f"{day:%Y-%m-%d}" for day in DAYS],
        DAYS,
    ),
    "decimal commas": ([f"{number / 7:.3f}".replace(".", ",") for number in range(40)], None),
}


@pytest.mark.case(157)
@pytest.mark.parametrize(("texts", "expected"), IN_MEMORY.values(), ids=[*IN_MEMORY])
def test_the_remedies_for_data_frames_work(texts, expected):
    column = pd.Series(texts)
    table = pd.DataFrame({"c": column, "x": np.arange(len(texts)) % 7})
    with pytest.raises(DataError, match="column 'c': expected a") as caught:
        TablePreprocessor().fit(table)
    message = str(caught.value)
    assert "date_format" not in message and "decimal=" not in message
    calls = re.findall(r"(?:pandas\.to_datetime|column\.str)\(?.*?\)(?= or|;| of|$)", message)
    assert calls
    for call in calls:
        read = eval(call, {"pandas": pd, "column": column})
        fitted = TablePreprocessor().fit(table.assign(c=read)).encoding_.columns[0]
        assert fitted.kind in ("date", "number")
    if expected is not None:
        read = eval(calls[0], {"pandas": pd, "column": column})
        assert read.tolist() == expected.tolist()


@pytest.mark.case(157)
def test_remedies_for_parquet_files_are_those_for_data_frames(tmp_path):
    days = [f"{day:%d.%m.%y}" for day in DAYS]
    pd.DataFrame({"c": days, "y": RNG.random(N)}).to_parquet(tmp_path / "t.parquet")
    with pytest.raises(DataError, match=r"with pandas.to_datetime\(column, format='%d.%m.%y'\)"):
        TableEncoding.fit(load_table(tmp_path / "t.parquet", "y", frame=True).X)


@pytest.mark.case(157)
def test_remedies_for_streams_are_options_of_its_argument(write):
    rows = [f"{day:%d.%m.%y},{number}.5" for number, day in enumerate(DAYS)]
    path = write("\n".join(["c,y", *rows]))
    with pytest.raises(DataError, match=r"read the file with csv=\{'date_format'") as caught:
        stream(path, "y")
    opened = stream(path, "y", csv=caught.value.options["csv"])
    assert opened.encoding.columns[0].kind == "date"


@pytest.mark.case(157)
def test_each_column_may_have_dates_of_its_own_format(write):
    rows = [f"{day:%d.%m.%y},{day:%y/%m/%d},{day:%d-%b-%y},{n}.5" for n, day in enumerate(DAYS)]
    path = write("\n".join(["start,end,third,y", *rows]))
    with pytest.raises(DataError) as caught:
        TableEncoding.fit(load_table(path, "y", frame=True).X)
    proposed = {}
    for option, value in caught.value.options.items():
        if option.startswith("date_format") and len(option.removeprefix("date_format")) % 2 == 0:
            proposed |= value
    proposed |= {"end": "%y/%m/%d"}  # as the remedy has it if the year is first
    assert proposed == {"start": "%d.%m.%y", "end": "%y/%m/%d", "third": "%d-%b-%y"}
    columns = load_table(path, "y", date_format=proposed, frame=True).X
    encoding = TableEncoding.fit(columns)
    expected = TableEncoding.fit({"c": DAYS}).transform({"c": DAYS})
    np.testing.assert_array_equal(encoding.transform(columns), np.tile(expected, 3))
    others = ["%d.%m.%y", "end=%y/%m/%d", "third=%d-%b-%y"]
    same = load_table(path, "y", date_format=others, frame=True).X
    np.testing.assert_array_equal(encoding.transform(same), np.tile(expected, 3))
    with pytest.raises(DataError, match="no column begin"):
        load_table(path, "y", date_format={"begin": "%d.%m.%y"})
    with pytest.raises(ArgumentError, match=r"date_format: expected one format of a column"):
        load_table(path, "y", date_format=["%d.%m.%y", "%y/%m/%d"])


@pytest.mark.case(157)
def test_few_dates_of_another_format_are_read_by_it(write):
    texts = [f"{day:%d/%m/%Y}" if day.day in (3, 4) else f"{day:%Y-%m-%d}" for day in DAYS]
    path = write("\n".join(["c,y", *(f"{text},{n}.5" for n, text in enumerate(texts))]))
    with pytest.raises(DataError, match="ambiguous") as caught:
        TableEncoding.fit(load_table(path, "y", frame=True).X)
    assert caught.value.line == 2 + next(n for n, day in enumerate(DAYS) if day.day == 3)
    columns = load_table(path, "y", date_format=caught.value.options["date_format"], frame=True).X
    expected = TableEncoding.fit({"c": DAYS})
    np.testing.assert_array_equal(expected.transform(columns), expected.transform({"c": DAYS}))


@pytest.mark.case(156)
@pytest.mark.parametrize("text", ["1e999", "-1E400"])
def test_a_number_beyond_float64_is_missing_by_its_own_text(write, text):
    path = write("\n".join(["a,b,y", *(f"{n},{text if n == 7 else n / 3},{n}" for n in range(30))]))
    columns = load_table(path, "y", task="regression", frame=True).X
    for table in (columns, {"b": [str(n) if n != 7 else text for n in range(30)]}):
        with pytest.raises(DataError, match="within float64's range") as caught:
            TableEncoding.fit(table)
        missing = caught.value.options["missing"]
        assert missing == [text]
        encoding = TableEncoding.fit(table, missing=missing)
        assert encoding.input_names[-1] == "b missing"


@pytest.mark.case(155)
def test_no_column_to_split_by_is_to_be_left_out(write):
    days = [f"{row % 28 + 1:02}.01.24" for row in range(60)]
    path = write("\n".join(["day,x,y", *(f"{day},1,{n}.5" for n, day in enumerate(days))]))
    with pytest.raises(DataError) as caught:
        load_table(path, "y", split_by_time="day")
    assert {*caught.value.options} == {"date_format", "date_format_", "split_by_group"}
    assert "drop" not in str(caught.value)


@pytest.mark.case(153)
@pytest.mark.parametrize("marker", ["00.00.0000", "02.01.1900", "31.12.9999"])
def test_a_marker_in_the_format_of_the_dates_is_missing(write, marker):
    days = [marker if n % 5 == 1 else f"{1 + n % 4:02}.01.2024" for n in range(100)]
    path = write("\n".join(["day,x,y", *(f"{day},{n % 7},{n}.5" for n, day in enumerate(days))]))
    blank = write(path.read_text().replace(marker, ""), "blank.csv")
    options = {"date_format": "%d.%m.%Y", "frame": True}
    expected = TableEncoding.fit(load_table(blank, "y", **options).X)
    columns = load_table(path, "y", **options).X
    encoding = TableEncoding.fit(columns, missing=[marker])
    found = encoding.transform(columns)
    np.testing.assert_array_equal(found, expected.transform(load_table(blank, "y", **options).X))
    # A stream and new rows in memory follow the same rule.
    opened = stream(path, "y", csv={"date_format": "%d.%m.%Y"}, missing=[marker], task="regression")
    assert "day missing" in opened.encoding.input_names
    again = encoding.transform({"day": [marker, "2024-01-02"], "x": [1, 1]})
    assert again[:, encoding.input_names.index("day missing")].tolist() == [1, 0]


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
    values = [words[row % len(words)] for row in range(N)]
    column = TableEncoding.fit({"c": values}).columns[0]
    assert column.kind == "boolean"
    is_true = [word in ("True", "true", "yes", "Y", "y", "on", "T", "1", "1.0") for word in words]
    assert encoded(values)[: len(words), 0].tolist() == is_true


@pytest.mark.case(128)
def test_one_word_beside_many_digits_is_a_boolean():
    values = [["True", "False"][row % 2] if row < 2 else str(row % 2) for row in range(N)]
    assert kind(values) == "boolean"


@pytest.mark.case(128)
@pytest.mark.parametrize(
    "words",
    [
        ["yes", "no", "t"],
        ["1", "0", "n"],
    ],
)
def test_other_words_and_letters_stay_names(words):
    values = [words[row % len(words)] for row in range(N)]
    assert kind(values) == "category"


@pytest.mark.case(128)
@pytest.mark.parametrize("words", TRUTHS[:2])
def test_a_stream_reads_words_of_several_files_as_in_memory(tmp_path, monkeypatch, words):
    """The sample of the kinds may lack some of the words."""
    for most in (20, 2**16):
        monkeypatch.setattr("barenet.streams._stream_fit.MOST_ROWS", most)
        for order in (1, -1):
            for number, first in enumerate([0, 2][::order]):
                pair = words[first : first + 2]
                rows = pd.DataFrame({"c": [pair[row % 2] for row in range(N)]})
                rows = rows.assign(x=np.arange(N) % 7, z=np.arange(N) / 9)
                rows.to_csv(tmp_path / f"{number}.csv", index=False)
            column = stream(f"{tmp_path}/*.csv", "z").encoding.columns[0]
            assert column.kind == "boolean"


def beside(values, others, share):
    """The values with others, one after the other, in a share of the rows."""
    mixed = []
    n_others = 0
    for row, value in enumerate(values):
        if (row + 1) * share > n_others + 1:
            mixed.append(others[n_others % len(others)])
            n_others += 1
        else:
            mixed.append(value)
    return mixed


#: Comments, each of which is another one.
COMMENTS = [f"comment {'abcdefghij'[n // 10]}{'abcdefghij'[n % 10]}" for n in range(100)]
DATES = DAYS.strftime("%Y-%m-%d").tolist()
CLOCK = [f"{6 + row // 60:02}:{row % 60:02}" for row in range(N)]


@pytest.mark.case(127)
@pytest.mark.parametrize("share", [0.14, 0.3, 0.45])
@pytest.mark.parametrize(
    ("values", "expected"), [(NUMBERS, "a number"), (DATES, "a date"), (CLOCK, "a time of day")]
)
def test_numbers_and_dates_beside_comments_are_no_identifiers(values, expected, share):
    mixed = beside(values, COMMENTS, share)
    with pytest.raises(DataError, match=f"'c': expected {expected}, as .* got 'comment aa'") as e:
        kind(mixed)
    assert "errors='coerce'" in str(e.value)
    assert e.value.options == {"categories": ["c"], "drop": ["c"]}
    # Each remedy works.
    table = {"c": mixed, "x": np.arange(N) % 7}
    assert TableEncoding.fit(table, drop=["c"]).feature_names == ("x",)
    assert TableEncoding.fit(table, categories=["c"], rare=0).columns[0].kind == "category"
    if expected == "a number":
        table["c"] = pd.to_numeric(pd.Series(mixed), errors="coerce")
    else:
        table["c"] = pd.to_datetime(pd.Series(mixed), errors="coerce", format="mixed")
    assert TableEncoding.fit(table).columns[0].kind in ("number", "date")


@pytest.mark.case(127)
def test_comments_with_digits_beside_decimal_numbers_are_named():
    comments = [f"see note {n}" for n in range(60)]
    with pytest.raises(DataError, match=r"'c': expected a number, as .* got 'see note 0'"):
        kind(beside(NUMBERS, comments, 0.3))


#: Marks of missing values.
MARKS = ["unknown", "not measured", "lost", "too low", "out of order", "refused", "not asked"]


@pytest.mark.case(127)
@pytest.mark.parametrize("values", [NUMBERS[:66], DATES[:66], [str(3 * row) for row in range(40)]])
def test_several_marks_in_most_rows_are_named_with_the_option(values):
    mixed = beside([*values, *values, *values], MARKS, 0.67)
    with pytest.raises(DataError, match="use missing=") as error:
        kind(mixed)
    assert {*error.value.options["missing"]} == {*MARKS}
    table = {"c": mixed, "x": np.arange(len(mixed)) % 7}
    column = TableEncoding.fit(table, missing=error.value.options["missing"]).columns[0]
    assert column.kind in ("number", "date")


@pytest.mark.case(127)
@pytest.mark.parametrize(
    "others",
    [
        [f"{number}{'abcdef'[number % 6]}" for number in range(60)],
        [f"A{number}" for number in range(60)],
        [f"A/5 {number}" for number in range(60)],
        [f"V{number}.{number % 7}" for number in range(60)],
        ["LINE", "FREE", "NONE A", "NONE B", *(f"PC {number}" for number in range(50))],
    ],
)
def test_numbers_beside_names_with_digits_stay_names(others):
    whole = [str(100 + row) for row in range(N)]
    assert kind(beside(whole, others, 0.3)) == "category"
    if others[-1] == "A59":
        assert kind(beside(NUMBERS, others, 0.3)) == "category"


@pytest.mark.case(127)
def test_whole_numbers_beside_different_words_stay_names():
    words = ["".join(RNG.choice([*"ABCDEFGH"], 4)) for _ in range(60)]
    assert kind(beside([str(700 + row) for row in range(N)], words, 0.3)) == "category"


@pytest.mark.case(127)
def test_a_stream_names_numbers_beside_comments(tmp_path):
    rows = pd.DataFrame({"c": beside(NUMBERS, COMMENTS, 0.3), "x": np.arange(N) % 7})
    rows["y"] = np.arange(N) / 9
    rows.to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(DataError, match=r"t\.csv:5: column 'c': expected a number, as "):
        stream(tmp_path / "t.csv", "y")

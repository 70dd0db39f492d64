"""Dates and times of day in each layout, and the formats that users give."""

import datetime
import re

import numpy as np
import pandas as pd
import polars
import pyarrow
import pytest
from pyarrow import parquet

from barenet import TableEncoding
from barenet.datasets._table_loading import load_table
from barenet.errors import ArgumentError, DataError
from barenet.streams._stream import stream
from barenet.tables.files._delimited import CsvOptions

N = 200
RNG = np.random.default_rng(156)
DAYS = pd.date_range("2020-01-01", periods=N)
MONTHLY = [datetime.date(2019, 1, 31) + datetime.timedelta(days=37 * n) for n in range(60)]


def encoded(values):
    """The numbers of column c beside another column."""
    table = {"c": values, "x": np.arange(len(values)) % 7}
    return TableEncoding.fit(table).transform(table)


@pytest.fixture
def table(write):
    """Write values as column c, beside x and the target y, which counts the rows."""

    def write_table(values):
        rows = [f'"{value}",{n % 7}.5,{n}.25' for n, value in enumerate(values)]
        return write("\n".join(["c,x,y", *rows]), "values.csv")

    return write_table


FORMATS = ["%Y.%m.%d", "%d-%b-%Y", "%B %d, %Y", "%b %Y", "%Y%m%dT%H%M%S"]
FORMATS_OF_EXPORTS = ["%d-%b-%y", "%m.%Y", "%Y_%m_%d"]


@pytest.mark.case(155)
@pytest.mark.parametrize("date_format", [*FORMATS, *FORMATS_OF_EXPORTS])
def test_a_split_by_days_in_any_layout_is_by_time(write, date_format):
    order = RNG.permutation(N)
    days = DAYS.strftime(date_format)
    rows = [f'"{days[n]}",{n % 5},{n}.5' for n in order]
    path = write("\n".join(["day,x,y", *rows]), "days.csv")
    training, test = load_table(path, "y", split_by_time="day").split(0.2)
    periods = days if "%d" in date_format else DAYS.strftime("%Y-%m")
    earlier = periods[training.y.astype(int)]
    later = periods[test.y.astype(int)]
    assert max(training.y) < min(test.y) or set(earlier).isdisjoint(later)
    assert "day" in load_table(path, "y", split_by_time="day").feature_names


@pytest.mark.case(155)
def test_quarters_split_by_time(write):
    quarters = [f"{2000 + n // 16}{'-' * (n % 2)}Q{1 + n // 4 % 4}" for n in range(160)]
    rows = [f"{quarters[n]},1,{n}.5" for n in RNG.permutation(160)]
    path = write("\n".join(["q,x,y", *rows]))
    training, test = load_table(path, "y", split_by_time="q").split(0.2)
    assert max(training.y) < min(test.y)


@pytest.mark.case(155)
@pytest.mark.parametrize("layout", ["Week {1:02}, {0}", "FY{0}", "week {1}"])
def test_names_of_periods_split_no_rows_by_time(table, layout):
    path = table([layout.format(*day.isocalendar()) for day in MONTHLY])
    with pytest.raises(DataError) as caught:
        load_table(path, "y", split_by_time="c")
    assert (caught.value.column, caught.value.line) == ("c", 2)
    assert caught.value.options["split_by_group"] == "c"
    assert load_table(path, "y", split_by_group="c").split_keys.dtype == object


@pytest.mark.case(155)
def test_years_and_numbers_that_grow_with_the_time_stay_numbers(table):
    for layout in ("%Y", "%Y%m%d", "%Y%m", "%Y.%m"):
        keys = load_table(table([day.strftime(layout) for day in MONTHLY]), "y", split_by_time="c")
        assert (np.diff(keys.split_keys) >= 0).all()


@pytest.mark.case(155)
def test_a_date_that_stands_for_none_is_no_date_to_split_by(table):
    days = [day.isoformat() for day in MONTHLY]
    days[7] = "9999-12-31"
    with pytest.raises(DataError, match="leave the row out, or write its date") as caught:
        load_table(table(days), "y", split_by_time="c")
    assert caught.value.line == 9
    days[7] = "2025-12-31"  # late, but possible
    load_table(table(days), "y", split_by_time="c")


@pytest.mark.case(157)
@pytest.mark.parametrize("date_format", [*FORMATS, *FORMATS_OF_EXPORTS])
def test_dates_that_one_reading_fits_are_those_of_pandas(date_format):
    days = DAYS + pd.to_timedelta(np.arange(N) * 97, "min")
    texts = days.strftime(date_format)
    expected = pd.Series(pd.to_datetime(texts, format=date_format))
    np.testing.assert_array_equal(encoded(texts.tolist()), encoded(expected))


@pytest.mark.case(157)
@pytest.mark.parametrize(
    "date_format",
    ["%m/%d/%Y 0:00:00", "%m/%d/%Y 12:00:00 AM", "%m/%d/%Y %I %p", "%a %b %d %H:%M:%S %Y"],
)
def test_dates_and_times_that_one_reading_fits_are_those_of_pandas(date_format):
    days = DAYS + pd.to_timedelta(np.arange(N) * 97, "min")
    texts = days.strftime(date_format)
    expected = pd.Series(pd.to_datetime(texts, format=date_format))
    np.testing.assert_array_equal(encoded(texts.tolist()), encoded(expected))
    without_zeros = [re.sub(r"(?<![\d:])0(\d)", r"\1", text) for text in texts]
    if ":%M" not in date_format:
        np.testing.assert_array_equal(encoded(without_zeros), encoded(expected))


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


@pytest.mark.case(143)
@pytest.mark.parametrize("date_format", ["%d.%m.%Y", "%m/%d/%Y", "%d-%m-%Y %H:%M"])
def test_dates_are_encoded_as_those_that_begin_with_the_year(date_format):
    days = pd.Timestamp("2021-01-01") + pd.to_timedelta(np.arange(0, 900, 7.5), "D").floor("min")
    rows = {"day": days.strftime(date_format), "x": np.arange(120) % 9}
    encoding = TableEncoding.fit(rows)
    same = days if "%H" in date_format else days.floor("D")
    expected = TableEncoding.fit(rows | {"day": same})
    assert encoding.input_names == expected.input_names
    assert encoding.transform(rows).tolist() == expected.transform(rows | {"day": same}).tolist()
    again = TableEncoding.from_dict(encoding.to_dict())
    first = {"day": days[:1].strftime(date_format), "x": [0]}  # which shows no order by itself
    assert again.transform(first).tolist() == encoding.transform(rows)[:1].tolist()
    assert again.transform({"day": same[:1], "x": [0]}).tolist() == again.transform(first).tolist()
    with pytest.raises(DataError) as caught:
        again.transform({"day": ["31-31-2024"], "x": [0]})
    assert (caught.value.column, caught.value.value) == ("day", "31-31-2024")


@pytest.mark.case(157)
@pytest.mark.parametrize("time_format", ["%H:%M", "%I:%M:%S%p"])
def test_times_of_day_are_a_cycle_of_the_day(time_format):
    times = pd.Timestamp("1970-01-01") + pd.to_timedelta(RNG.integers(0, 86_399, N), "s")
    texts = times.strftime(time_format).tolist()
    encoding = TableEncoding.fit({"t": texts}, numbers="none")
    assert encoding.input_names == ("t", "t day sin", "t day cos")
    read = pd.to_datetime("1970-01-01 " + pd.Series(texts), format=f"%Y-%m-%d {time_format}")
    seconds = (read - pd.Timestamp("1970-01-01")).dt.total_seconds().to_numpy()
    angles = 2 * np.pi * seconds / 86_400
    expected = np.column_stack([seconds, np.sin(angles), np.cos(angles)])
    np.testing.assert_allclose(encoding.transform({"t": texts}), expected, atol=1e-9)
    for wrong in (["25:00"], np.array(["2024-01-01T12:00"], "M8[us]")):
        with pytest.raises(DataError, match="expected a time of day, such as 14:30 or 2:30 PM"):
            encoding.transform({"t": wrong})


@pytest.mark.case(157)
def test_hours_of_twelve_are_times_of_day():
    hours = [f"{1 + n % 12} {'AP'[n % 2]}M" for n in range(60)]
    expected = [f"{(1 + n % 12) % 12 + 12 * (n % 2):02}:00" for n in range(60)]
    np.testing.assert_array_equal(encoded(hours), encoded(expected))


@pytest.mark.case(157)
@pytest.mark.parametrize("zone", [" UTC", "+05:30"])
def test_times_with_a_zone_are_those_of_utc(zone):
    moments = pd.Timestamp("2024-01-05") + pd.to_timedelta(RNG.integers(0, 86_399, N), "s")
    texts = [f"{moment:%H:%M:%S}{zone}" for moment in moments]
    shift = {"+05:30": 5.5}.get(zone, 0.0)
    in_utc = moments - pd.Timedelta(hours=shift)
    np.testing.assert_array_equal(encoded(texts), encoded([f"{day:%H:%M:%S}" for day in in_utc]))


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
    for rows in forms:
        found = TableEncoding.fit(rows).transform(rows)
        np.testing.assert_array_equal(found, expected)


@pytest.mark.case(157)
@pytest.mark.parametrize("text", ["{} 9", "Jan {:.2} 12:30 EST 2024", "{} AM", "{}. Januar"])
def test_texts_that_resemble_dates_are_names(text):
    texts = [text.format(day) for day in DAYS[:6].strftime("%d %Y-%m")] * 5
    assert TableEncoding.fit({"c": texts}).columns[0].kind == "category"


@pytest.mark.case(157)
def test_each_column_may_have_dates_of_its_own_format(write):
    rows = [f"{day:%d/%m/%y},{day:%y/%m/%d},{day:%y.%d.%m},{n}.5" for n, day in enumerate(DAYS)]
    path = write("\n".join(["start,end,third,y", *rows]))
    formats = {"start": "%d/%m/%y", "end": "%y/%m/%d", "third": "%y.%d.%m"}
    expected = TableEncoding.fit({"c": DAYS}).transform({"c": DAYS})
    for given in (formats, ["%d/%m/%y", "end=%y/%m/%d", "third=%y.%d.%m"]):
        columns = load_table(path, "y", date_format=given, frame=True).X
        found = TableEncoding.fit(columns).transform(columns)
        np.testing.assert_array_equal(found, np.tile(expected, 3))
    with pytest.raises(DataError, match="no column begin"):
        load_table(path, "y", date_format={"begin": "%d.%m.%y"})
    with pytest.raises(ArgumentError, match=r"date_format: expected one format of a column"):
        load_table(path, "y", date_format=["%d.%m.%y", "%y/%m/%d"])


@pytest.mark.case(157)
@pytest.mark.parametrize(
    "date_format",
    ["%d.%m.%y", "[%d/%b/%Y:%H:%M:%S %z]", "on %Y-%m-%d (paid)", "%Y年%m月", "%m / %y"],
)
def test_dates_of_any_format_are_read_by_it(table, date_format):
    days = [pd.Timestamp(day, tz="UTC") for day in MONTHLY]
    path = table([f"{day:{date_format}}" for day in days])
    dataset = load_table(path, "y", split_by_time="c", date_format=date_format)
    assert (np.diff(dataset.split_keys) >= 0).all()
    [column, _] = TableEncoding.fit(dataset.X).columns
    assert column.kind == "date"


@pytest.mark.case(157)
@pytest.mark.parametrize("layout", ["%m.%Y", "%Y%m%d"])
def test_dates_in_a_format_beside_others_lose_nothing(table, layout):
    texts = [day.isoformat() for day in MONTHLY]
    texts[1::30] = [day.strftime(layout) for day in MONTHLY[1::30]]
    days = [*MONTHLY]
    days[1::30] = [datetime.datetime.strptime(text, layout).date() for text in texts[1::30]]
    dataset = load_table(table(texts), "y", split_by_time="c", date_format=layout)
    assert dataset.split_keys.tolist() == np.array(days, "M8[s]").astype(float).tolist()
    in_memory = TableEncoding.fit({"c": texts}, columns={"c": f"date {layout}"})
    expected = TableEncoding.fit({"c": days}).transform({"c": days})
    np.testing.assert_array_equal(in_memory.transform({"c": texts}), expected)


@pytest.mark.case(157)
@pytest.mark.parametrize(
    ("date_format", "remedy"),
    [
        ("%Y-%W", "convert the weeks"),
        ("%Y-%m-%d %p", "write the hour as %I"),
        ("%Y-%m-%d %H:%M %Z", "as %z"),
        ("%Y-%M-%d", "the codes are %m for the month and %M for the minute"),
        ("%Y %H", "the codes are %d for the day and %H for the hour"),
    ],
)
def test_a_code_that_has_no_effect_or_lacks_a_larger_part_is_refused(table, date_format, remedy):
    path = table([day.isoformat() for day in MONTHLY])
    with pytest.raises(ArgumentError) as caught:
        load_table(path, "y", date_format=date_format)
    assert caught.value.argument == "date_format" and remedy in caught.value.remedy


@pytest.mark.case(157)
@pytest.mark.parametrize("date_format", ["%Y-W%W-%w", "%I:%M %p, %d/%m/%y", "%m/%d/%y %H:%M %z"])
def test_formats_whose_codes_have_an_effect_read_dates(table, date_format):
    noon = [
        datetime.datetime.combine(day, datetime.time(12, 30), datetime.UTC).strftime(date_format)
        for day in MONTHLY
    ]
    dataset = load_table(table(noon), "y", split_by_time="c", date_format=date_format)
    assert (np.diff(dataset.split_keys) > 0).all()


@pytest.mark.case(157)
@pytest.mark.parametrize(
    ("values", "date_format"),
    [
        ([f"{day:%Y%m%d}" for day in MONTHLY], "%d%m%Y"),
        (["yes", "no"] * 30, "%d.%m.%Y"),
    ],
)
def test_a_format_that_names_a_column_of_other_values_is_refused(table, values, date_format):
    path = table(values)
    named = {"c": date_format}
    for call in (
        lambda: TableEncoding.fit(load_table(path, "y", date_format=named).X),
        lambda: load_table(path, "y", split_by_time="c", date_format=named),
        lambda: stream(path, "y", csv=CsvOptions(date_format=named), task="regression"),
    ):
        with pytest.raises(DataError) as caught:
            call()
        assert (caught.value.column, caught.value.line) == ("c", 2)
        assert date_format in caught.value.expected
    # A format for all columns is for those that hold dates.
    load_table(path, "y", date_format=date_format)
    with pytest.raises(ArgumentError) as contradiction:
        load_table(path, "y", date_format=named, columns={"c": "names"})
    assert contradiction.value.argument == "date_format"


@pytest.mark.case(157)
def test_a_format_that_names_a_column_of_digits_reads_them(table):
    days = [f"{day:%Y%m%d}" for day in MONTHLY]
    days[3] = "-1"
    dataset = load_table(table(days), "y", date_format={"c": "%Y%m%d"})
    [column, _] = TableEncoding.fit(dataset.X, missing=["-1"]).columns
    assert column.kind == "date"
    dataset = load_table(table(["", "NA", "None"] * 20), "y", date_format={"c": "%Y%m%d"})
    [column, _] = TableEncoding.fit(dataset.X).columns
    assert column.kind == "dropped"


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
    opened = stream(
        path, "y", csv=CsvOptions(date_format="%d.%m.%Y"), missing=[marker], task="regression"
    )
    assert "day missing" in opened.encoding.input_names
    again = encoding.transform({"day": [marker, "2024-01-02"], "x": [1, 1]})
    assert again[:, encoding.input_names.index("day missing")].tolist() == [1, 0]


@pytest.mark.case(153)
def test_a_missing_date_is_missing_until_the_end_of_its_day():
    times = ["2024-01-05", "9999-12-31 23:59:59", "2024-03-09", "9999-12-31 23:59:59.997"] * 5
    for values in (times, np.array(times, "M8[us]"), pd.Series(pd.to_datetime(times[::2]))):
        encoding = TableEncoding.fit({"end": values}, missing=["9999-12-31", "2024-01-05"])
        assert "end missing" in encoding.input_names
    encoding = TableEncoding.fit({"end": times}, missing=["9999-12-31"])
    indicator = encoding.input_names.index("end missing")
    new = ["9999-12-31", "9999-12-31 12:00", "9999-12-31 23:59", "2024-01-05 23:59:59"]
    assert encoding.transform({"end": new})[:, indicator].tolist() == [1, 0, 1, 0]


@pytest.mark.case(153)
@pytest.mark.parametrize("zone", ["+01:00", "-05:00"])
@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59", "0001-01-01T00:00:00"])
def test_the_last_and_the_first_day_stand_for_no_date_in_any_zone(moment, zone):
    mark, _, _ = moment.partition("T")
    values = [day.isoformat() for day in MONTHLY]
    values[7] = f"{moment}{zone}"
    encoding = TableEncoding.fit({"end": values}, missing=[mark])
    indicator = encoding.input_names.index("end missing")
    assert np.flatnonzero(encoding.transform({"end": values})[:, indicator]).tolist() == [7]


@pytest.mark.case(153)
def test_the_last_day_in_a_zone_stands_for_no_date_in_memory():
    last_moment = datetime.datetime.fromisoformat("9999-12-31T23:59:59+01:00")
    encoding = TableEncoding.fit({"end": [*MONTHLY, last_moment]}, missing=["9999-12-31"])
    assert "end missing" in encoding.input_names

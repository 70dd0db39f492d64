"""Values that would be read as other numbers, names or groups are refused with a remedy."""

import datetime
import re

import numpy as np
import pandas as pd
import pytest
from barenet.tables.reading._kind_inference import kind_of

from barenet import TableEncoding, load_table, stream
from barenet.errors import ArgumentError, DataError
from barenet.tables.frames._to_frame import as_frame
from barenet.tables.reading._missing_texts import MISSING

DAYS = [datetime.date(2019, 1, 31) + datetime.timedelta(days=37 * n) for n in range(60)]
RNG = np.random.default_rng(155)


def kind(values):
    return kind_of(as_frame({"c": list(values)}), "c", MISSING)


@pytest.fixture
def table(write):
    """Write values as column c, beside x and the target y, which counts the rows."""

    def write_table(values):
        rows = [f'"{value}",{n % 7}.5,{n}.25' for n, value in enumerate(values)]
        return write("\n".join(["c,x,y", *rows]), "values.csv")

    return write_table


@pytest.mark.case(155)
@pytest.mark.parametrize(
    ("layout", "date_format"),
    [
        ("%m.%Y", "%m.%Y"),
        ("%d%m%Y", "%d%m%Y"),
    ],
)
def test_numbers_that_are_all_dates_are_refused_with_their_format(table, layout, date_format):
    path = table([day.strftime(layout) for day in DAYS])
    for options in ({}, {"split_by_time": "c"}):
        with pytest.raises(DataError, match="column 'c': expected a date such as") as caught:
            TableEncoding.fit(load_table(path, "y", **options).X)
        assert caught.value.options["date_format"] == date_format
    dataset = load_table(path, "y", split_by_time="c", date_format=date_format)
    assert (np.diff(dataset.split_keys) >= 0).all()
    [column, _] = TableEncoding.fit(dataset.X).columns
    assert column.kind == "date"
    # The same texts in memory, and days without a zero before them, which a file holds as numbers.
    with pytest.raises(DataError, match="expected a date such as"):
        kind([day.strftime(layout) for day in DAYS])
    late_days = [day.replace(month=10 + n % 3, day=10 + n % 19) for n, day in enumerate(DAYS)]
    path = table([day.strftime(layout) for day in late_days])
    with pytest.raises(DataError, match="expected a date such as"):
        load_table(path, "y", split_by_time="c")


@pytest.mark.case(155)
def test_years_and_numbers_that_grow_with_the_time_stay_numbers(table):
    for layout in ("%Y", "%Y%m%d", "%Y%m", "%y%m%d", "%Y.%m"):
        keys = load_table(table([day.strftime(layout) for day in DAYS]), "y", split_by_time="c")
        assert (np.diff(keys.split_keys) >= 0).all()
    assert kind([f"{value:.4f}" for value in RNG.uniform(1, 12, 50)]) == "number"
    assert kind([f"{value:.2f}" for value in RNG.uniform(1900, 2100, 50)]) == "number"
    assert kind([str(value) for value in RNG.integers(100_000, 400_000, 50)]) == "number"
    assert kind(["01.2019", "02.2019"]) == "number"  # too few to be sure


@pytest.mark.case(155)
@pytest.mark.parametrize(
    ("write_day", "date_format"),
    [
        (lambda day: f"{day:%Y}_{day:%m}", "%Y_%m"),
        (lambda day: f"{day.year}年{day.month}月", "%Y年%m月"),
        (lambda day: f"{day:%m / %y}", "%m / %y"),
        (lambda day: f"Week {day:%V}, {day:%G}", None),
        (lambda day: f"{day:%G-%V}", None),
        (lambda day: f"/Date({day.toordinal() * 10**6})/", None),
    ],
)
def test_months_weeks_and_moments_in_other_layouts_are_refused(table, write_day, date_format):
    path = table([write_day(day) for day in DAYS])
    for options in ({}, {"split_by_time": "c"}):
        with pytest.raises(DataError, match="column 'c': expected a date such as") as caught:
            TableEncoding.fit(load_table(path, "y", **options).X)
        assert caught.value.options.get("date_format") == date_format
    if date_format is not None:
        dataset = load_table(path, "y", split_by_time="c", date_format=date_format)
        assert (np.diff(dataset.split_keys) >= 0).all()
    named = load_table(path, "y", split_by_group="c")
    assert named.split_keys.dtype == object


@pytest.mark.case(157)
@pytest.mark.parametrize(
    "layout",
    [
        "%d %b",
        "%m/%d",
    ],
)
def test_a_number_beside_a_month_may_be_a_day_or_a_year(table, layout):
    with pytest.raises(DataError, match="add the year if the number is a day; if it is the year"):
        TableEncoding.fit(load_table(table([day.strftime(layout) for day in DAYS]), "y").X)


@pytest.mark.case(157)
def test_a_number_beside_a_month_that_no_day_has_is_a_year(table):
    years = [f"{['Jan', 'Feb', 'Mar', 'Apr'][n % 4]}-{90 + n % 10}" for n in range(60)]
    with pytest.raises(DataError, match="read the file with date_format='%b-%y'") as caught:
        TableEncoding.fit(load_table(table(years), "y").X)
    assert "if the number is a day" not in str(caught.value)


@pytest.mark.case(155)
def test_weeks_and_a_year_after_them_are_no_names():
    assert kind([f"{20 + n % 30}/{2019 + n % 4}" for n in range(60)]) == "category"  # file numbers
    for layout in ("{}/{}", "{:02}/{}", "{}.{}", "{:02}.{}"):
        weeks = [layout.format(1 + n % 52, 2019 + n // 52) for n in range(156)]
        with pytest.raises(DataError, match="expected a date such as") as caught:
            kind(weeks)
        assert "date_format" not in caught.value.options


@pytest.mark.case(155)
@pytest.mark.parametrize(
    "write_name",
    [
        lambda n: f"{1 + n % 12}/{1 + n % 15:02}",  # rooms
        lambda n: f"{18 + n % 7}-{1 + n % 12}",  # versions
        lambda n: f"T{10 + n * 7 % 80}",  # diagnoses
        lambda n: f"{1950 + n % 50} / {1951 + n % 50}",  # seasons
    ],
)
def test_names_that_resemble_months_stay_names(write_name):
    assert kind([write_name(n) for n in range(120)]) == "category"


@pytest.mark.case(155)
def test_halves_of_a_year_are_dates_and_lengths_of_films_are_durations():
    halves = [f"{1 + n % 2}H{8 + n % 15:02}" for n in range(60)]
    with pytest.raises(DataError, match="expected a date such as"):
        kind(halves)
    with pytest.raises(DataError, match="expected a time of day from 00:00 to 23:59"):
        kind([f"{1 + n % 2}h{n * 7 % 60:02}" for n in range(60)])


@pytest.mark.case(155)
def test_a_date_that_stands_for_none_is_no_date_to_split_by(table):
    days = [day.isoformat() for day in DAYS]
    days[7] = "9999-12-31"
    with pytest.raises(DataError, match="leave the row out, or write its date") as caught:
        load_table(table(days), "y", split_by_time="c")
    assert caught.value.line == 9
    days[7] = "2025-12-31"  # late, but possible
    load_table(table(days), "y", split_by_time="c")


@pytest.mark.case(156)
def test_points_between_thousands_are_no_decimal_points(table, write):
    amounts = [f"{int(value):,}".replace(",", ".") for value in RNG.integers(20, 9000, 80)]
    assert any("." not in amount for amount in amounts)
    path = table(amounts)
    with pytest.raises(DataError, match="without a thousands separator, got") as caught:
        TableEncoding.fit(load_table(path, "y").X)
    encoding = TableEncoding.fit(load_table(path, "y").X, numeric=caught.value.options["numeric"])
    assert encoding.columns[0].kind == "number"
    # As the target, with the task as the remedy.
    rows = [f"{n % 7}.5,{amount}" for n, amount in enumerate(amounts)]
    path = write("\n".join(["x,y", *rows]), "target.csv")
    with pytest.raises(DataError, match="without a thousands separator, got") as caught:
        load_table(path, "y")
    assert load_table(path, "y", **caught.value.options).y[0] == float(amounts[0])
    # Commas between thousands are no decimal commas, either.
    rows = [f"{n % 7};{amount.replace('.', ',')};{n}" for n, amount in enumerate(amounts)]
    path = write("\n".join(["x;c;y", *rows]), "commas.csv")
    with pytest.raises(DataError, match="without a thousands separator, got"):
        TableEncoding.fit(load_table(path, "y", decimal=",").X)


@pytest.mark.case(156)
def test_decimals_stay_numbers():
    values = RNG.uniform(1, 30, 80)
    assert kind([f"{value:.3f}" for value in values]) == "number"
    assert kind([*(str(round(value, 3)) for value in values), "5"]) == "number"
    assert kind([*(f"{value:.3f}" for value in values), "0.125", "7"]) == "number"


@pytest.mark.case(156)
@pytest.mark.parametrize(
    "write_pair",
    [
        lambda a, b: f"{a}/{b}",
        lambda a, b: f"{a}-{a + b}",
        lambda a, b: f"{a} to {a + b}",
        lambda a, b: f"{a}/{b} mmHg",
    ],
)
def test_two_numbers_in_a_column_are_refused(write_pair):
    pairs = zip(RNG.integers(90, 180, 60).tolist(), RNG.integers(55, 99, 60).tolist(), strict=True)
    with pytest.raises(DataError, match="write the numbers in columns of their own"):
        kind([write_pair(a, b) for a, b in pairs])


@pytest.mark.case(156)
@pytest.mark.parametrize(
    "values",
    [
        [f"555-{value:04}" for value in RNG.integers(0, 9999, 60)],
        [["0-9", "10-19", "20-29", "30-39"][n % 4] for n in range(60)],
        [f"{2000 + n % 12}/{1 + n % 12:02}" for n in range(60)],
    ],
)
def test_other_names_with_two_numbers_stay_names(values):
    assert kind(values) == "category"


@pytest.mark.case(156)
@pytest.mark.parametrize(
    "layout",
    [
        "({}, {})",
        "{} {}",
    ],
)
def test_coordinates_are_refused_as_two_numbers(layout):
    pairs = [(47 + n / 70, 5 + n / 9) for n in range(80)]
    texts = [layout.format(f"{first:.4f}", f"{second:.4f}") for first, second in pairs]
    with pytest.raises(DataError, match=r"expected one number.*write the numbers in columns of"):
        kind(texts)


@pytest.mark.case(156)
def test_the_coordinates_of_a_few_places_are_their_names():
    assert kind(["48.53, 6.92", "47.01, 5.55", "49.23, 8.01"] * 20) == "category"


@pytest.mark.case(156)
@pytest.mark.parametrize(
    "write",
    [
        lambda n: f"{n * 4321:_}",
        hex,
    ],
)
def test_numbers_with_underscores_or_of_another_base_are_refused(write):
    for values in ([write(n * 43) for n in range(60)], [write(n) for n in range(500, 600)]):
        with pytest.raises(DataError, match="expected a number, got"):
            kind(values)
    assert kind([f"0x{RNG.bytes(20).hex()}" for _ in range(30)]) == "category"


@pytest.mark.case(157)
def test_hours_of_twelve_are_times_of_day():
    assert kind([f"{1 + n % 12} {'AP'[n % 2]}M" for n in range(60)]) == "time"
    assert kind([f"{1 + n % 12}{'ap'[n % 2]}m" for n in range(60)]) == "time"


@pytest.mark.case(157)
@pytest.mark.parametrize(
    "date_format",
    [
    "%Y-%W",
    "%Y-%m-%d %p",
    "%Y-%m-%d %H:%M %Z",
],
)  # fmt: skip
def test_a_code_that_has_no_effect_is_refused(table, date_format):
    path = table([day.isoformat() for day in DAYS])
    with pytest.raises(ArgumentError, match=r"date_format: strptime (ignores|reads) .*; "):
        load_table(path, "y", date_format=date_format)


@pytest.mark.case(157)
@pytest.mark.parametrize(
    "date_format",
    [
        "%Y-W%W-%w",
        "%I:%M %p, %d/%m/%y",
        "%m/%d/%y %H:%M %z",
    ],
)
def test_formats_whose_codes_have_an_effect_read_dates(table, date_format):
    noon = [
        datetime.datetime.combine(day, datetime.time(12, 30), datetime.UTC).strftime(date_format)
        for day in DAYS
    ]
    dataset = load_table(table(noon), "y", split_by_time="c", date_format=date_format)
    assert (np.diff(dataset.split_keys) > 0).all()


@pytest.mark.case(157)
def test_no_proposed_format_has_an_ignored_code(table):
    path = table([f"{day.isoformat()} AM" for day in DAYS])
    with pytest.raises(DataError, match="expected a date such as") as caught:
        TableEncoding.fit(load_table(path, "y").X)
    assert "date_format" not in caught.value.options


@pytest.mark.case(156)
@pytest.mark.parametrize(
    "marker",
    [
        "-999,5",
    ],
)
def test_a_marker_with_a_decimal_comma_is_missing(write, marker):
    values = [marker if n % 5 == 1 else f"{n % 17},25" for n in range(100)]
    rows = [f"{value};{n % 7};{n}" for n, value in enumerate(values)]
    path = write("\n".join(["c;x;y", *rows]), "commas.csv")
    dataset = load_table(path, "y", decimal=",", frame=True)
    encoding = TableEncoding.fit(dataset.X, missing=[marker])
    indicator = encoding.transform(dataset.X)[:, encoding.input_names.index("c missing")]
    assert indicator.tolist() == [float(n % 5 == 1) for n in range(100)]
    opened = stream(path, "y", csv={"decimal": ","}, missing=[marker], task="regression")
    assert "c missing" in opened.encoding.input_names
    # As the target, these rows are left out.
    assert len(load_table(path, "c", decimal=",", missing=[marker]).y) == 80
    assert stream(path, "c", csv={"decimal": ","}, missing=[marker], task="regression").n_rows == 80


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
@pytest.mark.parametrize(
    "zone",
    [
        "+01:00",
        "-05:00",
    ],
)
@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59", "0001-01-01T00:00:00"])
def test_the_last_and_the_first_day_stand_for_no_date_in_any_zone(moment, zone):
    mark, _, _ = moment.partition("T")
    values = [day.isoformat() for day in DAYS]
    values[7] = f"{moment}{zone}"
    encoding = TableEncoding.fit({"end": values}, missing=[mark])
    indicator = encoding.input_names.index("end missing")
    assert np.flatnonzero(encoding.transform({"end": values})[:, indicator]).tolist() == [7]


@pytest.mark.case(153)
def test_the_last_day_in_a_zone_stands_for_no_date_in_memory():
    last_moment = datetime.datetime.fromisoformat("9999-12-31T23:59:59+01:00")
    encoding = TableEncoding.fit({"end": [*DAYS, last_moment]}, missing=["9999-12-31"])
    assert "end missing" in encoding.input_names


@pytest.mark.case(155)
@pytest.mark.parametrize(
    "values",
    [
        [f"{1.2003 + 0.0001 * (n * 7 % 90):.4f}" for n in range(300)],  # a rate of exchange
        [f"{1 + n % 9}{1 + n % 5:02}{1 + n * 7 % 40:02}" for n in range(300)],  # rooms
    ],
)
def test_numbers_that_may_be_dates_by_chance_stay_numbers(table, values):
    assert kind(values) == "number"
    TableEncoding.fit(load_table(table(values), "y").X)


@pytest.mark.case(156)
@pytest.mark.parametrize(
    "values",
    [
        ["0" if n % 4 == 0 else f"{1 + n * 7 % 90 / 8:.3f}" for n in range(300)],
        ["48" if n == 7 else f"{48 + n / 1000:.3f}" for n in range(300)],
    ],
)
def test_markers_beside_decimals_are_no_numbers_below_a_thousand(values):
    assert kind(values) == "number"


@pytest.mark.case(156)
@pytest.mark.parametrize(
    "write_code",
    [
        lambda n: f"{19 + n % 6}-{1000 + n * 37 % 999}",  # dockets
        lambda n: f"{100 + n * 17 % 900}/{2019 + n % 5}",  # file numbers
    ],
)
def test_codes_with_two_numbers_are_not_pairs(write_code):
    assert kind([write_code(n) for n in range(60)]) == "category"


@pytest.mark.case(155)
def test_months_and_dates_beside_declared_markers_are_refused(table):
    for layout, marker in (("%m.%Y", "-999"), ("%d%m%y", "999999")):
        values = [marker if n % 9 == 1 else day.strftime(layout) for n, day in enumerate(DAYS)]
        with pytest.raises(DataError, match="expected a date such as"):
            TableEncoding.fit(load_table(table(values), "y").X, missing=[marker])


@pytest.mark.case(155)
def test_dates_without_the_zero_before_them_are_refused_and_never_misread(table):
    values = [f"{day.day}{day.month:02}{day.year}" for day in DAYS]
    path = table(values)
    with pytest.raises(
        DataError, match="convert the column to dates; to read numbers, use"
    ) as caught:
        TableEncoding.fit(load_table(path, "y").X)
    encoding = TableEncoding.fit(load_table(path, "y").X, numeric=caught.value.options["numeric"])
    assert encoding.columns[0].kind == "number"
    # Python would read 1112024 as 11 January.
    with pytest.raises(DataError):
        TableEncoding.fit(load_table(path, "y", date_format="%d%m%Y", frame=True).X)


@pytest.mark.case(157)
@pytest.mark.parametrize(
    "date_format",
    [
        "%Y-%M-%d",
        "%Y %H",
    ],
)
def test_a_format_with_a_gap_is_refused(table, date_format):
    with pytest.raises(
        ArgumentError, match=r"date_format: .* has an? \w+ without an? \w+; the codes"
    ):
        load_table(table([day.isoformat() for day in DAYS]), "y", date_format=date_format)


@pytest.mark.case(157)
@pytest.mark.parametrize(
    ("values", "date_format"),
    [
        ([f"{day:%Y%m%d}" for day in DAYS], "%d%m%Y"),
        (["yes", "no"] * 30, "%d.%m.%Y"),
    ],
)
def test_a_format_that_names_a_column_of_other_values_is_refused(table, values, date_format):
    path = table(values)
    named = {"c": date_format}
    with pytest.raises(DataError, match="column 'c': expected a date in its format") as caught:
        TableEncoding.fit(load_table(path, "y", date_format=named).X)
    assert caught.value.line == 2
    with pytest.raises(DataError, match="column 'c': expected a date in its format"):
        load_table(path, "y", split_by_time="c", date_format=named)
    with pytest.raises(DataError, match="column 'c': expected a date in its format"):
        stream(path, "y", csv={"date_format": [f"c={date_format}"]}, task="regression")
    # A format for all columns is for those that hold dates.
    load_table(path, "y", date_format=date_format)
    with pytest.raises(ArgumentError) as contradiction:
        load_table(path, "y", date_format=named, categories=["c"])
    assert contradiction.value.argument == "date_format"
    in_memory = load_table(path, "y", date_format=named, frame=True)
    assert TableEncoding.fit(in_memory.X, categories=["c"]).columns[0].kind == "category"


@pytest.mark.case(157)
def test_a_format_that_names_a_column_of_digits_reads_them(table):
    days = [f"{day:%Y%m%d}" for day in DAYS]
    days[3] = "-1"
    dataset = load_table(table(days), "y", date_format={"c": "%Y%m%d"})
    [column, _] = TableEncoding.fit(dataset.X, missing=["-1"]).columns
    assert column.kind == "date"
    dataset = load_table(table(["", "NA", "None"] * 20), "y", date_format={"c": "%Y%m%d"})
    [column, _] = TableEncoding.fit(dataset.X).columns
    assert column.kind == "dropped"


@pytest.mark.case(157)
@pytest.mark.parametrize(
    "distance",
    [
        30,
    ],
)
@pytest.mark.parametrize(
    "layout",
    [
        "%m.%Y",
        "%Y%m%d",
    ],
)
def test_dates_in_a_format_beside_others_lose_nothing(table, layout, distance):
    texts = []
    days = []
    for n, day in enumerate(DAYS):
        text = day.isoformat()
        if n % distance == 1:
            text = day.strftime(layout)
            day = datetime.datetime.strptime(text, layout)
        texts.append(text)
        days.append(day)
    path = table(texts)
    with pytest.raises(DataError, match="expected a date such as") as caught:
        TableEncoding.fit(load_table(path, "y").X)
    assert caught.value.options["date_format"] == layout
    assert "missing" not in caught.value.options
    dataset = load_table(path, "y", split_by_time="c", date_format=layout)
    seconds = np.array(days, "M8[s]").astype(np.float64)
    assert dataset.split_keys.tolist() == seconds.tolist()
    # In memory, the remedy is a call of pandas.
    with pytest.raises(DataError, match="convert the column to dates with pandas") as caught:
        kind(texts)
    [call] = re.findall(r"pandas[.]to_datetime.*?'coerce'\)\)", caught.value.remedy)
    converted = eval(call, {"pandas": pd, "column": pd.Series(texts)})
    assert converted.tolist() == pd.to_datetime(pd.Series(days)).tolist()


@pytest.mark.case(157)
def test_weeks_and_digits_beside_dates_are_dates_without_a_format():
    for layout in ("%V.%G", "%d%m%Y"):
        for distance in (2, 9):
            values = [day.isoformat() for day in DAYS]
            values[1::distance] = [day.strftime(layout) for day in DAYS[1::distance]]
            with pytest.raises(DataError, match="; convert the column to dates; ") as caught:
                kind(values)
            assert "missing" not in caught.value.options
    values = [day.isoformat() for day in DAYS]
    values[1::9] = ["0000-00-00"] * len(DAYS[1::9])
    with pytest.raises(DataError, match="if it stands for a missing value, use missing="):
        kind(values)


@pytest.mark.case(157)
@pytest.mark.parametrize(
    ("date_format", "codes"),
    [
        ("%Y-%M-%d", "%m for the month and %M for the minute"),
    ],
)
def test_the_remedy_of_a_gap_names_its_codes(table, date_format, codes):
    with pytest.raises(ArgumentError, match=f"; the codes are {codes}"):
        load_table(table([day.isoformat() for day in DAYS]), "y", date_format=date_format)


@pytest.mark.case(155)
@pytest.mark.parametrize(
    "end",
    [
        12,
    ],
)
def test_numbers_that_count_after_a_point_are_no_decimals(table, end):
    """2024.1 and 2024.10 would be the same number."""
    values = [f"{2018 + n % 7}.{1 + n % end}" for n in range(300)]
    path = table(values)
    with pytest.raises(DataError, match=r"write 2024\.1 as 2024\.01") as caught:
        TableEncoding.fit(load_table(path, "y").X)
    numeric = caught.value.options["numeric"]
    assert TableEncoding.fit(load_table(path, "y").X, numeric=numeric).columns[0].kind == "number"
    decimals = np.random.default_rng(1).uniform(1, 9, 300)
    assert kind([f"{value:.1f}" for value in decimals]) == "number"
    assert kind([f"{value:.2f}" for value in decimals]) == "number"
    assert kind([str(round(value, 2)) for value in decimals]) == "number"

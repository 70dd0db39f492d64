"""Rows split by time or by groups, the order of rows, and formats of dates."""

import numpy as np
import pandas as pd
import pytest

from barenet import TableEncoding, load_dataset
from barenet.datasets._split_column import SplitColumn
from barenet.datasets._table_loading import load_table, read_samples
from barenet.errors import ArgumentError, DataError
from barenet.tables.files._delimited import CsvOptions
from barenet.tables.files._open_table import open_table
from barenet.tables.reading._target import is_ordered


@pytest.fixture
def table(write):
    """40 rows of two weeks in a shuffled order, of 8 people."""
    order = np.random.default_rng(0).permutation(40)
    rows = [f"{1 + n // 3:02d}.03.2024,{n // 3},p{n % 8},{n % 5 / 4},{n / 8}" for n in order]
    return write("\n".join(["day,number,person,x,y", *rows]))


GERMAN = {"date_format": "%d.%m.%Y"}


def load_parquet(path, target, **options):
    """Load the rows of a CSV file from a Parquet file, whose columns have types."""
    rows = pd.read_csv(path, parse_dates=["day"], date_format=GERMAN["date_format"])
    rows.to_parquet(path.with_suffix(".parquet"))
    return load_table(path.with_suffix(".parquet"), target, **options)


@pytest.mark.parametrize("column", ["day", "number"])
def test_the_last_rows_are_the_test_set_and_no_day_is_in_both(table, column):
    data = load_table(table, "y", split_by_time=column, **GERMAN)
    without = load_table(table, "y", split_by_time=column, drop=[column], **GERMAN)
    assert {*data.feature_names} - {*without.feature_names} == {column}
    np.testing.assert_array_equal(data.split_keys, without.split_keys)
    with pytest.raises(DataError, match="'y' is the only column left"):
        load_table(table, "y", split_by_time=column, drop=[*data.feature_names], **GERMAN)
    train, test = data.split(0.3, seed=5)
    assert train.split_keys.max() < test.split_keys.min()
    assert train.y.max() < test.y.min() and {*train.y, *test.y} == {*data.y}
    assert test.n_samples == 13  # 27 or 30 rows can be before a new day, and 28 would be 70 %
    assert column in data.feature_names
    later, last = train.split(0.1)
    assert later.split_keys.max() < last.split_keys.min()


@pytest.mark.case(143)
def test_dates_whose_order_is_shown_are_split_by_as_others(table, write):
    data = load_table(table, "y", split_by_time="day")
    expected = load_table(table, "y", split_by_time="day", **GERMAN)
    np.testing.assert_array_equal(data.split_keys, expected.split_keys)
    few = write("day,x,y\n01.03.2024,0.5,1.5\n02.03.2024,0.5,2.5\n")  # shows no order
    split = SplitColumn("day", "split_by_time")
    assert read_samples(open_table(few), ["day", "x"], "y", split=split).n_samples == 2


def test_groups_stay_whole_and_their_column_is_no_feature(table):
    data = load_table(table, "y", split_by_group="person", **GERMAN)
    assert data.feature_names == ("day", "number", "x")
    train, test = data.split(0.25, seed=1)
    assert not {*train.split_keys} & {*test.split_keys} and test.n_samples == 10
    assert {*data.split(0.25, seed=2)[1].split_keys} != {*test.split_keys}


@pytest.mark.case(155)
@pytest.mark.parametrize("load_rows", [load_table, load_parquet])
@pytest.mark.parametrize("column", ["number", "day"])
def test_groups_may_be_of_any_kind(table, load_rows, column):
    data = load_rows(table, "y", split_by_group=column)
    assert column not in data.feature_names and data.split_keys.dtype == object
    assert len({*data.split_keys}) == 14
    train, test = data.split(0.25)
    assert not {*train.split_keys} & {*test.split_keys}
    assert min(test.y) < max(train.y)


@pytest.mark.case(155)
@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ([f"FY{2000 + n % 20}" for n in range(60)], "FY2000"),
        ([f"{8 + n % 16:02}/{9 + n % 16:02}" for n in range(60)], "08/09"),
        ([f"week {1 + n % 52}" for n in range(60)], "week 1"),
        ([f"store {2001 + n % 20}" for n in range(60)], "store 2001"),
        ([f"A{n}" if n % 2 else str(n) for n in range(60)], "A1"),
        ([f"2024-01-{n // 3 + 1:02}" if n % 2 else f"week {n}" for n in range(60)], "week 0"),
        (["yes", "no"] * 30, "yes"),
    ],
)
def test_names_do_not_order_rows(write, values, wrong):
    rows = [f"{value},{n % 7},{n}.5" for n, value in enumerate(values)]
    path = write("\n".join(["c,x,y", *rows]))
    with pytest.raises(DataError) as caught:
        load_table(path, "y", split_by_time="c")
    assert caught.value.expected == "a date, a time or a number to order the rows by"
    assert (caught.value.value, caught.value.line) == (wrong, 2 + values.index(wrong))
    assert caught.value.options == {"split_by_group": "c"}
    groups = load_table(path, "y", **caught.value.options)
    assert {*groups.split_keys} == {*values}


@pytest.mark.parametrize("layout", ["{:03}", "{:02}:15"])
def test_times_of_day_and_numbers_with_zeros_before_them_order_rows(write, layout):
    rows = [f"{layout.format(n % 24)},{n % 7},{n % 24}.5" for n in range(96)]
    data = load_table(write("\n".join(["c,x,y", *rows])), "y", split_by_time="c")
    train, test = data.split(0.2)
    assert train.y.max() < test.y.min()


@pytest.mark.parametrize("other", ["split_by_group", "split_by"])
def test_rows_are_split_by_one_column(table, other):
    with pytest.raises(ArgumentError) as caught:
        load_table(table, "y", **{"split_by_time": "day", other: "person"})
    assert caught.value.argument == f"split_by_time, {other}"


@pytest.mark.parametrize(
    ("options", "argument"),
    [
        ({"split_by": "day"}, "split_by_time"),
        ({"split_by": "number"}, "split_by_time"),
        ({"split_by": "number", "categories": ["number"]}, "split_by_group"),
        ({"split_by": "person"}, "split_by_group"),
    ],
)
def test_the_deprecated_argument_names_its_replacement(table, options, argument):
    column = options["split_by"]
    with pytest.warns(FutureWarning) as warned:
        data = load_table(table, "y", **options)
    [warning] = warned
    assert warning.filename == __file__
    assert warning.message.args[0].options == {argument: column}
    same = load_table(table, "y", **{argument: column})
    np.testing.assert_array_equal(data.split_keys, same.split_keys)
    assert data.feature_names == same.feature_names


@pytest.mark.case(208)
def test_dates_after_today_to_split_by_are_named(write):
    days = [f"7/{n % 28 + 1}/{55 + n % 20}" for n in range(60)]
    path = write("\n".join(["day,x,y", *(f"{day},{n % 7},{n}.5" for n, day in enumerate(days))]))
    with pytest.warns(UserWarning, match="column 'day'.* 42 dates .*2055-07-01") as warned:
        load_table(path, "y", split_by_time="day", date_format="%m/%d/%y")
    [warning] = warned
    assert warning.filename == __file__


def test_samples_have_keys_where_the_file_has_the_column(table):
    csv = CsvOptions(**GERMAN)
    split = SplitColumn("person", "split_by_group")
    assert len({*read_samples(open_table(table, csv), ["x"], "y", split=split).split_keys}) == 8
    absent = SplitColumn("who", "split_by_group")
    assert read_samples(open_table(table, csv), ["x"], "y", split=absent).split_keys is None


@pytest.mark.parametrize(
    ("date_format", "texts"),
    [
        ("%d.%m.%Y", ["31.12.2024", "01.02.2025", "?"]),
        ("%m/%d/%y %H:%M", ["12/31/24 0:00", "02/01/25 00:00", ""]),
        ("%Y%m%d", ["20241231", "20250201", "NA"]),
        ("%d %b %Y", ["31 Dec 2024", "1 Feb 2025", "-"]),
        ("%Y-%m-%dT%H:%M:%S%z", ["2024-12-31T01:00:00+0100", "2025-02-01T00:00:00Z", "NA"]),
    ],
)
def test_dates_of_any_format(write, date_format, texts):
    rows = [f"{text},{n % 3}.5,{n % 2}" for n, text in enumerate(texts * 10)]
    path = write("\n".join(["when,x,y", *rows]))
    frame = load_table(path, "y", date_format=date_format).X
    column = TableEncoding.fit(frame).columns[0]
    assert column.kind == "date" and column.indicator
    dates = column.parse(frame, "when", ("", "?", "NA", "-"))
    expected = np.array(["2024-12-31", "2025-02-01", "NaT"] * 10, "M8[us]")
    np.testing.assert_array_equal(dates, expected)


def test_a_wrong_date_is_missing_and_other_columns_are_read_as_before(write):
    rows = [f"{1 + n % 28:02d}.03.2024,{20240100 + n},{n or ''},{n % 2}" for n in range(40)]
    rows[7] = "31.02.2024,20240107,7,1"
    X = load_table(write("\n".join(["when,code,size,y", *rows])), "y", **GERMAN).X
    assert X["code"].tolist() == [20240100 + n for n in range(40)]
    np.testing.assert_array_equal(X["size"], [np.nan, *range(1, 40)])
    with pytest.warns(UserWarning, match="column 'when': 1 of 40 values .* '31.02.2024'"):
        encoding = TableEncoding.fit(X)
    assert encoding.columns[0].kind == "date" and encoding.columns[0].indicator


def test_ordered_rows_are_noticed():
    rng = np.random.default_rng(0)
    series = np.cumsum(rng.normal(size=300))
    assert is_ordered(series, classes=False)
    assert not is_ordered(rng.permutation(series), classes=False)
    assert not is_ordered(np.sort(series), classes=False)
    assert not is_ordered(series[:40], classes=False)
    weather = (np.convolve(rng.normal(size=309), np.ones(10), "valid") > 0).astype(int)
    assert is_ordered(weather, classes=True)
    assert not is_ordered(rng.permutation(weather), classes=True)
    assert not is_ordered(load_dataset("iris").y, classes=True)  # sorted by class

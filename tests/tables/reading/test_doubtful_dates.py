"""Dates that may be others than they are read as are named, with the words that read the others."""

import warnings
from datetime import date

import numpy as np
import pytest

from barenet import TableEncoding, Task
from barenet.errors import ArgumentError, RemedyWarning
from barenet.streams._stream import stream
from barenet.tables.reading._date_reading import counted_moment

N = 60
ROWS = np.arange(N)
#: Days of years that Python reads as those of this century.
BORN = [f"{1 + row % 12}/{1 + row % 28}/{40 + row % 20}" for row in ROWS]


def task_of(values, **options):
    table = {"born": values, "size": ROWS / 7, "price": ROWS % 13 / 3}
    return Task.open(table, "price", test_size=0, **options)


@pytest.mark.case(208)
@pytest.mark.parametrize("columns", [{}, {"born": "date %m/%d/%y"}])
def test_dates_after_today_of_two_digits_are_named_with_the_words_that_read_earlier_years(columns):
    with pytest.warns(RemedyWarning, match="'born': two digits of a year") as noted:
        task = task_of(BORN, columns=columns)
    assert len(noted) == 1
    assert task.training.X["born"].max() > np.datetime64(date.today())
    [problem] = task.describe()[0].problems
    assert problem.options == noted[0].message.error.options
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        earlier = task_of(BORN, **problem.options)
    born = earlier.training.X["born"]
    assert (born[0], born.max()) == (np.datetime64("1940-01-01"), np.datetime64("1959-12-04"))


@pytest.mark.case(208)
def test_all_blocks_of_a_stream_are_searched_for_dates_after_today(tmp_path):
    for number in range(40):
        year = 62 if number == 20 else 10  # no row of that block is in the sample
        born = [f"1/{1 + row % 28}/{year}" for row in ROWS]
        lines = [f"{day},{row}" for row, day in enumerate(born)]
        tmp_path.joinpath(f"{number:02}.csv").write_text("\n".join(["born,y", *lines]))
    with pytest.warns(RemedyWarning, match="'born': two digits .* up to 2062-01-28"):
        stream(f"{tmp_path}/*.csv", "y", task="regression", columns={"born": "date %m/%d/%y"})


@pytest.mark.case(208)
@pytest.mark.parametrize("words", ["date %m/%d/%Y until 2020", "date %m/%d/%y until 20"])
def test_the_last_of_years_of_two_digits_is_a_year(words):
    with pytest.raises(ArgumentError, match="until"):
        task_of(BORN, columns={"born": words})


#: Numbers of days and moments from 2020 on, by the words that read them.
DAYS = np.datetime64("2020-01-01") + ROWS
COUNTS = {
    "date %Y%m%d": [int(str(day).replace("-", "")) for day in DAYS],
    "date %Y%m%d%H%M%S": [int(str(day).replace("-", "")) * 10**6 for day in DAYS],
    "date unix-seconds": DAYS.astype("M8[s]").astype(int),
    "date unix-milliseconds": DAYS.astype("M8[ms]").astype(int),
    "date excel": 43_831 + ROWS,
}


@pytest.mark.case(219)
@pytest.mark.parametrize("words", COUNTS)
@pytest.mark.parametrize("write", [float, str])
def test_numbers_that_count_time_are_named_with_the_words_that_read_them(words, write, tmp_path):
    values = np.random.default_rng(0).permutation(COUNTS[words])
    lines = [f"{number},{row / 7},{row % 13 / 3}" for row, number in zip(ROWS, values, strict=True)]
    path = tmp_path / "days.csv"
    path.write_text("\n".join(["date,size,price", *lines]))
    table = {"date": values, "size": ROWS / 7, "price": ROWS % 13 / 3}
    source = table if write is float else path
    [problem] = Task.open(source, "price").describe()[0].problems
    assert problem.options == {"columns": {"date": words}}
    read = Task.open(source, "price", test_size=0, **problem.options).training.X["date"]
    np.testing.assert_array_equal(np.sort(read), DAYS.astype("M8[us]"))


@pytest.mark.parametrize("text", ["1_700_000_000", "inf", "nan", " 5"])
def test_a_count_has_digits_alone(text):
    assert counted_moment(text, "unix-seconds") is None


@pytest.mark.case(219)
def test_other_whole_numbers_are_not_named():
    counts = {"phone": 10 * 10**8 + 7_654_321 * ROWS * 13, "price": 43_831 + ROWS}
    for name, values in counts.items():
        task = Task.open({name: values, "size": ROWS / 7, "y": ROWS % 13 / 3}, "y")
        assert task.describe()[0].problems == ()


@pytest.mark.case(212)
@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([f"18.{row % 60:02}.12" for row in ROWS], None),
        ([f"18{row % 60:02}12" for row in ROWS], "time %H%M%S"),
        ([180_012 + 100 * (row % 60) for row in ROWS], "time %H%M%S"),
    ],
)
def test_times_of_day_are_read_in_their_format(values, words):
    encoding = TableEncoding.fit({"t": values}, columns={"t": words} if words else {})
    [column] = encoding.columns
    assert column.kind == "date" and column.order.startswith("%H")
    plain = {"t": [f"18:{row % 60:02}:12" for row in ROWS]}
    expected = TableEncoding.fit(plain).transform(plain)
    np.testing.assert_array_equal(encoding.transform({"t": values}), expected)


@pytest.mark.case(212)
@pytest.mark.parametrize("words", ["time %d.%m.%Y", "time %I.%M", "time %Q"])
def test_a_format_of_times_has_hours_and_no_day(words):
    with pytest.raises(ArgumentError, match="format of times of day"):
        TableEncoding.fit({"t": ["18.00"] * 5}, columns={"t": words})


def test_one_number_in_nearly_all_rows_is_a_number_beside_many_texts():
    with pytest.warns(RemedyWarning, match="100 of 2,000 values can't be read as 'number'"):
        values = ["7"] * 1_800 + ["8"] * 100 + [f"id {row}" for row in range(100)]
        encoding = TableEncoding.fit({"n": values})
    assert encoding.columns[0].kind == "number"


@pytest.mark.case(211)
def test_numbers_with_two_spellings_are_codes(tmp_path):
    codes = ["250.0", "250.00", "401.9"]
    path = tmp_path / "codes.csv"
    lines = [f"{codes[row % 3]},{row % 7 / 3},{row % 3}.5" for row in ROWS]
    path.write_text("\n".join(["code,size,y", *lines]))
    with pytest.warns(RemedyWarning, match="most of its values fit 'number'"):
        task = Task.open(path, "y", task="regression")
    assert task.describe()[0].words == "names"
    encoding = TableEncoding.fit(task.training.X)
    encoded = encoding.transform({"code": codes, "size": [0.0] * 3})[:, :3]
    assert len(np.unique(encoded, axis=0)) == 3
    lines = [f"{number % 17 / 10:.2f},{number % 7},{number % 3}.5" for number in range(60)]
    path.write_text("\n".join(["price,size,y", *lines]))  # of one spelling each
    assert Task.open(path, "y").describe()[0].words == "number"

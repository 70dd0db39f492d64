"""Frames: conversion from other tables, columns by name, rows by number, places in errors."""

import datetime
import decimal
import enum

import numpy as np
import pandas as pd
import polars
import pyarrow
import pyarrow.compute
import pytest

from barenet import TableEncoding, Task, load_dataset
from barenet.errors import DataError
from barenet.tables.files._csv_table import read_table
from barenet.tables.frames._to_column import as_column
from barenet.tables.frames._to_frame import as_frame
from barenet.tables.reading._column_values import as_labels, as_numbers

UTC = datetime.UTC
DAY = datetime.date(2026, 1, 2)
EAST = datetime.timezone(datetime.timedelta(hours=2))


def forms():
    days = [datetime.datetime(2026, 1, 2, 3), None, datetime.datetime(1969, 12, 31)]
    table = {"x": [1.5, None, -2.0], "town": ["Rome", None, "Oslo"], "day": days}
    table["is"] = [True, None, False]
    yield table
    yield pd.DataFrame(table)
    yield pd.DataFrame(table).convert_dtypes()
    yield pd.DataFrame(table).astype({"town": "category", "x": "Float32"})
    yield pyarrow.table(table)
    yield pyarrow.table(table).to_pandas(types_mapper=pd.ArrowDtype)
    yield polars.DataFrame(table)


@pytest.mark.parametrize("table", [*forms()])
def test_equal_tables_of_any_library_are_equal_frames(table):
    """The same columns, or some of them in another order, whatever the others hold."""
    frame = as_frame(table)
    assert [*frame.columns] == ["x", "town", "day", "is"]
    np.testing.assert_array_equal(frame["x"], [1.5, np.nan, -2])
    assert frame["town"].tolist() == ["Rome", "", "Oslo"]
    np.testing.assert_array_equal(
        frame["day"], np.array(["2026-01-02T03", "NaT", "1969-12-31"], "M8[us]")
    )
    assert frame["is"].tolist() == ["True", "", "False"]
    assert as_frame(frame) is frame
    assert [*as_frame(table, only=["is", "x"]).columns] == ["is", "x"]
    with pytest.raises(ValueError, match=r"^X: no column y; the columns are x, town, day, is$"):
        as_frame(table, only=["x", "y"])


def test_arrays_and_lists():
    frame = as_frame([[1, "a", None], [2.5, None, "b"]])
    assert [*frame.columns] == ["x0", "x1", "x2"]
    assert frame["x0"].tolist() == [1, 2.5]
    assert (frame["x1"].tolist(), frame["x2"].tolist()) == (["a", ""], ["", "b"])
    named = as_frame(np.ones((2, 2), np.float16), ["a", "b"])
    assert [*named.columns] == ["a", "b"] and named["a"].dtype == named["b"].dtype == np.float64


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([1, 2], np.uint8), [1.0, 2.0]),
        ([decimal.Decimal("0.5"), None], [0.5, np.nan]),
        ([None, float("nan")], [np.nan, np.nan]),
        ([np.float32(0.5), 1], [0.5, 1.0]),
        ([True, False], [True, False]),
        ([1, "a", 2.5, True, None], ["1", "a", "2.5", "True", ""]),
        (["", "NA"], ["", "NA"]),
        (np.array(["a", "bc"]), ["a", "bc"]),
        (np.ma.array([1, 2, 3], mask=[0, 1, 0]), [1.0, np.nan, 3.0]),
        (np.array([pd.NA, 2], object), [np.nan, 2.0]),
        (pd.Series(pd.array([True, None], "boolean")), ["True", ""]),
        ([2**53, -(2**53)], [2.0**53, -(2.0**53)]),  # the largest integers that float64 keeps apart
        (np.array([2**53, -(2**53)]), [2.0**53, -(2.0**53)]),
        (np.array([1e300, 2.0**60]), [1e300, 2.0**60]),
    ],
)
def test_values_are_converted_by_type(values, expected):
    np.testing.assert_equal(as_column(values, "c").tolist(), expected)


def test_all_dates_become_utc():
    noon = "2026-07-01T12:00"
    for values in (
        np.array([noon], "M8[s]"),
        [datetime.datetime(2026, 7, 1, 12)],
        [datetime.datetime(2026, 7, 1, 14, tzinfo=EAST)],
        pd.Series([pd.Timestamp(noon, tz="UTC").tz_convert("Asia/Tokyo")]),
        pyarrow.chunked_array([pyarrow.array([datetime.datetime(2026, 7, 1, 12, tzinfo=UTC)])]),
    ):
        column = as_column(values, "day")
        assert column.dtype == "M8[us]" and column[0] == np.datetime64(noon)
    assert as_column([datetime.date(2026, 7, 1)], "day")[0] == np.datetime64("2026-07-01")


def test_unselected_columns_may_contain_anything():
    odd = {"x": [1, 2], "lists": [[1], [2]]}
    for table in (odd, pd.DataFrame(odd), pyarrow.table(odd)):
        assert as_frame(table, only=["x"])["x"].tolist() == [1, 2]
        with pytest.raises(DataError, match=r"^X: column 'lists': "):
            as_frame(table)


LARGE = [2**53 + 1, 2**53, 7, None]


@pytest.mark.parametrize(
    "table",
    [
        {"id": LARGE},
        {"id": np.array(LARGE[:3])},
        {"id": np.array(LARGE[:3], np.uint64)},
        {"id": [*map(decimal.Decimal, LARGE[:3])]},
        pd.DataFrame({"id": pd.array(LARGE, "Int64")}),
        pyarrow.table({"id": LARGE}),
        pyarrow.table({"id": LARGE}).to_pandas(types_mapper=pd.ArrowDtype),
        polars.DataFrame({"id": LARGE}),
        polars.DataFrame({"id": LARGE}, schema={"id": polars.Int128}),
    ],
    ids=lambda table: type(table).__module__ + type(table).__name__,
)
def test_integers_beyond_float64_precision_stay_distinct(table):
    """2⁵³ and 2⁵³ + 1 are one number in float64."""
    column = as_frame(table)["id"].tolist()
    assert column[:3] == ["9007199254740993", "9007199254740992", "7"]
    assert column[3:] in ([], [""])


LONG_NUMBERS = [10**5000, -(10**4400), decimal.Decimal("1e5000"), decimal.Decimal("1e99999999")]


@pytest.mark.parametrize("number", LONG_NUMBERS, ids=["int", "negative", "Decimal", "exponent"])
def test_numbers_of_thousands_of_digits_are_refused_with_their_row(number):
    """Python neither reads nor writes an int of more than 4,300 digits."""
    rows = as_frame({"x": [1, number, 2]})
    with pytest.raises(DataError, match="row 1: column 'x': expected a number, got"):
        as_numbers(rows, "x", [])


@pytest.mark.parametrize("others", [["b"], ["b", None], ["b", 1.5, True]])
def test_a_long_text_does_not_widen_the_other_rows(others):
    """As an array of NumPy's own texts, the column would take 400 GB."""
    column = as_frame({"town": ["a" * 10**7, *(others * 10_000)[:10_000]]})["town"]
    assert len(column) == 10_001 and column[1] == "b"


@pytest.mark.parametrize("codes", ["int8", "uint64"])
@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        ("string", ["a", None, "b"], ["a", "", "", "b"]),
        ("string_view", ["a", None, "b"], ["a", "", "", "b"]),
        ("float64", [10.0, None, 30.0], [10, np.nan, np.nan, 30]),
        ("date32", [DAY, None, DAY], np.array([DAY, None, None, DAY], "M8[us]")),
    ],
)
def test_arrow_dictionaries_keep_missing_values(codes, kind, values, expected):
    """A value may be missing among the codes and in the dictionary."""
    indices = pyarrow.array([0, 1, None, 2], codes)
    array = pyarrow.DictionaryArray.from_arrays(indices, pyarrow.array(values, kind))
    other = pyarrow.DictionaryArray.from_arrays(indices, pyarrow.array(values[::-1], kind))
    np.testing.assert_array_equal(as_column(array, "c"), expected)
    chunks = as_frame(pyarrow.table({"c": pyarrow.chunked_array([array, other])}))["c"]
    np.testing.assert_array_equal(chunks[:4], expected)
    np.testing.assert_array_equal(chunks[[7, 6, 5, 4]], chunks[[0, 2, 1, 3]])
    assert not len(as_column(pyarrow.chunked_array([], array.type), "c"))


@pytest.mark.parametrize("day", ["300000-01-01", "0000-12-31", "-5000-01-01"])
def test_a_date_beyond_microseconds_is_named(day):
    """NumPy silently converts the year 300000 in microseconds to another year."""
    days = np.array(["NaT", "9999-12-31", "0001-01-01", day], "M8[s]")
    with pytest.raises(DataError, match=f"X: column 'c': expected a date .* in row 3, got '{day}"):
        as_column(days, "c")
    assert as_column(days[:3], "c").astype("M8[s]").tolist() == days[:3].tolist()


@pytest.fixture
def frame():
    days = np.array(["2026-01-01", "NaT", "2026-01-03"], "M8[us]")
    table = {"x": [1, None, 3], "town": ["Rome", "", "Oslo"], "day": days}
    return as_frame({**table, "is": [True, False, True]})


def test_a_frame_is_indexed_by_column_name_and_row(frame):
    assert (len(frame), frame.shape, [*frame.columns]) == (3, (3, 4), ["x", "town", "day", "is"])
    assert frame["town"].tolist() == ["Rome", "", "Oslo"]
    assert [*frame[["is", "x"]].columns] == [*frame.select(["is", "x"]).columns] == ["is", "x"]
    for rows in ([2, 0], np.array([2, 0]), slice(None, None, -2)):
        assert frame[rows]["town"].tolist() == frame.take(rows)["town"].tolist() == ["Oslo", "Rome"]
    assert frame[np.array([True, False, True])]["is"].tolist() == [True, True]
    assert frame[[0], ...]["x"].tolist() == [1]
    assert len(frame.take([])) == 0
    np.testing.assert_array_equal(pd.DataFrame(frame.columns)["x"], [1, np.nan, 3])
    with pytest.raises(TypeError, match="a TablePreprocessor encodes them"):
        np.asarray(frame)


def test_an_error_names_the_row_in_its_file(frame, write):
    error = frame[1:].fault(1, "town", "a number")
    assert str(error) == "X: row 2: column 'town': expected a number, got 'Oslo'"
    assert str(frame.fault(1, "x", "a number", "fill it")).endswith("got nothing; fill it")
    rows = read_table(write('x,town\n1," Rome"\n\n2,"a\nb"\nNA,Oslo\n')).frame(["town", "x"])
    error = rows.take([2, 1, 0]).take(np.array([False, True, True])).fault(0, "town", "a number")
    assert (error.line, error.value) == (4, "a\nb")
    for last in (rows.take(slice(2, 3)), rows.take([2, 0])[:1], rows.take([1, 0, 2])[[2]]):
        error = last.fault(0, "x", "a number")
        assert (error.line, error.value) == (6, "NA")


def test_an_error_of_a_task_names_the_line_of_a_frame_in_its_file(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("c,x,y\n" + "".join(f"w{row},{row}.5,{row % 7}\n" for row in range(60)))
    rows = load_dataset(path, target="y").X[30:]
    with pytest.raises(DataError, match=r"t\.csv:32: column 'c': expected .*, got 'w30'") as caught:
        Task.open(rows, np.arange(30.0), columns={"c": "number"})
    assert (caught.value.path, caught.value.line) == (path, 32)
    targets = np.where(np.arange(30) == 4, np.inf, 1.0)
    with pytest.raises(DataError, match="row 34: column 'y'") as caught:
        Task.open(rows, targets)
    assert caught.value.line is None, "the targets are in memory"


@pytest.mark.case(152)
def test_each_value_of_a_list_is_converted_by_itself():
    """A truth beside 1, and whole numbers beside fractions, are what they are alone."""
    values = [True, 1, 1.0, 0, False, 1.5, 2**53 + 1, 2**63, -1, None, "1", "x", np.True_]
    for first in values:
        for second in values:
            together = as_labels(as_frame({"c": [first, second]}), "c", ())
            alone = [as_labels(as_frame({"c": [value]}), "c", ())[0] for value in (first, second)]
            assert together.tolist() == alone, (first, second)
    numbers = [True, 1, 0.5, 2**60, None, "1", "-2.5"]
    for first in numbers:
        for second in numbers:
            together = as_numbers(as_frame({"c": (first, second)}), "c", ())
            alone = [as_numbers(as_frame({"c": [value]}), "c", ())[0] for value in (first, second)]
            np.testing.assert_array_equal(together, alone)


@pytest.mark.case(163)
@pytest.mark.parametrize(
    "values",
    [
        ["a", "b\0"],
        np.array(["a", "b\0c"]),
        np.array(["a", "b\0"], object),
        ["a", "\ud800"],
        np.array(["a", "x\udfffy"], object),
        [1, "b\0"],
    ],
)
def test_characters_that_text_cannot_have_are_named_with_their_place(values):
    with pytest.raises(DataError, match=r"column 'c': (a zero|half a) character") as caught:
        as_frame({"c": values})
    assert (caught.value.row, caught.value.column) == (1, "c")
    with pytest.raises(DataError, match="in row 1") as caught:
        Task.open({"x": [1, 2], "c": values}, "c")
    assert caught.value.row == 1


@pytest.mark.case(161)
def test_infinities_are_refused_with_their_first_row_and_the_remedy(tmp_path):
    infinity = -np.inf
    rng = np.random.default_rng(161)
    table = pd.DataFrame({"a": rng.normal(size=90), "b": rng.normal(size=90)})
    table["y"] = table.a - table.b
    table.loc[[11, 40, 80], "a"] = infinity
    table.loc[7, "b"] = infinity
    table.to_parquet(tmp_path / "t.parquet")
    forms = [table, table.to_dict("list"), table.to_dict("records"), polars.DataFrame(table)]
    for rows in [*forms, tmp_path / "t.parquet"]:
        with pytest.raises(DataError) as caught:
            Task.open(rows, "y", test_size=0)
        error = caught.value
        assert (error.row, error.column) == (11, "a")
        assert "row 7: column 'b': expected a number within float64's range" in error.problem
        assert error.options["missing"] == [str(infinity)]
    predictor = Task.open(table, "y", test_size=0, missing=["-inf"]).train(
        model="network", epochs=1
    )
    assert [column.indicator for column in predictor.preprocessing.columns] == [True, True]
    absent = table.replace({infinity: np.nan})
    expected = TableEncoding.fit(absent[["a", "b"]]).transform(absent)
    encoding = TableEncoding.fit(table[["a", "b"]], missing=[str(infinity)])
    np.testing.assert_array_equal(encoding.transform(table), expected)


class Town(str, enum.Enum):  # noqa: UP042
    """Names as a program holds them: str(Town.ROME) is "Town.ROME", and its text "Rome"."""

    ROME = "Rome"
    OSLO = "Oslo"


@pytest.mark.parametrize("container", [list, tuple, lambda values: np.array(values, object)])
def test_members_of_an_enumeration_of_texts_are_these_texts(container):
    column = as_column(container([Town.ROME, Town.OSLO]), "town")
    assert column.tolist() == ["Rome", "Oslo"]
    encoding = TableEncoding.fit({"town": container([Town.ROME, Town.OSLO] * 30)})
    assert encoding.columns[0].categories == ("Oslo", "Rome")


def test_a_target_of_an_enumeration_has_its_texts_as_classes():
    task = Task.open({"x": np.arange(80) % 7, "town": [Town.ROME, Town.OSLO] * 40}, "town")
    assert task.training.classes == ("Oslo", "Rome")


def test_dates_of_numpy_in_a_list_may_be_missing_and_have_several_units():
    days = [np.datetime64("2024-01-05"), None, np.datetime64("2024-01-05T12:30:00.5", "ns")]
    days += [np.datetime64("9999-12-31"), np.datetime64("NaT", "s"), datetime.date(2024, 2, 1)]
    expected = ["2024-01-05", "NaT", "2024-01-05T12:30:00.5", "9999-12-31", "NaT", "2024-02-01"]
    np.testing.assert_array_equal(as_column(days, "day"), np.array(expected, "M8[us]"))
    with pytest.raises(DataError, match="of the years 1 to 9999 in row 1, got '12000-01-01'"):
        as_column([DAY, np.datetime64("12000-01-01")], "day")


def test_every_type_of_arrow_in_pandas_is_read_as_in_arrow():
    days = pyarrow.array([DAY, None, DAY]).dictionary_encode()
    runs = pyarrow.compute.run_end_encode(pyarrow.array(["Rome", "Rome", "Oslo"]))
    views = pyarrow.array(["Rome", None, "Oslo"], pyarrow.string_view())
    for array in (days, runs, views):
        series = pd.Series(pd.arrays.ArrowExtensionArray(array))
        np.testing.assert_array_equal(as_column(series, "c"), as_column(array, "c"))


@pytest.mark.parametrize(
    ("column", "convert"),
    [
        (pd.Series(pd.period_range("2024-01-01", periods=9, freq="D")), "dt.to_timestamp()"),
        (pd.Series(pd.interval_range(0, 9)), "astype(str)"),
        (pd.Series(pd.to_timedelta(range(9), unit="h")), "dt.total_seconds()"),
        (polars.Series([datetime.timedelta(hours=n) for n in range(9)]), "dt.total_seconds()"),
    ],
    ids=["periods", "intervals", "durations", "durations of polars"],
)
def test_the_remedies_for_types_that_are_not_encoded_work(column, convert):
    with pytest.raises(DataError, match="cannot be encoded") as caught:
        as_column(column, "c")
    assert f".{convert}" in caught.value.remedy
    converted = eval(f"column.{convert}", {"column": column})
    assert len(as_column(converted, "c")) == 9


TABLE = {"x": [1.5, None, -2.0], "town": ["Rome", None, "Oslo"], "is": [True, False, True]}
TABLE["day"] = [datetime.datetime(2026, 1, 2, 3), None, datetime.datetime(1969, 12, 31)]


@pytest.mark.case(176)
def test_a_frame_becomes_a_table_of_other_libraries():
    frame = as_frame(TABLE)
    expected = pyarrow.table(TABLE).to_pylist()
    assert pyarrow.table(frame).to_pylist() == expected
    assert polars.DataFrame(frame).to_dicts() == expected
    pandas = frame.to_pandas()
    assert pandas.dtypes.astype(str).to_dict() == pd.DataFrame(TABLE).dtypes.astype(str).to_dict()
    pd.testing.assert_frame_equal(pandas, pd.DataFrame(TABLE))
    again = as_frame(pandas)
    for name in frame:
        np.testing.assert_array_equal(frame[name], again[name])
    with pytest.raises(TypeError, match=r"frame\.to_pandas\(\) is a DataFrame"):
        pd.DataFrame(frame)


@pytest.mark.case(176)
def test_rows_are_counted_and_names_are_members():
    frame = as_frame(TABLE)
    assert len(frame) == 3 and [*frame] == [*TABLE]
    assert "town" in frame and "Rome" not in frame
    assert frame.head(2)["x"][0] == 1.5 and len(frame.head(2)) == 2 and len(frame.head()) == 3


@pytest.mark.case(176)
def test_a_notebook_shows_the_first_rows():
    page = as_frame(TABLE)._repr_html_()
    assert "Frame: 3 rows, 4 columns" in page and "NaT" not in page and "…" not in page
    wide = {f"<{name}>": np.arange(12.0) for name in range(30)}
    page = as_frame(wide)._repr_html_()
    assert page.count("<tr>") == 12  # the names, ten rows and the ellipsis
    assert "&lt;19&gt;" in page and "&lt;20&gt;" not in page and page.count("<td>…") > 10

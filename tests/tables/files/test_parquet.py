"""Parquet files: columns of every type that can be encoded, and one-line errors for others."""

import subprocess
import sys
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas
import pyarrow
import pytest
from pyarrow import parquet

from barenet import Scaling, Task, load_dataset
from barenet.datasets._table_loading import load_table, read_samples
from barenet.errors import DataError
from barenet.streams._stream import stream
from barenet.tables.encoding._named_columns import named_matrix
from barenet.tables.files._delimited import CsvOptions
from barenet.tables.files._open_table import open_table, read_columns
from barenet.tables.files._parquet import open_parquet, parquet_blocks

VIEWS = pytest.mark.skipif(
    int(pyarrow.__version__.split(".")[0]) < 25, reason="lower versions of PyArrow write no views"
)
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
NONE = np.nan
#: Columns of every type, and what they become.
COLUMNS = {
    "int": (pyarrow.array([1, None, 3], pyarrow.int32()), [1, NONE, 3]),
    "float": (pyarrow.array([0.5, float("nan"), None], pyarrow.float32()), [0.5, NONE, NONE]),
    "half": (pyarrow.array(np.array([1, 2, 3], np.float16)), [1, 2, 3]),
    "unsigned": (pyarrow.array([1, 2, 2**63], pyarrow.uint64()), ["1", "2", str(2**63)]),
    "decimal": (pyarrow.array([Decimal("1.25"), None, 3], pyarrow.decimal128(9, 2)),
                [1.25, NONE, 3]),
    "text": (pyarrow.array(["Rome", None, "Köln"]), ["Rome", "", "Köln"]),
    "large": (pyarrow.array(["a", "", "b"], pyarrow.large_string()), ["a", "", "b"]),
    "dictionary": (pyarrow.array(["x", "y", None]).dictionary_encode(), ["x", "y", ""]),
    "unsigned codes": (pyarrow.array(["x", None, "y"], pyarrow.dictionary("uint32", "string")),
                       ["x", "", "y"]),
    "sure": (pyarrow.array([True, False, True]), [True, False, True]),
    "unsure": (pyarrow.array([True, None, False]), ["True", "", "False"]),
    "day": (pyarrow.array([date(2026, 7, 1), None, date(1960, 1, 1)]),
            ["2026-07-01", "NaT", "1960-01-01"]),
    "time": (pyarrow.array([NOON.replace(tzinfo=None), None, None], pyarrow.timestamp("ns")),
             ["2026-07-01T12", "NaT", "NaT"]),
    "zoned": (pyarrow.array([NOON, None, NOON], pyarrow.timestamp("ms", "Asia/Tokyo")),
              ["2026-07-01T12", "NaT", "2026-07-01T12"]),
    "nothing": (pyarrow.nulls(3), [NONE] * 3),
}  # fmt: skip


@pytest.fixture
def write(tmp_path):
    def write_table(columns, name="t.parquet", **options):
        table = columns if isinstance(columns, pyarrow.Table) else pyarrow.table(columns)
        parquet.write_table(table, tmp_path / name, **options)
        return tmp_path / name

    return write_table


@pytest.mark.parametrize("rows", [1, 2, 3])
@pytest.mark.parametrize("compression", ["none", "snappy", "zstd"])
def test_every_type_is_read_across_row_groups(write, rows, compression):
    values = {name: column for name, (column, _) in COLUMNS.items()}
    table = open_parquet(write(values, row_group_size=rows, compression=compression))
    assert table.names == tuple(COLUMNS)
    frame = table.frame(table.names)
    for name, (_, expected) in COLUMNS.items():
        np.testing.assert_array_equal(frame[name], np.array(expected, frame[name].dtype))
    assert [*table.frame(["text", "int"]).columns] == ["text", "int"]


#: The scaling of a model that takes two columns of a matrix as they are.
UNSCALED = Scaling.fit("none", np.zeros((2, 2)))


def matrix_of(path, name):
    """A column as a model takes it that was trained on an array."""
    rows = read_columns(open_table(path), [name])
    return named_matrix(rows, [name], Scaling.fit("none", np.zeros((2, 1))))


@pytest.mark.parametrize(("task", "classes"), [(None, ("False", "True")), ("regression", None)])
def test_truth_values_are_features_and_targets(write, task, classes):
    path = write({"x": [1, 2, 3, 4], "is": [True] * 4, "y": [True, False, True, True]})
    data = load_table(path, "y", task=task)
    assert (data.y.tolist(), data.classes) == ([1, 0, 1, 1], classes)
    assert data.X.tolist() == [[1, 1], [2, 1], [3, 1], [4, 1]]
    read = read_samples(open_table(path), ("x", "is"), "y", classes)
    np.testing.assert_array_equal(named_matrix(read.X, ["x", "is"], UNSCALED), data.X)
    np.testing.assert_array_equal(read.y, data.y)


@pytest.mark.parametrize(
    ("read", "problem"),
    [
        (lambda path: load_table(path, "day"), "row 0: column 'day': expected classes or numbers"),
        (lambda path: matrix_of(path, "y"), "row 1: column 'y': expected a number, as in"),
        (
            lambda path: read_columns(open_table(path), ["z"]),
            "no column z; the columns are x, y, day",
        ),
        (
            lambda path: read_samples(open_table(path), ["x"], "x", ["2", "3"]),
            "row 0: column 'x': expected one of 2, 3, got '1.0'",
        ),
    ],
)
def test_wrong_values_are_named_with_their_row(write, read, problem):
    path = write({"x": [1, 2, 3], "y": [1.5, None, 2.5], "day": COLUMNS["day"][0]})
    with pytest.raises(DataError) as caught:
        read(path)
    assert caught.value.path == path and caught.value.problem.startswith(problem)


def test_selected_features_ignore_unreadable_columns(write):
    path = write({"list": [[1], [2]], "b": [3, 4], "a": [1, 2]}, name="t.PQ")
    X = read_columns(open_table(path), ["a", "b"])
    assert (X["a"].tolist(), X["b"].tolist()) == ([1, 2], [3, 4])


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([[NONE], [NONE, 2.0]], "ndarray"),
        ([{"a": 1}, {"a": 2}], "dict"),
        ([b"a", b"b"], "bytes"),
        (pyarrow.array([1, 2], pyarrow.duration("s")), r"timedelta64\[s\]"),
    ],
)
def test_types_that_cannot_be_encoded_are_named(write, values, kind):
    path = write({"c": values, "x": [1, 2], "y": [1.5, 2.5]})
    message = rf"t\.parquet: column 'c': values of type {kind} cannot be encoded"
    with pytest.raises(DataError, match=message) as caught:
        load_table(path, "y")
    assert caught.value.options == {"columns": {"c": "drop"}}
    assert load_dataset(path, target="y", **caught.value.options).X.tolist() == [[1], [2]]


@pytest.mark.case(36)
def test_no_rows_are_refused(write):
    empty = {"x": pyarrow.array([], "int64"), "y": pyarrow.array([], "int64")}
    with pytest.raises(DataError, match=r"t\.parquet: no rows, only names of columns$"):
        load_table(write(empty), "y")


def test_csv_options_are_refused_for_parquet(write):
    path = write({"x": [1, 2], "y": [1.5, 2.5]})
    for option, value in {"delimiter": ";", "encoding": "latin-1", "decimal": ","}.items():
        with pytest.raises(ValueError, match=rf"^{option}: not an option of a Parquet file"):
            load_table(path, "y", **{option: value})


def test_csv_options_are_refused_for_patterns_of_parquet_files(write):
    """And for one file that is read block by block; beside CSV files, they are of use."""
    path = write({"x": [1, 2] * 20, "y": [1.5, 2.5] * 20})
    pattern = str(path.with_name("*.parquet"))
    message = r"^delimiter: not an option of a Parquet file, such as .*t\.parquet"
    for data, options in ((pattern, {}), (path, {"memory": "100MB"})):
        with pytest.raises(ValueError, match=message):
            Task.open(data, "y", delimiter=";", **options)
    csv = path.with_name("t.csv")
    csv.write_text("x;y\n1;2.5\n3;1.5\n", "utf-8")
    assert stream([path, csv], "y", csv=CsvOptions(delimiter=";")).n_rows == 42


@pytest.mark.case(120)
@pytest.mark.integration
def test_a_small_file_of_many_rows_is_read(write):
    """Sorted columns of Parquet take almost no space: 2,000,000 rows of 9 columns are 60 kB."""
    rows = np.arange(2_000_000)
    columns = {f"x{column}": (rows // 400_000).astype(np.int8) for column in range(8)}
    path = write({**columns, "y": rows // 1_000_000})
    assert path.stat().st_size < 10**5
    assert load_table(path, "y").X.shape == (2_000_000, 8)


@pytest.mark.case(46)
def test_row_groups_are_the_remedy_for_a_table_of_several_alone(write, monkeypatch):
    path = write({"x": np.random.default_rng(0).random(10**4)}, row_group_size=2_500)
    whole, block = open_parquet(path), parquet_blocks(path)[0]
    for table, limit, by_blocks in ((whole, "100kB", True), (block, "30kB", False)):
        monkeypatch.setenv("BARENET_MEMORY", limit)
        with pytest.raises(DataError, match=r"^.* rows of 1 columns would take") as caught:
            table.frame(["x"])
        assert ("block by block" in str(caught.value)) == by_blocks
    monkeypatch.setattr("barenet.tables.files._parquet._PER_BYTE", 10**3)
    monkeypatch.setenv("BARENET_MEMORY", "1MB")
    with pytest.raises(DataError, match=r": a row group of .* kB would take .*; set the env"):
        whole.frame(["x"])


def test_text_that_is_not_unicode_is_refused(write):
    texts = pyarrow.array([b"\x80", b"b"]).view(pyarrow.string())
    with pytest.raises(DataError, match=r"t\.parquet: not a usable Parquet file: 'utf-8' codec"):
        open_parquet(write({"x": texts})).frame(["x"])


@pytest.mark.integration
def test_reading_time_is_linear_in_the_columns(write):
    table = open_parquet(write({f"x{number}": [1.0] for number in range(4_000)}))
    start = time.process_time()
    assert table.frame(table.names).shape == (1, 4_000)
    assert time.process_time() - start < 4


def test_a_damaged_column_does_not_end_the_process():
    """Reading the metadata of this column with pyarrow does."""
    with pytest.raises(DataError, match="not a usable Parquet file"):
        load_table(Path(__file__).parents[2] / "data" / "damaged_column.parquet", "y")


def test_the_texts_of_columns_have_all_digits_zones_and_nanoseconds(tmp_path):
    digits, noon = Decimal("12345678901234567890.12"), 1_577_880_000
    kinds = {
        "decimal": (pyarrow.decimal128(38, 2), [digits, Decimal("1.10")]),
        "single": (pyarrow.float32(), [0.1, 1e10]),
        "whole": (pyarrow.int64(), [2**62 + 1, 7]),
        "nano": (pyarrow.timestamp("ns"), [noon * 10**9 + 123456789, 0]),
        "oslo": (pyarrow.timestamp("us", "Europe/Oslo"), [noon * 10**6, 1]),
        "utc": (pyarrow.timestamp("s", "UTC"), [noon, 1]),
        "text": (pyarrow.string(), ["007", "1.0"]),
        "truth": (pyarrow.bool_(), [True, False]),
    }
    table = {name: pyarrow.array([*values, None], kind) for name, (kind, values) in kinds.items()}
    path = tmp_path / "t.parquet"
    parquet.write_table(pyarrow.table(table), path, row_group_size=2)
    columns = open_parquet(path).labels([*kinds])
    assert {name: [*map(str, column)] for name, column in columns.items()} == {
        "decimal": ["12345678901234567890.12", "1.10", ""],
        "single": ["0.1", "10000000000", ""],
        "whole": ["4611686018427387905", "7", ""],
        "nano": ["2020-01-01 12:00:00.123456789", "1970-01-01", ""],
        "oslo": ["2020-01-01 13:00:00+0100", "1970-01-01 01:00:00.000001+0100", ""],
        "utc": ["2020-01-01 12:00:00Z", "1970-01-01 00:00:01Z", ""],
        "text": ["007", "1.0", ""],
        "truth": ["True", "False", ""],
    }


N_ROWS = 3_000
RNG = np.random.default_rng(5)
MIXED = pandas.DataFrame(
    {
        "place": RNG.choice(["Rome", "Oslo, the new town", "Köln am Rhein"], N_ROWS),
        "remark": [f"a remark of row {row}, of some length" for row in range(N_ROWS)],
        "size": RNG.normal(size=N_ROWS),
        "rooms": RNG.integers(1, 9, N_ROWS),
        "garden": RNG.random(N_ROWS) < 0.5,
        "built": np.datetime64("1990-01-01", "us") + RNG.integers(0, 9_000, N_ROWS),
    }
)
MIXED.loc[::7, "place"] = None
DELTA = {
    "place": "DELTA_BYTE_ARRAY",
    "remark": "DELTA_LENGTH_BYTE_ARRAY",
    "size": "BYTE_STREAM_SPLIT",
    "rooms": "DELTA_BINARY_PACKED",
    "garden": "RLE",
}


def check_mixed(path):
    """Compare a file with pandas' reading of it, in memory, in blocks, and as labels."""
    expected = pandas.read_parquet(path)
    table = open_parquet(path)
    blocks = parquet_blocks(path)
    frames = [block.frame(table.names) for block in blocks]
    whole = table.frame(table.names)
    for name, values in expected.items():
        joined = np.concatenate([frame[name] for frame in frames])
        if values.dtype == "str":
            values = values.fillna("")
        for read in (whole[name], joined):
            np.testing.assert_array_equal(read, values.to_numpy(read.dtype))
    first = table.names[0]
    labels = np.concatenate([block.labels([first])[first] for block in blocks])
    assert labels.tolist() == expected[first].fillna("").tolist()


@pytest.mark.case(159)
@pytest.mark.parametrize(
    ("kind", "compression"),
    [
        ("string", "none"),
        ("large_string", "zstd"),
        pytest.param("string_view", "snappy", marks=VIEWS),
        ("string", "lz4"),
    ],
)
def test_texts_of_every_encoding_are_read(write, kind, compression):
    """Arrow can't read DELTA_BYTE_ARRAY and DELTA_LENGTH_BYTE_ARRAY as dictionaries."""
    table = pyarrow.Table.from_pandas(MIXED)
    for name in ("place", "remark"):
        column = table.column(name).cast(kind)
        table = table.set_column(table.schema.get_field_index(name), name, column)
    options = {"use_dictionary": False, "column_encoding": DELTA, "data_page_version": "2.0"}
    check_mixed(write(table, compression=compression, row_group_size=1_000, **options))


@pytest.mark.case(159)
def test_some_row_groups_may_have_another_encoding(write, tmp_path):
    """One table of two files, and one file whose column falls back from its dictionary."""
    options = {"dictionary_pagesize_limit": 2_000, "row_group_size": 1_500}
    check_mixed(write(pyarrow.Table.from_pandas(MIXED), **options))
    half = pyarrow.Table.from_pandas(MIXED[:1_500])
    parquet.write_table(half, tmp_path / "0.parquet")
    options = {"use_dictionary": False, "column_encoding": DELTA}
    parquet.write_table(half, tmp_path / "1.parquet", **options)
    rows = stream(f"{tmp_path}/[01].parquet", "size", columns={"remark": "drop"}, task="regression")
    labels = ("Köln am Rhein", "Oslo, the new town", "Rome")
    assert rows.encoding.columns[0].categories == labels and rows.n_rows == 3_000


@pytest.mark.case(159)
def test_a_file_of_duckdb_in_version_two_is_read():
    """Written by DuckDB 2.0 with ``parquet_version v2``; place, code and remark are texts."""
    path = Path(__file__).parents[2] / "data" / "duckdb_v2.parquet"
    check_mixed(path)
    in_memory = load_table(path, "price", drop=["remark"])
    rows = stream(path, "price", columns={"remark": "drop"})
    assert rows.n_rows == in_memory.n_samples == 400
    assert rows.encoding.columns[0].categories == tuple(sorted(f"place {n}" for n in range(40)))


@pytest.mark.case(159)
@pytest.mark.integration
@pytest.mark.skipif(sys.platform != "linux", reason="the peak of memory is read from Linux's /proc")
def test_long_texts_that_a_small_file_repeats_are_refused(write, monkeypatch):
    names = pyarrow.array(["x" * 100_000] * 10_000)
    options = {"use_dictionary": False, "column_encoding": {"name": "DELTA_BYTE_ARRAY"}}
    path = write({"name": names}, compression="zstd", **options)
    assert path.stat().st_size < 1_000
    monkeypatch.setenv("BARENET_MEMORY", "200MB")
    script = "import pathlib; from barenet.tables.files._parquet import open_parquet\n"
    script += f"try: open_parquet(pathlib.Path({str(path)!r})).frame(['name'])\n"
    script += "except Exception as error: print(error)\n"
    script += "print(pathlib.Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    message, peak = run.stdout.splitlines()
    assert "the texts of 10,000 rows would take about" in message
    assert int(peak) < 600_000  # kB


def damage(path, n_bytes=400):
    """Change bytes in the middle of a file's first column."""
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    for place in range(middle, middle + n_bytes):
        data[place] ^= 0x55
    path.write_bytes(data)


@pytest.fixture
def damaged_page(write):
    """A file of numbers with checksums of its pages, and damaged bytes in one of them."""
    columns = {"x": RNG.normal(size=N_ROWS), "y": RNG.normal(size=N_ROWS)}
    options = {"use_dictionary": False, "compression": "none", "write_page_checksum": True}
    path = write(columns, "sound-1.parquet", **options)
    check_mixed_numbers = open_parquet(path).frame(["x", "y"])
    np.testing.assert_array_equal(check_mixed_numbers["y"], columns["y"])
    write(columns, "sound-0.parquet", **options)
    damage(path)
    return path


@pytest.mark.case(190)
@pytest.mark.parametrize(
    "read",
    [
        lambda path: load_table(path, "y"),
        lambda path: read_columns(open_table(path), ["x", "y"]),
        lambda path: stream(path, "y"),
        lambda path: stream(path.parent / "sound-*.parquet", "y"),
        lambda path: open_parquet(path).labels(["x", "y"]),
        lambda path: Task.open(path, "y"),
    ],
    ids=["load_table", "read_columns", "stream", "pattern", "labels", "task"],
)
def test_the_checksums_of_pages_are_verified(damaged_page, read):
    with pytest.raises(DataError, match=r"not a usable Parquet file: .*checksum") as caught:
        read(damaged_page)
    assert caught.value.path == damaged_page


def test_decimals_are_the_nearest_numbers_as_in_csv(tmp_path):
    texts = [f"{number // 100}.{number % 100:02}" for number in range(0, 20_000, 7)]
    decimals = pyarrow.array([Decimal(text) for text in texts], pyarrow.decimal128(9, 2))
    parquet.write_table(pyarrow.table({"x": decimals}), tmp_path / "t.parquet")
    values = open_parquet(tmp_path / "t.parquet").frame(["x"])["x"]
    assert values.tolist() == [float(text) for text in texts]


@pytest.fixture(params=["pandas imported", "pandas not imported"])
def period_type(request):
    """Arrow knows the type of pandas' periods once pandas is imported."""
    from pandas.core.arrays.arrow.extension_types import ArrowPeriodType

    if request.param == "pandas imported":
        yield
    else:
        pyarrow.unregister_extension_type("pandas.period")
        yield
        pyarrow.register_extension_type(ArrowPeriodType("D"))


@pytest.mark.case(143)
@pytest.mark.parametrize(
    "frequency",
    [
        "Y",
        "Q",
        "h",
    ],
)
def test_periods_of_pandas_are_read_as_their_first_day(period_type, tmp_path, frequency):
    """Arrow stores them as whole numbers, such as 0 for January 1970."""
    periods = pandas.Series(pandas.period_range("1969-03-05", periods=30, freq=frequency))
    periods[3] = pandas.NaT
    table = pandas.DataFrame({"p": periods, "y": np.arange(30) / 7})
    table.to_parquet(tmp_path / "t.parquet", row_group_size=12)
    expected = np.array(periods.dt.to_timestamp(), "M8[us]")
    read = load_table(tmp_path / "t.parquet", "y", frame=True).X["p"]
    np.testing.assert_array_equal(read, expected)
    encoding = stream(tmp_path / "t.parquet", "y").encoding
    assert encoding.columns[0].kind == "date"
    new_rows = pandas.DataFrame({"p": periods.dt.to_timestamp()})
    frame = open_parquet(tmp_path / "t.parquet").frame(["p"])
    np.testing.assert_array_equal(encoding.transform(frame), encoding.transform(new_rows))


@pytest.mark.case(143)
@pytest.mark.parametrize("frequency", ["W", "Q-NOV", "2M"])
def test_periods_of_other_frequencies_are_refused(period_type, tmp_path, frequency):
    periods = pandas.Series(pandas.period_range("2020-01", periods=5, freq=frequency))
    table = pandas.DataFrame({"p": periods, "x": np.arange(5) % 3, "y": np.arange(5) / 7})
    table.to_parquet(tmp_path / "t.parquet")
    message = r"t.parquet: column 'p': periods of the frequency '.*' cannot be encoded; convert it "
    message += r"to dates, as by .dt.to_timestamp\(\), or leave it out: columns={'p': 'drop'}"
    with pytest.raises(DataError, match=message):
        load_table(tmp_path / "t.parquet", "y")
    assert load_table(tmp_path / "t.parquet", "y", drop=["p"]).n_samples == 5
    table.assign(p=periods.dt.to_timestamp()).to_parquet(tmp_path / "t.parquet")
    read = load_table(tmp_path / "t.parquet", "y", frame=True).X["p"]
    np.testing.assert_array_equal(read, np.array(periods.dt.to_timestamp(), "M8[us]"))


@pytest.mark.parametrize("metadata", [b'{"columns": [{"name": "a"}]}', b"[1]", b"not json"])
def test_metadata_of_another_form_are_ignored(tmp_path, metadata):
    rows = pyarrow.table({"a": [1, 2], "y": [3.0, 4.0]})
    parquet.write_table(rows.replace_schema_metadata({b"pandas": metadata}), tmp_path / "a.parquet")
    assert open_parquet(tmp_path / "a.parquet").names == ("a", "y")

"""Several files are one table: their columns and types are compared, in any order of the files."""

import re
import time
import warnings
from pathlib import Path

import numpy as np
import pandas
import pyarrow
import pytest
from pyarrow import parquet

from barenet import Network, Task, train
from barenet.datasets._table_loading import load_table
from barenet.errors import ArgumentError, DataError
from barenet.streams._stream import stream
from barenet.tables.files._file_columns import check_declared_types, joined_names
from barenet.tables.files._open_table import open_table

N_FILES, N_ROWS = 4, 200


def table_of(number):
    """The rows of one file: y depends on a and b."""
    rng = np.random.default_rng(number)
    rows = pandas.DataFrame(rng.normal(size=(N_ROWS, 2)).round(3), columns=["a", "b"])
    rows["town"] = rng.choice(["Oslo", "Rome"], N_ROWS)
    rows["y"] = (3 * rows["a"] + 2 * rows["b"] + rng.normal(size=N_ROWS) / 10).round(4)
    return rows


def save(rows, path):
    if path.suffix == ".csv":
        rows.to_csv(path, index=False)
    else:
        rows.to_parquet(path, index=False, row_group_size=90)


@pytest.fixture(params=[("csv", 0), ("parquet", 2)], ids=["csv", "parquet"])
def form(request):
    """The suffix of the files, and the number of the one that is changed."""
    return request.param


@pytest.fixture
def changed(form):
    return form[1]


@pytest.fixture
def write(form, tmp_path):
    """Write the files of a table, of which one is changed by a function; return their pattern."""

    def write_files(change, changed):
        for path in tmp_path.glob("part-*"):
            path.unlink()
        for number in range(N_FILES):
            rows = table_of(number)
            if number == changed:
                rows = change(rows)
            save(rows, tmp_path / f"part-{number}.{form[0]}")
        return f"{tmp_path}/part-*.{form[0]}"

    return write_files


def without_b(rows):
    return rows.drop(columns="b")


@pytest.mark.case(189)
def test_a_column_that_one_file_lacks_is_an_error(write, changed):
    pattern = write(without_b, changed)
    message = rf"part-{changed}\..*: no column b; 3 of 4 files have 'b'; .*"
    message += r"allow_missing_columns=True; to leave it out, use columns={'b': 'drop'}$"
    paths = sorted(Path(pattern).parent.glob("part-*"))
    for files in (pattern, paths, paths[::-1]):
        with pytest.raises(DataError, match=message) as caught:
            stream(files, "y")
        assert caught.value.path.name.startswith(f"part-{changed}.")
    with pytest.raises(DataError, match=message):
        Task.open(pattern, "y")
    assert stream(pattern, "y", columns={"b": "drop"}).encoding.input_names == (
        "a",
        "town=Oslo",
        "town=Rome",
    )


@pytest.mark.case(189)
def test_its_values_are_missing_there_if_that_is_allowed(write, changed):
    """As in pandas.concat, which joins files by the names of their columns."""
    pattern = write(without_b, changed)
    with pytest.warns(UserWarning, match="^missing columns: 'b' in 1 of 4 files$"):
        rows = stream(pattern, "y", allow_missing_columns=True)
    paths = sorted(Path(pattern).parent.glob("part-*"))
    read = pandas.read_csv if paths[0].suffix == ".csv" else pandas.read_parquet
    joined = pandas.concat([read(path) for path in paths], ignore_index=True)
    column = next(column for column in rows.encoding.columns if column.name == "b")
    filled = joined["b"].fillna(joined["b"].median())
    assert column.indicator and column.fill == pytest.approx(joined["b"].median())
    assert (column.center, column.scale) == pytest.approx((filled.mean(), filled.std(ddof=0)))
    assert rows.n_rows == N_FILES * N_ROWS
    with pytest.warns(UserWarning, match="missing columns"):
        task = Task.open(pattern, "y", allow_missing_columns=True)
    assert {column.name for column in task.columns} == {"a", "b", "town"}
    network = Network.dense([rows.n_inputs, 8, 1], seed=0)
    assert np.isfinite(train(network, rows, epochs=2).loss).all()


@pytest.mark.case(189)
def test_a_column_that_one_file_alone_has_is_an_error(write, changed):
    pattern = write(lambda rows: rows.assign(rain=rows["a"] * 2), changed)
    message = r"part-\d\..*: no column rain; 1 of 4 files has 'rain'"
    with pytest.raises(DataError, match=message) as caught:
        stream(pattern, "y")
    assert f"part-{changed}." not in str(caught.value.path)
    assert stream(pattern, "y", columns={"rain": "drop"}).n_inputs == 4
    with pytest.warns(UserWarning, match="^missing columns: 'rain' in 3 of 4 files$"):
        assert stream(pattern, "y", allow_missing_columns=True).n_inputs == 6


@pytest.mark.case(189)
def test_another_order_of_the_columns_is_no_difference(write):
    first = stream(write(lambda rows: rows, 0), "y")
    other = stream(write(lambda rows: rows[["y", "town", "b", "a"]], 2), "y")
    assert first.encoding.columns == other.encoding.columns


@pytest.mark.case(189)
def test_a_renamed_column_and_the_target_are_named(write):
    pattern = write(lambda rows: rows.rename(columns={"b": "B"}), 1)
    with pytest.raises(DataError, match=r"part-1\..*: no column b, did you mean 'B'\?; 3 of 4"):
        stream(pattern, "y")
    pattern = write(lambda rows: rows.drop(columns="y"), 2)
    for allow in (False, True):
        with pytest.raises(ArgumentError, match=r"part-2\..*: no column y; the columns are a, b"):
            stream(pattern, "y", allow_missing_columns=allow)


def test_files_without_rows_lack_nothing(write, tmp_path):
    pattern = write(lambda rows: rows, 0)
    suffix = Path(pattern).suffix
    save(table_of(9)[:0][["a"]], tmp_path / f"part-0a{suffix}")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert stream(pattern, "y").n_rows == N_FILES * N_ROWS


@pytest.mark.case(209)
def test_files_without_the_numbers_of_the_rows_lack_a_column(tmp_path):
    for number in range(N_FILES):
        table_of(number).to_csv(tmp_path / f"part-{number}.csv", index=number == 3)
    with pytest.raises(DataError) as caught:
        stream(f"{tmp_path}/*.csv", "y")
    columns = caught.value.options["columns"]
    assert columns == {"Unnamed: 0": "drop"}
    assert stream(f"{tmp_path}/*.csv", "y", columns=columns).n_rows == N_FILES * N_ROWS


TYPES = {
    "int32": pyarrow.int32(),
    "float": pyarrow.float64(),
    "decimal": pyarrow.decimal128(9, 3),
    "nothing": pyarrow.null(),
    "text": pyarrow.string(),
    "names": pyarrow.dictionary("int32", "string"),
    "date": pyarrow.timestamp("us"),
    "boolean": pyarrow.bool_(),
}


def write_types(folder, *types):
    """Write a Parquet file of each type of the column b."""
    folder.mkdir(exist_ok=True)
    for number, name in enumerate(types):
        values = np.arange(N_ROWS) % 2 if name == "boolean" else np.arange(N_ROWS) % 7
        column = pyarrow.array(values)
        if name == "nothing":
            column = pyarrow.nulls(N_ROWS)
        elif name in ("text", "names"):
            column = pyarrow.array([f"name {value}" for value in values]).cast(TYPES[name])
        elif name in ("float", "decimal"):
            column = pyarrow.array(values / 1.0).cast(TYPES[name])
        else:
            column = column.cast("int32" if name == "int32" else "int64").cast(TYPES[name])
        rows = {"a": np.arange(N_ROWS) / 3, "b": column, "y": np.arange(N_ROWS) % 5 / 7}
        parquet.write_table(pyarrow.table(rows), folder / f"{number}.parquet")
    return f"{folder}/*.parquet"


#: Types of one kind, and types of two.
PAIRS = [
    *(("int32", "decimal"), ("float", "int32"), ("text", "names"), ("nothing", "date")),
    *(("int32", "text"), ("names", "float"), ("date", "int32"), ("boolean", "float")),
    *(("text", "date"), ("boolean", "text")),
]


@pytest.mark.case(191)
def test_kinds_that_files_declare_are_compared(tmp_path):
    kinds = {"int32": "n", "float": "n", "decimal": "n", "text": "t", "names": "t", "date": "d"}
    kinds |= {"boolean": "b", "nothing": ""}
    for at, pair in enumerate(PAIRS):
        pattern = write_types(tmp_path / f"pair {at}", pair[0], *pair)
        if len({kinds[name] for name in pair} - {""}) == 1:
            assert stream(pattern, "y").n_rows == 3 * N_ROWS, pair
            continue
        with pytest.raises(DataError, match=r"2\.parquet: column 'b' has .* in 2 files") as caught:
            stream(pattern, "y")
        for name in pair:
            assert f"({TYPES[name]})" in str(caught.value), pair


@pytest.mark.case(191)
@pytest.mark.parametrize("name", ["int32", "names", "date"])
def test_a_column_without_values_in_one_file_has_any_type(tmp_path, name):
    """pandas writes a column without values as numbers, dates or objects."""
    expected = stream(write_types(tmp_path / "nothing", name, "nothing", name), "y").encoding
    for number, empty in enumerate(["nothing", "float", "text", "date"]):
        pattern = write_types(tmp_path / empty, name, name, name)
        path = tmp_path / empty / f"{number % 3}.parquet"
        table = parquet.read_table(path)
        values = pyarrow.nulls(N_ROWS, TYPES[empty])
        parquet.write_table(table.set_column(1, "b", values), path)
        encoding = stream(pattern, "y").encoding
        assert encoding.columns[1] == expected.columns[1]


@pytest.mark.case(191)
@pytest.mark.parametrize("position", [0, 2])
def test_a_target_without_values_in_one_file_has_any_type(tmp_path, position):
    for number in range(3):
        rows = pandas.DataFrame({"a": np.arange(60) / 3, "y": ["ja", "nein", "ja"] * 20})
        if number == position:
            rows["y"] = np.nan
        rows.to_parquet(tmp_path / f"{number}.parquet", row_group_size=25)
    opened = stream(f"{tmp_path}/*.parquet", "y")
    assert opened.sample.classes == ("ja", "nein") and opened.n_rows == 120


@pytest.mark.case(191)
def test_columns_named_as_categories_may_have_several_types(tmp_path):
    pattern = write_types(tmp_path / "mixed", "int32", "text")
    rows = stream(pattern, "y", columns={"b": "names"})
    names = {*(f"name {n}" for n in range(7)), *map(str, range(7))}
    assert {*rows.encoding.columns[1].categories} == names
    assert stream(pattern, "y", columns={"b": "drop"}).n_inputs == 1


#: Changes of one of eight files, which the kind of its column follows from.
CHANGES = {
    "texts": lambda values: [f"n{value}" for value in values],
    "a code": lambda values: ["007", *values[1:]],
    "a word": lambda values: ["word", *values[1:]],
    "few words": lambda values: ["low"] * (len(values) // 2) + values[len(values) // 2 :],
    "nothing": lambda values: [""] * len(values),
    "a date": lambda values: ["2024-02-03", *values[1:]],
}


def outcome(open_rows):
    """The kind of the column b, and the start of each warning of it."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        columns = {column.name: column for column in open_rows()}
    notes = [str(warning.message) for warning in caught]
    starts = sorted(re.match(r"column 'b'(: \d+ of| is read)", note)[0] for note in notes)
    return columns["b"].kind, columns["b"].formula.partition(":")[0], starts


@pytest.mark.case(191)
@pytest.mark.integration
@pytest.mark.parametrize(
    ("base", "change"),
    [*(("numbers", change) for change in CHANGES), ("days", "a word"), ("answers", "few words")],
)
def test_the_position_of_a_file_does_not_decide_kinds(tmp_path, change, base):
    """A text file has no types: the kinds are those of the joined table, in every order."""
    n_files, n_rows = 8, 60
    rng = np.random.default_rng(3)
    values = rng.integers(0, 90, (n_files, n_rows)).astype(str).tolist()
    if base == "days":
        values = [[f"2024-01-{1 + int(value) % 28:02}" for value in part] for part in values]
    elif base == "answers":
        values = [["yes" if int(value) % 2 else "no" for value in part] for part in values]
    parts = [
        pandas.DataFrame({"a": rng.normal(size=n_rows), "b": part, "y": rng.normal(size=n_rows)})
        for part in values
    ]
    parts[0]["b"] = CHANGES[change](values[0])
    joined = tmp_path / "joined.csv"
    pandas.concat(parts).to_csv(joined, index=False)
    in_memory = load_table(joined, "y", task="regression", frame=True)
    expected = outcome(lambda: Task.open(joined, "y", test_size=0).columns)
    assert in_memory.n_samples == n_files * n_rows
    for position in (0, 4, 7):
        order = [*range(1, position + 1), 0, *range(position + 1, n_files)]
        for at, number in enumerate(order):
            parts[number].to_csv(tmp_path / f"part-{at:02}.csv", index=False)
        options = {"task": "regression"}
        pattern = f"{tmp_path}/part-*.csv"
        found = outcome(lambda: stream(pattern, "y", **options).encoding.columns)  # noqa: B023
        assert found == expected, position


@pytest.mark.case(191)
def test_numbers_among_the_names_of_a_target_are_an_error_in_every_file(tmp_path):
    for position in (0, 5):
        for number in range(6):
            target = np.where(np.arange(50) % 2, "yes", "no")
            if number == position:
                target = np.arange(50) % 2
            rows = pandas.DataFrame({"a": np.arange(50) % 9 / 4, "y": target})
            rows.to_csv(tmp_path / f"{number:02}.csv", index=False)
        with pytest.raises(DataError, match=rf"{position:02}\.csv|column 'y': expected a number"):
            stream(f"{tmp_path}/*.csv", "y")
        assert stream(f"{tmp_path}/*.csv", "y", task="classification").n_outputs == 4


@pytest.mark.case(191)
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize("position", [0, 555])
@pytest.mark.parametrize("text", ["word", "y", "t", "007", "True"])
def test_one_odd_text_in_a_stream_is_understood_as_in_memory(
    tmp_path, monkeypatch, suffix, position, text
):
    monkeypatch.setattr("barenet.tables.files._csv_blocks._BLOCK", 2_000)
    rows = pandas.DataFrame({"b": ["yes", "no"] * 450, "c": [str(n % 50) for n in range(900)]})
    rows["y"] = np.arange(900) / 9
    rows.loc[position, ["b", "c"]] = text
    path = tmp_path / f"t.{suffix}"
    if suffix == "csv":
        rows.to_csv(path, index=False)
    else:
        rows.to_parquet(path, index=False, row_group_size=300)
    found = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found.extend(
            [column.kind for column in encoding.columns]
            for encoding in (stream(path, "y").encoding, Task.open(path, "y")._encoding)
        )
    is_truth = text in ("y", "True")
    assert found == [["boolean" if is_truth else "category", "number"]] * 2
    losses = [str(warning.message) for warning in caught]
    assert len(losses) == (0 if text == "007" else 2)
    assert all(note.startswith("column 'c': 1 of ") for note in losses)


@pytest.mark.case(191)
def test_all_columns_of_several_types_are_named_at_once(tmp_path):
    numbers = pandas.DataFrame({"a": [1.5, 2.5], "b": [1, 2], "c": [3, 4], "y": [0.5, 1.5]})
    texts = numbers.astype({"a": str, "c": str})
    numbers.to_parquet(tmp_path / "1.parquet")
    texts.to_parquet(tmp_path / "2.parquet")
    with pytest.raises(DataError, match=r"column 'a' has .*; likewise column 'c'") as caught:
        stream(f"{tmp_path}/*.parquet", "y")
    options = caught.value.options
    assert stream(f"{tmp_path}/*.parquet", "y", columns=options["columns_"]).n_inputs == 1
    named = stream(f"{tmp_path}/*.parquet", "y", columns=options["columns"])
    assert [column.kind for column in named.encoding.columns][::2] == ["category"] * 2


@pytest.mark.case(191)
def test_a_value_that_no_row_of_one_file_has_is_missing_there(tmp_path):
    """One file has a marker in all of its rows, in any order of the files."""
    rows = pandas.DataFrame({"b": np.arange(60).astype(str), "a": np.arange(60) % 7 / 3})
    rows["y"] = np.arange(60) / 9
    for position in (0, 2):
        for number in range(3):
            part = rows.assign(b="unknown") if number == position else rows
            part.to_csv(tmp_path / f"{number}.csv", index=False)
        with pytest.warns(UserWarning, match="column 'b': 60 of 180 values .*: 'unknown'"):
            opened = stream(f"{tmp_path}/*.csv", "y", test_size=0, validation_size=0)
        with pytest.warns(UserWarning, match="column 'b': 60 of 180 values .*: 'unknown'"):
            task = Task.open(f"{tmp_path}/*.csv", "y", test_size=0)
        assert opened.encoding.input_names == task._encoding.input_names == ("b", "b missing", "a")
        assert opened.encoding.columns[0].fill == 29.5


@pytest.mark.integration
def test_the_time_to_compare_files_is_linear_in_their_columns(tmp_path):
    columns = {f"c{number}": [1.0] for number in range(10_000)}
    tables = []
    for number in range(2):
        path = tmp_path / f"{number}.parquet"
        parquet.write_table(pyarrow.table(columns), path)
        tables.append(open_table(path))
    start = time.process_time()
    names = joined_names(tables)
    check_declared_types(tables, names, "c0")
    assert names == [*columns]
    assert time.process_time() - start < 10

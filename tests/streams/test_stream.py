"""Tables that are read block by block, against the same tables in memory."""

import dataclasses
import gzip
import lzma
import subprocess
import sys
import tempfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from barenet import Network, TableEncoding, Task, train
from barenet.datasets._table_loading import load_table, read_samples
from barenet.errors import ArgumentError, DataError
from barenet.losses import SquaredError
from barenet.optimizers import SGD
from barenet.streams import _stream, _stream_fit, _stream_memory, _stream_source
from barenet.streams._stream import stream
from barenet.streams._stream_source import concatenate, open_blocks
from barenet.tables.files import _csv_blocks
from barenet.tables.files._csv_blocks import StoredColumns, csv_blocks
from barenet.tables.files._delimited import CsvOptions
from barenet.tables.files._open_table import open_table
from barenet.tables.reading._column_texts import ColumnTexts

N_ROWS = 3_000
RNG = np.random.default_rng(0)
TABLE = pd.DataFrame(
    {
        "size": RNG.normal(50, 20, N_ROWS).round(3),
        "rooms": RNG.integers(1, 9, N_ROWS),
        "town": RNG.choice(["Rome", "Oslo", "Lima", "Bonn"], N_ROWS, p=[0.5, 0.3, 0.195, 0.005]),
        "garden": RNG.choice(["yes", "no"], N_ROWS),
        "built": np.datetime64("1990-01-01") + RNG.integers(0, 9_000, N_ROWS),
    }
)
TABLE.loc[::11, "size"] = np.nan
TABLE["price"] = (
    3 * TABLE["size"].fillna(50) + 20 * TABLE["rooms"] + 9.5 * (TABLE["town"] == "Rome")
)
TABLE["kind"] = np.where(TABLE["price"] > TABLE["price"].median(), "dear", "cheap")


def save(rows, path, row_group_size=300):
    """Write rows as CSV or as Parquet."""
    if ".csv" in path.suffixes:
        rows.to_csv(path, index=False)
    else:
        rows.to_parquet(path, index=False, row_group_size=row_group_size)


@pytest.fixture(params=["csv", "parquet"])
def folder(request, tmp_path, monkeypatch):
    """The table in three files of several blocks."""
    monkeypatch.setattr(_csv_blocks, "_BLOCK", 20_000)
    for number, part in enumerate(np.array_split(np.arange(N_ROWS), 3)):
        save(TABLE.iloc[part], tmp_path / f"{number}.{request.param}")
    return tmp_path


@pytest.mark.integration
@pytest.mark.parametrize("numbers", ["standardize", "robust"])
def test_the_encoding_is_that_of_all_training_rows(folder, numbers):
    rows = stream(f"{folder}/*", "price", columns={"kind": "drop"}, numbers=numbers)
    assert len(rows.source) > 6 and rows.n_rows == N_ROWS
    path = folder.parent / "whole.csv"
    TABLE.to_csv(path, index=False)
    whole = load_table(path, "price", frame=True)
    expected = TableEncoding.fit(whole.X, drop=["kind"], numbers=numbers)
    for found in rows.encoding.columns:
        column = next(each for each in expected.columns if each.name == found.name)
        assert type(found) is type(column)
        for name, value in vars(column).items():
            if name not in {field.name for field in dataclasses.fields(column)}:
                continue
            is_number = isinstance(value, float)
            expected_value = pytest.approx(value, rel=1e-9) if is_number else value
            assert getattr(found, name) == expected_value, (column.name, name)
    assert rows.target_scaling.offset == pytest.approx(TABLE["price"].mean())
    assert rows.target_scaling.factor == pytest.approx(1 / TABLE["price"].std(ddof=0))


@pytest.fixture
def shops(tmp_path, monkeypatch):
    """A table of 400 shops in many blocks, of which a stream samples 800 rows, and its options."""
    monkeypatch.setattr(_csv_blocks, "_BLOCK", 5_000)
    monkeypatch.setattr(_stream_fit, "MOST_ROWS", 800)
    numbers = np.random.default_rng(1).permutation(np.arange(6_000) % 400)
    path = tmp_path / "shops.csv"
    rows = pd.DataFrame({"shop": [f"shop {n}" for n in numbers], "x": numbers % 7, "y": numbers})
    rows.to_csv(path, index=False)
    return path


def encodings(path, **options):
    """The encodings of a table that is read in blocks, and of the same table in memory."""
    rows = stream(path, "y", task="regression", **options)
    assert len(rows.source) > 8
    whole = load_table(path, "y", task="regression", frame=True).X
    return rows.encoding, TableEncoding.fit(whole, **options)


def test_a_stream_keeps_the_texts_of_the_rows_in_its_sample_alone(shops, monkeypatch):
    joined = []

    def recorded(frames):
        joined.append(frames)
        return _stream_source.concatenate(frames)

    monkeypatch.setattr(_stream_fit, "concatenate", recorded)
    rows = stream(shops, "y", task="regression")
    sampled = [frames for frames in joined if len(frames) == len(rows.source) > 8][-1]
    for frame in (*sampled, rows.sample.X):
        assert {*frame.columns["shop"].texts} == {*frame["shop"].tolist()}


@pytest.mark.case(127)
@pytest.mark.parametrize(
    ("rare", "n_inputs", "options"),
    [(15, 400, {}), (16, 0, {"columns": {"shop": "names"}}), (0.01, 0, {})],
    ids=["as many", "one less", "a share"],
)
def test_the_counts_of_all_rows_decide_which_categories_are_rare(shops, rare, n_inputs, options):
    found, expected = encodings(shops, rare=rare, **options)
    assert found.columns[0] == expected.columns[0]
    assert len(found.columns[0].inputs) == n_inputs


@pytest.mark.case(127)
def test_the_only_column_may_be_rare_in_the_sample(shops):
    table = pd.read_csv(shops)
    table.loc[table.index % 1_500 > 1_300, "shop"] = "frequent"  # never at the start of a block
    table[["shop", "y"]].to_csv(shops, index=False)
    with pytest.MonkeyPatch.context() as context:
        context.setattr(_stream_fit, "MOST_ROWS", 160)
        found, expected = encodings(shops, rare=0.05)
    assert found.input_names == expected.input_names == ("shop=frequent", "shop rare")


@pytest.mark.case(127)
def test_the_counts_of_all_rows_decide_what_identifies_them(shops, monkeypatch):
    monkeypatch.setattr(_stream_fit, "MOST_ROWS", 40)  # most shops of the sample differ
    assert len({*pd.read_csv(shops)["shop"][:40]}) > 36
    found, expected = encodings(shops, rare=15)
    assert found.columns[0] == expected.columns[0] and len(found.columns[0].inputs) == 400
    monkeypatch.setattr(_stream_fit, "MOST_LABELS", 300)  # values are counted in bounded memory
    found, _ = encodings(shops, rare=15)
    assert found.columns[0].formula.startswith("looks like an identifier")


@pytest.fixture
def days(tmp_path, monkeypatch):
    """A table of many blocks without a day after the twelfth."""
    monkeypatch.setattr(_csv_blocks, "_BLOCK", 1_000)
    monkeypatch.setattr(_stream_fit, "MOST_ROWS", 16)
    days = pd.to_datetime([f"2024-{1 + at % 12}-{1 + at % 9}" for at in range(600)])
    path = tmp_path / "days.csv"

    def write(**later):
        texts = days.strftime("%d.%m.%Y").to_numpy(object)
        texts[[*map(int, (at[3:] for at in later))]] = [*later.values()]
        table = {"day": texts, "other": texts, "x": np.arange(600) % 7, "y": np.arange(600)}
        pd.DataFrame(table).to_csv(path, index=False)
        return path

    return write


@pytest.mark.case(143)
@pytest.mark.parametrize("order", ["dmy", "mdy"])
def test_a_date_of_any_block_shows_the_order_of_all(days, order):
    day = "24.09.2023" if order == "dmy" else "09.24.2023"
    found, expected = encodings(days(row577=day), numbers="minmax")
    assert [each.order for each in found.columns[:2]] == [order] * 2
    for column, other in zip(found.columns, expected.columns, strict=True):
        assert dataclasses.replace(column, fill=other.fill) == other  # a median of the sample


@pytest.mark.case(143)
def test_dates_in_no_order_are_refused_and_those_in_another_one_are_missing(days):
    with pytest.raises(DataError) as caught:
        stream(days(), "y", task="regression")
    assert {*caught.value.options["columns"]} == {"day", "other"}
    assert (caught.value.path.name, caught.value.line) == ("days.csv", 11)
    path = days(row0="24.09.2023", row9="25.09.2023", row577="09.24.2023")
    problem = "column '(day|other)': 1 of 600 values .* 'date day-first' .*: '09.24.2023'"
    with pytest.warns(UserWarning, match=problem):
        found, expected = encodings(path)
    assert found.columns[0].indicator and found.input_names == expected.input_names


@pytest.mark.parametrize("folder", ["parquet"], indirect=True)
def test_held_out_rows_are_none_of_the_training_rows(folder):
    options = {"test_size": 0.2, "validation_size": 0.1, "columns": {"kind": "drop"}}
    rows = stream(f"{folder}/*", "price", **options)
    sizes = [rows.n_rows, rows.validation.n_samples, rows.test.n_samples]
    assert sum(sizes) == N_ROWS and sizes[1] == pytest.approx(300, abs=60)
    assert sizes[2] == pytest.approx(600, abs=90) and rows.sample.n_samples == rows.n_rows
    prices = [*rows.sample.y, *rows.validation.y, *rows.test.y]
    assert np.allclose(np.sort(prices), np.sort(TABLE["price"]))
    again = stream(f"{folder}/*", "price", split_seed=1, **options)
    assert again.n_rows != rows.n_rows or not np.array_equal(again.test.y, rows.test.y)


def test_the_memory_does_not_affect_the_result(folder):
    networks = []
    for memory in ("1GB", "100MB"):
        rows = stream(f"{folder}/*", "price", columns={"kind": "drop"}, memory=memory)
        networks.append(Network.dense([rows.n_inputs, 8, 1], seed=1))
        train(networks[-1], rows, epochs=1)
    assert np.array_equal(networks[0].parameters, networks[1].parameters)
    with pytest.raises(ArgumentError, match="memory: 100 kB is too little for blocks") as caught:
        stream(f"{folder}/*", "price", columns={"kind": "drop"}, memory="100kB")
    assert ("row groups" in str(caught.value)) == any(folder.glob("*.parquet"))


@pytest.mark.parametrize("folder", ["parquet"], indirect=True)
def test_the_memory_of_a_batch_of_several_groups_is_counted(folder, monkeypatch, refused):
    monkeypatch.setattr(_stream_memory, "GROUP_ROWS", 500)
    rows = stream(f"{folder}/*", "price", columns={"kind": "drop"}, memory="9MB")
    network, options = Network.dense([rows.n_inputs, 1]), {"epochs": 1, "engine": "reference"}
    with refused("memory") as caught:
        train(network, dataclasses.replace(rows, memory=1000), **options)
    enough = int(caught.value.options["memory"][:-2]) * 10**6
    rows = dataclasses.replace(rows, memory=enough)
    train(network, rows, batch_size=500, **options)
    with refused("batch_size", "batch of 300,000 rows, which needs about") as caught:
        rows.make_rows(network, SquaredError(), None, None, 1.0).check_steps(SGD(), 300_000)
    size = 4 * (rows.n_inputs + 1) * 300_000
    assert int(caught.value.options["memory"][:-2]) * 10**6 > enough + 2 * size


def test_the_memory_of_texts_that_are_repeated_is_counted(tmp_path):
    texts = pa.array(np.arange(20_000) % 3).cast("int32")
    names = pa.DictionaryArray.from_arrays(texts, [letter * 1_000 for letter in "abc"])
    rows = pa.table({"name": names, "y": np.arange(20_000) / 7})
    parquet.write_table(rows, tmp_path / "a.parquet")
    assert (tmp_path / "a.parquet").stat().st_size < 10**6
    expected = r"^memory: 30 MB is too little: the texts of 20,000 rows of .* allow memory='8\dMB'"
    with pytest.raises(ArgumentError, match=expected):
        stream(tmp_path / "a.parquet", "y", memory="30MB")
    assert stream(tmp_path / "a.parquet", "y", memory="90MB").n_inputs == 3


def test_a_name_like_a_pattern_is_that_of_a_file(tmp_path):
    for name in ("a[1].csv", "b*.csv", "bc.csv"):
        (tmp_path / name).write_text("x,y\n1,2\n3,4\n5,6\n")
        assert stream(tmp_path / name, "y", task="regression").n_rows == 3
    # A file that two patterns match is read once; the blocks are counted as they are read.
    paths, seen = [tmp_path / "bc.csv", f"{tmp_path}/[ab]*"], []
    rows = stream(paths, "y", task="regression", track=lambda blocks: seen.append(blocks) or blocks)
    assert repr(rows) == "<Stream: 9 rows in 3 blocks of bc.csv and 2 more, 1 input>"
    assert seen == [range(3)]


@pytest.mark.parametrize("folder", ["parquet"], indirect=True)
def test_a_sample_of_many_inputs_has_fewer_rows(folder, monkeypatch):
    rows = stream(f"{folder}/*", "price", columns={"kind": "drop"})
    monkeypatch.setattr(_stream, "MOST_NUMBERS", 100 * rows.n_inputs)
    network = Network.dense([rows.n_inputs, 1])
    few = rows.make_rows(network, SquaredError(), None, None, 1.0).in_memory
    assert len(few.X) == 100 and few.y.std() == pytest.approx(1, abs=0.25)


@pytest.mark.parametrize("change", ["shorter", "longer", "other values"])
def test_a_file_that_changes_is_refused(write, change):
    lines = ["x,y", *(f"{x},{2 * x}" for x in range(500))]
    path = write("\n".join(lines), "a.csv")
    rows = stream(path, "y", task="regression")
    others = {
        "shorter": lines[:100],
        "longer": [*lines, "1,2"],
        "other values": [*lines[:-1], "7,7"],
    }
    path.write_text("\n".join(others[change]))
    with pytest.raises(DataError, match=r"a\.csv: has changed since it was opened; open the files"):
        train(Network.dense([1, 1]), rows, epochs=1)


def test_a_file_that_changes_while_it_is_opened_is_refused(write, monkeypatch):
    path = write("\n".join(ROWS), "a.csv")
    add = StoredColumns.add

    def add_and_change(stored, columns, lines):
        path.write_text("x,y\n1,2\n")
        return add(stored, columns, lines)

    monkeypatch.setattr(StoredColumns, "add", add_and_change)
    with pytest.raises(DataError, match=r"a\.csv: has changed since it was opened"):
        stream(path, "y", task="regression")


def write_parts(folder, suffix, empty=None):
    """Write the table to three files, in the second of which a column has no type and no value."""
    table = TABLE.assign(member=pd.array(TABLE["rooms"] > 4, "boolean"), large=TABLE["rooms"] > 5)
    table.loc[:99, "member"] = pd.NA
    absent = table.assign(**{empty: table[empty].mask(table.index // 1000 == 1)} if empty else {})
    folder.mkdir()
    for number in range(3):
        save(absent[1000 * number : 1000 * number + 1000], folder / f"{number}.{suffix}", 250)
    if empty is not None and suffix == "parquet":
        rows = parquet.read_table(folder / "1.parquet")
        rows = rows.set_column(rows.schema.get_field_index(empty), empty, pa.nulls(1000))
        parquet.write_table(rows, folder / "1.parquet", row_group_size=250)
    save(absent, folder.with_suffix(f".{suffix}"), 250)
    return folder.with_suffix(f".{suffix}")


@pytest.mark.integration
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize("empty", ["size", "town", "built", "member"])
def test_a_column_without_a_value_in_some_blocks_is_as_in_one_file(tmp_path, suffix, empty):
    whole, options = write_parts(tmp_path / "parts", suffix, empty), {"columns": {"kind": "drop"}}
    rows = stream(f"{tmp_path}/parts/*", "price", **options, test_size=0.1, validation_size=0.1)
    together = stream(whole, "price", **options)
    assert [c.kind for c in rows.encoding.columns] == [c.kind for c in together.encoding.columns]
    assert rows.encoding.input_names == together.encoding.input_names
    assert np.isfinite(rows.arrays(rows.test)[0]).all()
    if suffix == "parquet":  # of the same row groups
        networks = [Network.dense([rows.n_inputs, 8, 1], seed=0) for _ in range(2)]
        for network, files in zip(networks, (f"{tmp_path}/parts/*", whole), strict=True):
            train(network, stream(files, "price", **options), epochs=2)
        assert np.array_equal(networks[0].parameters, networks[1].parameters)


@pytest.mark.parametrize(
    ("suffix", "target"), [("csv", "rooms"), ("csv", "member"), ("parquet", "kind")]
)
def test_a_target_without_a_value_in_one_file_is_left_out_there(tmp_path, suffix, target):
    write_parts(tmp_path / "parts", suffix, target)
    rows = stream(f"{tmp_path}/parts/*", target, test_size=0.1)
    n_rows = 2000 - 100 * (target == "member")
    assert rows.n_rows + rows.test.n_samples == n_rows
    expected = {"kind": ("cheap", "dear"), "rooms": tuple("12345678")}.get(target)
    assert rows.sample.classes == (expected or ("False", "True"))


def test_the_form_of_a_target_follows_from_all_rows_as_in_memory(tmp_path):
    prices = [f"{1 + number % 9},{100 + number}" for number in range(600)]
    prices[-1] = "2,345.5"  # the only one that shows what a comma separates
    rows = pd.DataFrame({"size": np.arange(600) % 7, "price": prices})
    for number in range(3):
        rows[200 * number : 200 * number + 200].to_csv(tmp_path / f"{number}.csv", index=False)
    parts = stream(f"{tmp_path}/*", "price", test_size=0.5)
    rows.to_csv(tmp_path / "all.csv", index=False)
    whole = load_table(tmp_path / "all.csv", "price")
    assert parts.test.classes is None and {*parts.test.y} <= {*whole.y}


def test_a_target_decides_nothing_about_other_columns_as_in_memory(tmp_path):
    rows = pd.DataFrame({"price": ["$1,200", "$3"] * 50, "y": np.arange(100) / 8})
    rows.to_csv(tmp_path / "all.csv", index=False)
    for memory in (None, "1GB"):
        with pytest.raises(DataError, match=r"'\$1,200' is 1.2 as .* or 1200 as .*; nothing dec"):
            Task.open(tmp_path / "all.csv", "y", memory=memory).describe()


@pytest.mark.parametrize("task", [None, "classification"])
def test_names_and_classes_of_numbers_are_spelled_as_in_memory(tmp_path, task):
    fixed = np.array(["1.250", "2.500", "3.750"])[np.arange(90) % 3]
    rows = pd.DataFrame({"size": fixed, "price": "0,61", "kind": fixed})
    rows.loc[::2, "price"] = "1,5"  # decimal commas, so that 1.250 alone would be 1250
    rows.to_csv(tmp_path / "all.csv", index=False, sep=";")
    options = {"columns": {"size": "names"}, "task": task}
    whole = load_table(tmp_path / "all.csv", "kind", frame=True, **options)
    parts = stream(tmp_path / "all.csv", "kind", **options).sample
    assert whole.classes == parts.classes == ("1.25", "2.5", "3.75")
    assert whole.X["size"].tolist() == parts.X["size"].tolist() == fixed.tolist()
    new = read_samples(open_table(tmp_path / "all.csv"), ["size"], "kind", whole.classes)
    assert new.y.tolist() == whole.y.tolist() == parts.y.tolist()


@pytest.mark.parametrize(
    ("column", "value", "arguments", "message"),
    [
        ("kind", "dear", {}, "0.csv and 2 more: column 'kind' holds 'dear' in every row"),
        ("kind", None, {}, "0.csv and 2 more: column 'kind' has 0 values in 3 of 3 blocks, at lea"),
        ("price", None, {"task": "regression"}, "and 2 more: column 'price' has 0 values"),
        ("rooms", 1, {"test_size": 0.9999}, "test_size: 0.9999 for the test set and 0 for the val"),
        ("rooms", 2, {"test_size": 0.6, "validation_size": 0.6}, "test_size: .*less than 2 rows"),
    ],
)
def test_targets_that_teach_nothing_are_refused(tmp_path, column, value, arguments, message):
    for number in range(3):
        rows = TABLE[100 * number : 100 * number + 100].assign(**{column: value})
        save(rows, tmp_path / f"{number}.csv")
    target = "price" if column == "rooms" else column
    with pytest.raises(ArgumentError, match=message):
        stream(f"{tmp_path}/*", target, **arguments)


def test_the_classes_are_those_of_all_rows(tmp_path):
    kinds = ["a", "b"] * 500
    held_out = stream_of(tmp_path, kinds).test.numbers
    kinds[held_out[0]] = "in the test set alone"
    assert stream_of(tmp_path, kinds).sample.classes == ("a", "b", "in the test set alone")


def stream_of(folder, kinds):
    pd.DataFrame({"x": np.arange(1000) % 7, "kind": kinds}).to_csv(folder / "a.csv", index=False)
    return stream(folder / "a.csv", "kind", test_size=0.1)


def test_a_counter_over_several_files_is_left_out(folder):
    for number, path in enumerate(sorted(folder.iterdir())):
        read = pd.read_csv if path.suffix == ".csv" else pd.read_parquet
        save(read(path).assign(count=np.arange(1000) + 1000 * number), path)
    columns = {column.name: column for column in stream(f"{folder}/*", "price").encoding.columns}
    assert columns["count"].formula == "numbers the rows"


@pytest.mark.parametrize(
    ("name", "encoding", "pack"),
    [
        ("a.csv.gz", "utf-8", gzip.compress),
        ("a.csv.xz", "utf-16", lzma.compress),
        ("a.csv", "utf-7", bytes),
        ("a.csv", "cp500", bytes),
    ],
)
def test_a_compressed_or_encoded_file_has_the_blocks_of_its_text(
    write, monkeypatch, name, encoding, pack
):
    monkeypatch.setattr(_csv_blocks, "_BLOCK", 9_000)
    text = "\n".join(ROWS)
    plain = write(text, "plain.csv")
    packed = write(pack(text.encode(encoding)), name)
    networks = []
    for path, csv in ((plain, CsvOptions()), (packed, CsvOptions(encoding=encoding))):
        rows = stream(path, "y", task="regression", csv=csv, test_size=0.1)
        assert len(rows.lengths) > 4
        network = Network.dense([rows.n_inputs, 4, 1], seed=0)
        train(network, rows, epochs=1, seed=0)
        networks.append(network)
    assert np.array_equal(networks[0].parameters, networks[1].parameters)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"paths": "none-*.csv"}, "none-.*: no file matches this pattern"),
        ({"paths": [3]}, "paths: expected one of text, a PathLike, a list, got "),
        ({"paths": []}, "paths: expected at least one, got "),
        ({"target": 3}, "target: expected text, got 3"),
        ({"target": None}, "are .*; name the one to predict, such as target='kind'$"),
        (
            {"target": "kind", "columns": {"kind": "drop"}},
            "columns: expected columns other than the target",
        ),
        ({"missing": "?"}, "missing: expected a list of texts"),
        ({"target": "other"}, "target"),
        (
            {"columns": dict.fromkeys(TABLE.columns.drop("price"), "drop")},
            "drop: no column is left to pred",
        ),
        ({"test_size": 1}, "test_size"),
        ({"memory": "much"}, "memory: expected a size such as 8GB"),
        ({"numbers": "pieces"}, "numbers: unknown 'pieces'"),
    ],
)
def test_wrong_arguments_are_named(tmp_path, arguments, message):
    save(TABLE[:100], tmp_path / "0.csv")
    with pytest.raises(ArgumentError, match=message):
        stream(**{"paths": f"{tmp_path}/*", "target": "price", **arguments})


@pytest.mark.parametrize(
    ("first", "later", "kind"),
    [("1", "2.5", "number"), ("", "3", "number"), ("1", "", "number"), ("a", "b", "category")],
)
def test_a_column_that_is_constant_in_the_first_blocks_is_not_left_out(
    tmp_path, monkeypatch, first, later, kind
):
    monkeypatch.setattr(_stream_fit, "N_SAMPLED_BLOCKS", 1)
    for name, value in (("a", first), ("b", later)):
        lines = [f"{x % 7},{value},{x % 5}" for x in range(300)]
        (tmp_path / f"{name}.csv").write_text("\n".join(["x,late,y", *lines]))
    options = {"target": "y", "task": "regression"}
    assert stream(f"{tmp_path}/*", **options).encoding.columns[1].kind == kind
    rows = stream(f"{tmp_path}/*", **options, columns={"late": "names"})
    assert rows.encoding.columns[1].kind == "category"
    for given in ({}, {"columns": {"late": "names"}}):
        rows = stream(f"{tmp_path}/a.csv", **options, **given)
        assert rows.encoding.columns[1].kind == "dropped"


@pytest.mark.parametrize("numbers", ["standardize", "minmax", "robust"])
@pytest.mark.parametrize(
    ("usual", "late", "kind"),
    [
        ("0", "2.5", "number"),
        ("", "3", "number"),
        ("1", "", "number"),
        ("no", "yes", "boolean"),
        ("2024-01-02", "2024-03-04", "date"),
        ("2024-01-02", "", "date"),
    ],
)
def test_a_column_that_varies_only_outside_the_sample_is_not_left_out(
    tmp_path, monkeypatch, numbers, usual, late, kind
):
    monkeypatch.setattr(_stream_fit, "MOST_ROWS", 80)
    values = [late if x >= 3980 else usual for x in range(4000)]
    lines = [f"{x % 7},{value},{x % 5}" for x, value in enumerate(values)]
    (tmp_path / "a.csv").write_text("\n".join(["x,late,y", *lines]))
    rows = stream(tmp_path / "a.csv", "y", task="regression", numbers=numbers)
    assert len(np.unique(rows.sample.X["late"])) == 1
    column = rows.encoding.columns[1]
    assert column.kind == kind
    inputs, _ = rows.arrays(rows.read_block(0))
    assert np.isfinite(inputs).all() and (inputs[0] != inputs[3997]).any()  # of the same x


ROWS = ["a,name,y", *(f"{x / 8},pipe {x % 5},{x % 7}" for x in range(3000))]


#: The second file's header, a row of it by its number, the bytes of a block, options, the error.
REFUSED = [
    ("a,name,y", {312: '1,pipe,"2'}, 1000, {}, "b.csv:314: a quote that opens here is not closed"),
    (
        "a,name,y",
        {312: "1,2"},
        1000,
        {"csv": CsvOptions(header=True)},
        "b.csv:314: expected 3 values",
    ),
    ("a,name,z", {}, 1000, {}, "b.csv: no column y"),
    ("b,name,y", {}, 1000, {}, "b.csv: no column a"),
    ("a,name,y", {700: "1,pipe,q"}, 10**6, {}, "b.csv:702: column 'y': .*got 'q'; .*task='classi"),
    ("a,name,y", {7: "1,,1e200", 8: "1,,-1e200"}, 1000, {}, "'y': standardize .* -1e.200 to 1e"),
]


@pytest.mark.parametrize(("header", "changes", "block", "options", "message"), REFUSED)
def test_an_error_names_the_file_and_the_line(
    write, monkeypatch, header, changes, block, options, message
):
    monkeypatch.setattr(_csv_blocks, "_BLOCK", block)
    rows = [f"{x / 8},pipe {x % 5},{x / 9}" for x in range(900)]
    path = write("\n".join(["a,name,y", *rows, ""]), "a.csv")
    changed = [changes.get(number, row) for number, row in enumerate(rows)]
    write("\n".join([header, *changed]), "b.csv")
    with pytest.raises(ArgumentError, match=message):
        stream(f"{path.parent}/*.csv", "y", **options)


@pytest.mark.parametrize("options", [{}, {"columns": {"a": "number"}}])
def test_one_warning_names_the_values_of_all_files_that_cannot_be_read(write, monkeypatch, options):
    """Some blocks have none, and one has no other values."""
    monkeypatch.setattr(_csv_blocks, "_BLOCK", 1000)
    rows = [f"{x / 8},pipe {x % 5},{x / 9}" for x in range(900)]
    path = write("\n".join(["a,name,y", *rows]), "a.csv")
    wrong = [f"q{x % 2},pipe,{x / 9}" for x in range(90)]
    write("\n".join(["a,name,y", *rows[90:], *wrong]), "b.csv")
    problem = "column 'a': 90 of 1,800 values can't be read .* count as missing: 'q0', 'q1'"
    with pytest.warns(UserWarning, match=problem) as noted:
        found = stream(f"{path.parent}/*.csv", "y", task="regression", **options)
    assert len(noted) == 1
    assert found.encoding.columns[0].kind == "number" and found.encoding.columns[0].indicator


def test_a_file_of_empty_lines_below_its_header_has_no_rows(write):
    paths = [write("\n".join(ROWS), "a.csv"), write("a,name,y\n\n\r\n\n", "b.csv")]
    assert stream(paths, "y", task="regression").n_rows == 3000
    with pytest.raises(ArgumentError, match="the files have no rows"):
        stream(paths[1], "y")


def test_counts_may_stay_as_they_are(write):
    path = write("\n".join(ROWS))
    rows = dataclasses.replace(stream(path, "y", task="regression"), target_scaling=None)
    network = Network.dense([rows.n_inputs, 1], output="exponential")
    assert train(network, rows, loss="poisson", epochs=2).loss[1] > 0
    assert set(rows.arrays(rows.sample)[1]) == set(range(7))


INTERRUPTED = """
import sys

class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == "pandas.core.frame":
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupt())
from barenet.datasets._table_loading import load_table
load_table(sys.argv[1], "y")
"""


@pytest.mark.integration
def test_ctrl_c_while_the_libraries_of_a_table_are_loaded(tmp_path):
    pd.DataFrame({"x": [1.0, 2.0], "y": [0, 1]}).to_parquet(tmp_path / "a.parquet")
    command = [sys.executable, "-c", INTERRUPTED, tmp_path / "a.parquet"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode != 0 and done.stderr.endswith("KeyboardInterrupt\n")


def test_numbers_beyond_float64_are_named_wherever_they_are(write, monkeypatch):
    monkeypatch.setattr(_stream_fit, "MOST_ROWS", 16)  # of which the outlier is none
    path = write("\n".join([*ROWS, "1e200,pipe 1,1.5"]))
    with pytest.raises(DataError, match=r"column 'a': standardize is beyond .* 0 to 1e\+200\)"):
        stream(path, "y", task="regression")


@pytest.mark.parametrize("folder", ["parquet"], indirect=True)
def test_parquet_files_are_opened_without_a_temporary_file(folder, monkeypatch):
    monkeypatch.setattr(tempfile, "TemporaryFile", None)
    assert stream(f"{folder}/*", "price").n_rows == N_ROWS


@pytest.mark.parametrize("folder", ["parquet"], indirect=True)
def test_rows_without_a_target_are_counted(folder, write):
    rows = stream(f"{folder}/*", "price", columns={"kind": "drop"})
    assert rows.sample.description == f"read in {len(rows.source)} blocks"
    lines = ["x,y", *(f"{x % 7},{x % 3}" for x in range(100)), "3,", "4,?", "3,NA"]
    rows = stream(write("\n".join(lines), "a.csv"), "y", test_size=0.2, missing=["?"])
    expected = "read in 1 block, 3 rows without a target left out: '?', 'NA'"
    assert rows.sample.description == rows.test.description == expected
    assert rows.n_rows + rows.test.n_samples == 100


def test_a_large_file_is_opened_as_blocks(folder, monkeypatch):
    monkeypatch.setenv("BARENET_MEMORY", "500kB")
    path, csv = next(folder.glob("0.*")), CsvOptions()
    blocks = open_blocks(path, csv)
    if path.suffix == ".csv":
        assert len(blocks) == 3
        monkeypatch.setenv("BARENET_MEMORY", "2MB")
        assert len(open_blocks(path, csv)) == 1
    else:
        assert len(blocks) == 1  # as opening the file for each of its small groups takes time
        monkeypatch.setattr(_stream_source, "_MIN_ROWS", 200)
        blocks = open_blocks(path, csv)
        assert len(blocks) == 4
    names = ["size", "town"]
    own, whole = (
        concatenate([each.frame(names) for each in b]) for b in (blocks, [open_table(path, csv)])
    )
    for name in names:
        np.testing.assert_array_equal(own[name], whole[name])
    packed = path.with_name(f"{path.name}.gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    n_packed = 3 if path.suffix == ".csv" else 1  # each block of Parquet would unpack it again
    assert len(open_blocks(packed, csv)) == n_packed


@pytest.mark.parametrize("wrong", [b"\0", b"\xff"])
def test_errors_of_a_block_count_from_the_start_of_the_file(write, monkeypatch, wrong):
    path = write(b"x,y\n" + b"1.25,2\n" * 400 + wrong + b",3\n")
    with pytest.raises(DataError) as whole:
        open_table(path, CsvOptions())
    monkeypatch.setattr(_csv_blocks, "_BLOCK", 1000)
    monkeypatch.setattr(_csv_blocks, "_HEAD", 1000)
    monkeypatch.setattr(_csv_blocks, "_START", 1000)
    with pytest.raises(DataError) as caught:
        csv_blocks(path, CsvOptions())
    assert str(caught.value) == str(whole.value) and "2,804" in str(whole.value)


MEASURE = """
import sys
from barenet import Network, train
from barenet.streams._stream import stream

def most_memory():
    lines = dict(line.split(":") for line in open("/proc/self/status"))
    return 1024 * int(lines["VmHWM"].split()[0])

def train_on(path, memory, test_size):
    sizes = {"test_size": test_size, "validation_size": test_size / 2}
    rows = stream(path, "y", task="regression", rare=0, memory=memory, **sizes)
    validation, test = rows.arrays(rows.validation), rows.arrays(rows.test)
    network = Network.dense([rows.n_inputs, 4, 1])
    train(network, rows, epochs=2, validation_data=validation, test_data=test, threads=1)

small, large, test_size = sys.argv[1:]
train_on(small, "1GB", 0.2)
before, memory = most_memory(), "1MB"
while memory:
    try:
        train_on(large, memory, float(test_size))
        following = None
    except ValueError as error:
        following = error.options["memory"]
    print(memory, most_memory() - before)
    memory = following
"""


@pytest.mark.case(147)
@pytest.mark.integration
@pytest.mark.skipif(sys.platform != "linux", reason="reads the memory in use from /proc")
@pytest.mark.parametrize(
    "kind",
    [
        "long texts",
        pytest.param("numbers", marks=pytest.mark.slow),
        pytest.param("categories", marks=pytest.mark.slow),
        pytest.param("csv", marks=pytest.mark.slow),
    ],
)
def test_the_memory_is_a_limit_for_files_as_pandas_writes_them(tmp_path, kind):
    """Also for a run that is refused: each limit is the one that the error before proposes."""
    rng, paths = np.random.default_rng(0), []
    suffix, options = "csv.gz" if kind == "csv" else "parquet", {"row_group_size": None}
    large = {"categories": 24_000, "csv": 50_000}.get(kind, 100_000)
    for name, n_rows in (("small", 900), ("large", large)):
        columns = {f"x{at}": rng.normal(size=n_rows) for at in range(20)}
        columns["letter"] = rng.choice(list("abc"), n_rows)
        if kind == "long texts":
            texts = [90 * letter for letter in "abcdefgh"]
            columns = {f"x{at}": rng.choice(texts, n_rows) for at in range(10)}
        elif kind == "categories":  # each of which is an input
            columns = {"name": [f"name {each}" for each in rng.integers(0, n_rows // 6, n_rows)]}
            options = {"row_group_size": 500}
        rows = pd.DataFrame(columns | {"y": rng.normal(size=n_rows)})
        paths.append(tmp_path / f"{name}.{suffix}")
        save(rows, paths[-1], **options)
    test_size = "0.3" if kind == "categories" else "0.1"
    command = [sys.executable, "-c", MEASURE, *paths, test_size]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    used = dict(map(str.split, done.stdout.splitlines()))
    assert 2 <= len(used) <= 4
    for limit, growth in used.items():
        # Without any memory, a file is opened, blocks of CSV are split into columns, and the caller
        # encodes the rows that are held out.
        least = {"csv": 150, "categories": 300}.get(kind, 20)
        assert int(growth) < 10**6 * max(least, int(limit.removesuffix("MB"))), used


@pytest.mark.case(128)
def test_texts_that_look_alike_in_several_files_are_one_category_and_one_class(tmp_path):
    composed, decomposed = "gr\u00f6\u00dfe", "gro\u0308\u00dfe"
    for number, word in enumerate([composed, decomposed]):
        rows = pd.DataFrame({"a": [word, "b", "c"] * 30, "y": [word, "other"] * 45})
        rows.to_csv(tmp_path / f"{number}.csv", index=False)
    rows = stream(f"{tmp_path}/*.csv", "y")
    assert rows.encoding.columns[0].categories == ("b", "c", composed)
    assert rows.sample.classes == (composed, "other")
    network = Network.dense([3, 1], output="sigmoid", seed=0)
    history = train(network, rows, epochs=2, seed=0)
    assert np.isfinite(history["loss"]).all()


@pytest.mark.case(156)
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_decimal_commas_of_one_file_show_that_points_of_another_separate_thousands(tmp_path, order):
    rng = np.random.default_rng(1)
    thousands = [f"{value // 1000}.{value % 1000:03}" for value in rng.integers(1_000, 9_000, 90)]
    small = [str(value) for value in rng.integers(20, 999, 90)]
    commas = [f"{value},5" for value in range(90)]
    for number, place in enumerate(order):
        columns = {
            "x": (small, commas)[place],
            "n": (thousands, small)[place],
            "y": rng.permutation(90),
        }
        pd.DataFrame(columns).to_csv(tmp_path / f"{number}.csv", index=False, sep=";")
    encoding = stream(f"{tmp_path}/*.csv", "y", task="regression").encoding
    assert [column.reading for column in encoding.columns] == ["number 1234,5", "number 1.234,5"]


@pytest.mark.case(214)
def test_a_column_that_one_of_several_files_declares_as_categories_has_names(tmp_path):
    numbers = pd.DataFrame({"shop": RNG.integers(1, 31, 600), "x": RNG.normal(size=600)})
    numbers["y"] = (numbers["shop"] * 7) % 11 + numbers["x"]
    for number, types in enumerate(({}, {"shop": "category"})):
        numbers.astype(types).to_parquet(tmp_path / f"{number}.parquet")
    whole = load_table(tmp_path / "1.parquet", "y", task="regression", frame=True).X
    expected = TableEncoding.fit(whole).columns[0]
    for paths in ("1.parquet", "*.parquet"):
        found = stream(tmp_path / paths, "y", task="regression").encoding.columns[0]
        assert (found.kind, found.categories) == (expected.kind, expected.categories)
    assert expected.kind == "category"


@pytest.mark.case(147)
def test_columns_of_many_different_texts_are_read_as_in_memory(tmp_path, monkeypatch):
    """Of which a stream counts some, so that its memory doesn't grow with the files."""
    complete = ColumnTexts.complete
    n_texts = []

    def count(texts):
        complete(texts)
        n_texts.append(len(texts.counts))

    monkeypatch.setattr(ColumnTexts, "complete", count)
    monkeypatch.setattr(_stream_fit, "MOST_TEXTS", 100)
    n_rows = 3_000
    times = np.datetime64("2020-01-01T00:00") + RNG.integers(0, 10**6, n_rows)
    table = pd.DataFrame(
        {
            "id": [f"id {number}" for number in range(n_rows)],
            "at": pd.Series(times).dt.strftime("%d.%m.%Y %H:%M"),
            "amount": [f"{number:,.2f}" for number in RNG.normal(0, 1e5, n_rows)],
            "y": RNG.normal(size=n_rows),
        }
    )
    table.to_csv(tmp_path / "a.csv", index=False)
    rows = stream(tmp_path / "a.csv", "y", task="regression")
    assert n_texts == [100, 100, 100, 100]  # of three columns and the target
    whole = load_table(tmp_path / "a.csv", "y", task="regression", frame=True)
    expected = TableEncoding.fit(whole.X).columns
    kinds = [(column.name, column.kind) for column in rows.encoding.columns]
    assert kinds == [(column.name, column.kind) for column in expected]
    assert kinds == [("id", "dropped"), ("at", "date"), ("amount", "number")]

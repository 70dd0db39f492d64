"""Tables that cannot be used, case by case, as whoever loads them meets them."""

from __future__ import annotations

import bz2
import gzip
import lzma

import numpy as np
import pytest

from barenet import TableEncoding, TablePreprocessor, load_dataset
from barenet.data._table_loading import load_table, read_features
from barenet.errors import DataError


def refused(load, path, **options) -> str:
    """Give the one line with which a file is refused, its folder cut off."""
    with pytest.raises(DataError) as error:
        load(path, **options)
    message = str(error.value)
    assert message.startswith(str(path)) and "\n" not in message
    return message.removeprefix(f"{path.parent}/")


def load(path, **options):
    return load_table(path, "y", **options)


def learn(path, **options):
    """Load, and measure every column, as whoever trains does."""
    return TableEncoding.fit(load_table(path, "y", frame=True).X, **options)


def test_fault_35_missing_or_a_folder(tmp_path):
    for name in ("t.csv", "t.parquet"):
        assert refused(load, tmp_path / name) == f"{name}: no such file"
        (tmp_path / name).mkdir()
        assert refused(load, tmp_path / name) == f"{name}: is a folder, expected a file"


def test_fault_36_empty_or_a_header_alone(write):
    assert refused(load, write(b"")) == "t.csv: empty file"
    assert refused(load, write(b"x,y\n")) == "t.csv: no rows below the header"


def test_fault_37_38_ragged(write):
    for row, got in ((b"3,4,5", 3), (b"3", 1)):
        message = refused(load, write(b"x,y\n1,2\n\n" + row + b"\n"))
        assert message == f"t.csv:4: expected 2 values, as in the first line, got {got}"


def test_fault_39_a_delimiter_is_found_or_the_wrong_one_is_named(write):
    for delimiter in (";", "\t", "|", ","):
        text = "x,z,y\n1,2,no\n3,4,yes\n".replace(",", delimiter)
        for name in ("t.csv", "t.tsv"):
            assert load(write(text.encode(), name)).X.tolist() == [[1, 2], [3, 4]]
    path = write(b"x;y\n1;no\n2;yes\n")
    assert refused(load, path, delimiter=",") == "t.csv:1: 1 column, 'x;y'; try delimiter=';'"


def test_fault_40_a_word_among_numbers(write):
    rows = "".join(f"{row},{row % 2}\n" for row in range(19))
    path = write(f"age,y\n{rows}old,1\n".encode())
    message = refused(learn, path)
    assert message == (
        "t.csv:21: column 'age': expected a number, as in 95 % of the rows, got 'old'; if it "
        "stands for a missing value, use missing=['old']; if the column holds names, use "
        "categories=['age']"
    )
    assert learn(path, missing=["old"]).output_names == ("age", "age missing")
    usual = write(f"age,y\n{rows}old,1\nNA,1\n".encode(), "usual.csv")
    assert learn(usual, missing=["old"]).output_names == ("age", "age missing")
    assert learn(path, categories=["age"]).columns[0].kind == "category"
    assert "t.csv:21: column 'age': expected a number, got 'old'" in refused(
        read_features, path, feature_names=["age"]
    )


def test_fault_40_a_word_in_the_rows_to_predict_for(write):
    encoding = learn(write(b"age,y\n1,0\n2,1\n3,1\n"))
    later = read_features(write(b"age\n5\nold\n", "later.csv"), ["age"], frame=True)
    with pytest.raises(DataError, match=r"later\.csv:3: column 'age': expected a number, got 'o"):
        encoding.transform(later)


def test_fault_40_a_word_among_dates(write):
    rows = "".join(f"2026-01-{row:02},{row % 2}\n" for row in range(1, 20))
    message = refused(learn, write(f"day,y\n{rows}2026-02-30,1\n".encode()))
    assert message.startswith("t.csv:21: column 'day': expected a date, as in 95 % of the rows, ")


def test_fault_40_a_decimal_comma(write):
    path = write(b"x;y\n1,5;0\n2;1\n3,25;1\n")
    message = "t.csv:2: column 'x': expected a number, got '1,5'; for a decimal comma, use decimal"
    assert refused(learn, path).startswith(message)
    assert load(path, decimal=",").X.tolist() == [[1.5], [2], [3.25]]


def test_fault_41_byte_order_marks(write):
    for encoding in ("utf-8-sig", "utf-16", "utf-32"):
        data = load(write("x,y\n1,nö\n2,yes\n".encode(encoding)))
        assert (data.feature_names, data.classes) == (("x",), ("nö", "yes"))


def test_fault_42_one_row(write):
    path = write(b"x,town,y\n1,Rome,2\n")
    assert refused(load, path) == "t.csv: 1 row, at least 2 are needed"
    assert read_features(path, ["town"], frame=True)["town"].tolist() == ["Rome"]
    with pytest.raises(ValueError, match=r"^X: 1 sample, at least 2 are needed"):
        TablePreprocessor().fit({"x": [1]})


def test_fault_43_duplicate_columns(write, tmp_path):
    import pyarrow
    from pyarrow import parquet

    message = "column 'x' occurs 2 times; column names must be unique"
    remedy = "; if the first line is a row of the table, use header=False"
    assert refused(load, write(b"x,x,y\n1,2,3\n4,5,6\n")) == f"t.csv:1: {message}{remedy}"
    twice = pyarrow.table([[1, 2], [3, 4], [5, 6]], names=["x", "x", "y"])
    parquet.write_table(twice, tmp_path / "t.parquet")
    assert refused(load, tmp_path / "t.parquet") == f"t.parquet: {message}"
    with pytest.raises(ValueError, match=r"^X: column 'x' occurs 2 times"):
        TableEncoding.fit(twice)


def test_fault_44_no_target(write):
    path = write(b"height,weight\n1,2\n3,4\n")
    with pytest.raises(DataError, match=r"the columns are height, weight$") as caught:
        load(path)
    assert (caught.value.argument, caught.value.path, caught.value.value) == ("target", path, "y")
    with pytest.raises(
        ValueError, match=r"^target: name the column .*; the columns are height, weight$"
    ):
        load_dataset(path)


def test_fault_45_no_text(write):
    latin = "x,y\n1,nö\n2,yes\n".encode("latin-1")
    assert refused(load, write(latin)).startswith(
        "t.csv: not UTF-8 text at byte 7; pass the encoding"
    )
    assert load(write(latin), encoding="latin-1").classes == ("nö", "yes")
    assert refused(load, write(b"x,y\n1,\0\n")).startswith("t.csv:2: a zero byte at offset 6: ")


@pytest.mark.parametrize(
    ("packer", "pack", "name"),
    [("gzip", gzip, "t.csv.gz"), ("bzip2", bz2, "t.csv.bz2"), ("xz", lzma, "t.csv.xz")],
)
def test_fault_46_packed_files(write, packer, pack, name):
    packed = pack.compress(b"x,y\n" + b"1,no\n2,yes\n" * 50)
    assert load(write(packed, name)).n_samples == 100
    assert refused(load, write(packed[:-9], name)) == (
        f"{name}: truncated, the {packer} data end too early"
    )
    flipped = bytearray(packed)
    flipped[len(packed) // 2] ^= 0xFF
    assert refused(load, write(bytes(flipped), name)).startswith(f"{name}: damaged {packer} data: ")


def test_fault_46_zstd(write):
    import pyarrow

    text = b"x,y\n" + b"1,no\n2,yes\n" * 50
    packed = pyarrow.Codec("zstd").compress(text).to_pybytes()
    assert load(write(packed, "t.csv.zst")).n_samples == 100
    assert refused(load, write(packed[:-5], "t.csv.zst")).startswith("t.csv.zst: ")


@pytest.mark.parametrize("pack", [gzip, bz2, lzma])
def test_fault_46_bombs(write, monkeypatch, pack):
    monkeypatch.setenv("BARENET_MEMORY", "4MB")
    path = write(pack.compress(b"x,y\n" + b"1,2\n" * 1_000_000))
    assert refused(load, path).startswith("t.csv: more than 1 MB of data would take about 4 MB of ")


def test_fault_46_a_parquet_bomb(tmp_path, monkeypatch):
    import pyarrow
    from pyarrow import parquet

    monkeypatch.setenv("BARENET_MEMORY", "4MB")
    path = tmp_path / "t.parquet"
    parquet.write_table(pyarrow.table({"x": np.zeros(10**6), "y": np.zeros(10**6)}), path)
    assert refused(load, path).startswith("t.parquet: 1,000,000 rows of 2 columns would take")


def test_fault_47_an_unclosed_quote(write):
    message = refused(load, write(b'x,y\n1,no\n"2,yes\n3,no\n'))
    assert message.startswith("t.csv:3: a quote that opens here is not closed as it should be")


def test_promise_17_names_of_two_lines_are_told_in_one(write):
    with pytest.raises(DataError) as caught:
        load(write(b'"a\nb",c\n1,2\n'))
    assert caught.value.problem == r"no column y; the columns are a\nb, c"

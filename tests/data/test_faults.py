"""Tables that cannot be used, case by case, as users of `load_table` meet them."""

from __future__ import annotations

import gzip

import numpy as np
import pyarrow
import pytest
from pyarrow import parquet

from barenet import TableEncoding, TablePreprocessor, load_dataset
from barenet.data._table_loading import load_table, read_features
from barenet.errors import ArgumentError, DataError


def load(path, **options):
    return load_table(path, "y", **options)


def fit(path, **options):
    """Load a table, and fit the encoding of every column, as for training."""
    return TableEncoding.fit(load_table(path, "y", frame=True).X, **options)


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
def test_fault_35_missing_or_a_folder(tmp_path, name):
    with pytest.raises(DataError, match="no such file"):
        load(tmp_path / name)
    (tmp_path / name).mkdir()
    with pytest.raises(DataError, match="is a folder, expected a file"):
        load(tmp_path / name)


@pytest.mark.parametrize(
    ("data", "line", "problem"),
    [
        (b"", None, "empty file"),
        (b"x,y\n", None, "no rows below the header"),
        (b"x,y\n1,2\n\n3,4,5\n", 4, "expected 2 values, as in the first line, got 3"),
        (b"x,y\n1,2\n\n3\n", 4, "expected 2 values, as in the first line, got 1"),
        (b"x,y\n1,2\n", None, "1 row, at least 2 are needed"),
        (b"x,x,y\n1,2,3\n4,5,6\n", 1, "column 'x' occurs 2 times; column names must be unique"),
        (b'"a\nb",c\n1,2\n', None, r"no column y; the columns are a\nb, c"),
        ("x,y\n1,nö\n2,yes\n".encode("latin-1"), None, "not UTF-8 text at byte 7"),
        (b"y\n1\n2\n", None, "'y' is the only column; there is nothing to learn it from"),
        (b"x,y\n1,p\n2,p\n", None, "column 'y' holds 'p' in every row"),
    ],
)
def test_fault_36_37_38_42_43_45_promise_17_a_wrong_table(write, data, line, problem):
    with pytest.raises(DataError) as caught:
        load(write(data))
    error = caught.value
    assert (error.line, error.problem, error.path.name) == (line, problem, "t.csv")
    assert "\n" not in str(error)


def test_fault_39_a_delimiter_is_detected_or_the_wrong_one_is_named(write):
    for delimiter in (";", "\t", "|", ","):
        text = "x,z,y\n1,2,no\n3,4,yes\n".replace(",", delimiter)
        for name in ("t.csv", "t.tsv"):
            assert load(write(text, name)).X.tolist() == [[1, 2], [3, 4]]
    with pytest.raises(DataError, match="1 column, 'x;y'; try delimiter=';'"):
        load(write("x;y\n1;no\n2;yes\n"), delimiter=",")


def test_fault_40_a_word_among_numbers(write):
    rows = "".join(f"{row},{row % 2}\n" for row in range(19))
    path = write(f"age,y\n{rows}old,1\n")
    with pytest.raises(DataError) as caught:
        fit(path)
    error = caught.value
    assert (error.line, error.value) == (21, "old")
    assert error.expected == "a number, as in 95 % of the rows"
    assert error.options == {"missing": ["old"], "categories": ["age"]}
    usual = write(f"age,y\n{rows}old,1\nNA,1\n", "usual.csv")
    for file in (path, usual):
        assert fit(file, missing=["old"]).output_names == ("age", "age missing")
    assert fit(path, categories=["age"]).columns[0].kind == "category"
    with pytest.raises(DataError, match=r"t\.csv:21: column 'age': expected a number, got 'old'"):
        read_features(path, feature_names=["age"])


def test_fault_40_a_word_in_the_rows_to_predict_for(write):
    encoding = fit(write("age,y\n1,0\n2,1\n3,1\n"))
    later = read_features(write("age\n5\nold\n", "later.csv"), ["age"], frame=True)
    with pytest.raises(DataError, match=r"later\.csv:3: column 'age': expected a number, got 'o"):
        encoding.transform(later)


def test_fault_40_a_word_among_dates(write):
    rows = "".join(f"2026-01-{row:02},{row % 2}\n" for row in range(1, 20))
    with pytest.raises(DataError, match=r"t\.csv:21: .* a date, as in 95 % of the rows, "):
        fit(write(f"day,y\n{rows}2026-02-30,1\n"))


def test_fault_40_a_decimal_comma(write):
    path = write("x;y\n1,5;0\n2;1\n3,25;1\n")
    with pytest.raises(DataError) as caught:
        fit(path)
    error = caught.value
    assert (error.line, error.value, error.options) == (2, "1,5", {"decimal": ","})
    assert load(path, decimal=",").X.tolist() == [[1.5], [2], [3.25]]


def test_fault_41_byte_order_marks(write):
    for encoding in ("utf-8-sig", "utf-16", "utf-32"):
        data = load(write("x,y\n1,nö\n2,yes\n".encode(encoding)))
        assert (data.feature_names, data.classes) == (("x",), ("nö", "yes"))


def test_fault_42_one_row_is_enough_to_predict_for(write):
    path = write("x,town,y\n1,Rome,2\n")
    assert read_features(path, ["x"]).tolist() == [[1]]
    assert read_features(path, ["town"], frame=True)["town"].tolist() == ["Rome"]
    with pytest.raises(DataError, match=r"^X: 1 sample, at least 2 are needed"):
        TablePreprocessor().fit({"x": [1]})


def test_fault_43_duplicate_columns(tmp_path):
    twice = pyarrow.table([[1, 2], [3, 4], [5, 6]], names=["x", "x", "y"])
    parquet.write_table(twice, tmp_path / "t.parquet")
    with pytest.raises(DataError, match=r"t\.parquet: column 'x' occurs 2 times; column names m"):
        load(tmp_path / "t.parquet")
    with pytest.raises(DataError, match=r"^X: column 'x' occurs 2 times"):
        TableEncoding.fit(twice)


def test_fault_44_no_target(write):
    path = write("height,weight\n1,2\n3,4\n")
    with pytest.raises(DataError, match=r"the columns are height, weight$") as caught:
        load(path)
    assert (caught.value.argument, caught.value.path, caught.value.value) == ("target", path, "y")
    with pytest.raises(ArgumentError, match=r"^target: name .*; the columns are height, weight$"):
        load_dataset(path)


def test_fault_46_a_compressed_table(write, monkeypatch):
    packed = gzip.compress(b"x,y\n" + b"1,no\n2,yes\n" * 50)
    assert load(write(packed, "t.csv.gz")).n_samples == 100
    with pytest.raises(DataError, match="truncated, the gzip data end too early"):
        load(write(packed[:-9], "t.csv.gz"))
    monkeypatch.setenv("BARENET_MEMORY", "4MB")
    with pytest.raises(DataError, match="more than 1 MB of data would take about 4 MB of "):
        load(write(gzip.compress(b"x,y\n" + b"1,2\n" * 1_000_000)))


def test_fault_46_a_parquet_bomb(tmp_path, monkeypatch):
    monkeypatch.setenv("BARENET_MEMORY", "4MB")
    path = tmp_path / "t.parquet"
    parquet.write_table(pyarrow.table({"x": np.zeros(10**6), "y": np.zeros(10**6)}), path)
    with pytest.raises(DataError, match="1,000,000 rows of 2 columns would take"):
        load(path)


def test_fault_47_an_unclosed_quote(write):
    with pytest.raises(DataError, match=r"t\.csv:3: a quote that opens here is not closed as it"):
        load(write('x,y\n1,no\n"2,yes\n3,no\n'))

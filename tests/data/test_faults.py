"""Tables that cannot be used, case by case, as users of `load_table` meet them."""

import numpy as np
import pyarrow
import pytest
from pyarrow import parquet

from barenet import TableEncoding, TablePreprocessor, load_dataset
from barenet.data._table_loading import load_table, read_samples
from barenet.errors import ArgumentError, DataError


def load(path, **options):
    return load_table(path, "y", **options)


def fit(path, **options):
    """Load a table, and fit the encoding of every column, as for training."""
    return TableEncoding.fit(load_table(path, "y", frame=True).X, **options)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ("x,y\n1,2\n", "1 row, at least 2 are needed"),
        ('"a\nb",c\n1,2\n', r"no column y; the columns are a\nb, c"),
        ("y\n1\n2\n", "'y' is the only column left; there is nothing to learn it from"),
        ("x,y\n1,p\n2,p\n", "column 'y' holds 'p' in every row"),
    ],
)
def test_fault_42_promise_17_tables_without_usable_columns(write, data, problem):
    path = write(data)
    with pytest.raises(DataError) as caught:
        load(path)
    assert (caught.value.path, caught.value.problem) == (path, problem)


def test_fault_40_text_in_a_numeric_column(write):
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
        read_samples(path, feature_names=["age"])


def test_fault_40_text_in_a_numeric_column_of_new_rows(write):
    encoding = fit(write("age,y\n1,0\n2,1\n3,1\n"))
    later = read_samples(write("age\n5\nold\n", "later.csv"), ["age"], frame=True).X
    with pytest.raises(DataError, match=r"later\.csv:3: column 'age': expected a number, got 'o"):
        encoding.transform(later)


def test_fault_42_one_row_can_be_predicted(write):
    path = write("x,town,y\n1,Rome,2\n")
    assert read_samples(path, ["x"]).X.tolist() == [[1]]
    assert read_samples(path, ["town"], frame=True).X["town"].tolist() == ["Rome"]
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


def test_fault_46_a_parquet_bomb(tmp_path, monkeypatch):
    monkeypatch.setenv("BARENET_MEMORY", "4MB")
    path = tmp_path / "t.parquet"
    parquet.write_table(pyarrow.table({"x": np.zeros(10**6), "y": np.zeros(10**6)}), path)
    with pytest.raises(DataError, match="1,000,000 rows of 2 columns would take"):
        load(path)
